"""Places in the WAL, and the names of its objects in the store.

    wal/00000001/00000000/000000A3-0000000A3004F1B8-20261201T042000.123456Z

is timeline 1, log 0, segment 163 up to this place. Where the segment is not at its end, the moment
says by the database's clock what it holds: all that was committed before. Of one segment that
reaches furthest counts; the others go.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

FOLDER = "wal"
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(
    rf"{FOLDER}/([0-9A-F]{{8}})/([0-9A-F]{{8}})/([0-9A-F]{{8}})-([0-9A-F]{{16}})"
    r"-(\d{8}T\d{6}\.\d{6}Z|)"
)


@dataclass(frozen=True)
class Wal:
    """A segment in the store, up to `end`.

    Attributes:
        timeline: of the server; a recovered one begins another.
        log: the upper half of its places.
        number: of the segment in its log.
        end: the place up to which it goes, in bytes of all WAL.
        through: what was committed before this moment is in the WAL up to `end`; None says nothing.
    """

    timeline: int
    log: int
    number: int
    end: int
    through: datetime | None = None

    @property
    def name(self) -> str:
        """Return its name in the store."""
        stamp = f"{self.through.astimezone(UTC):{_STAMP}}" if self.through else ""
        return f"{self.folder}/{self.number:08X}-{self.end:016X}-{stamp}"

    @property
    def folder(self) -> str:
        """Return the folder of its name: that of a log, which has a few hundred segments."""
        return log_folder(self.timeline, self.log)

    @property
    def file(self) -> str:
        """Return what PostgreSQL calls the segment."""
        return f"{self.timeline:08X}{self.log:08X}{self.number:08X}"

    def start(self, size: int) -> int:
        """Return the place where the segment begins, for segments of this size."""
        return (self.log << 32) + self.number * size

    def is_whole(self, size: int) -> bool:
        """Return whether it reaches the segment's end."""
        return self.end == self.start(size) + size


def log_folder(timeline: int, log: int) -> str:
    """Return the folder of a log's segments."""
    return f"{FOLDER}/{timeline:08X}/{log:08X}"


def at(timeline: int, place: int, size: int, through: datetime | None = None) -> Wal:
    """Return the segment that reaches up to a place, which is not the very beginning."""
    start = (place - 1) // size * size
    return Wal(timeline, start >> 32, (start & 0xFFFFFFFF) // size, place, through)


def segment_of(place: int, size: int) -> int:
    """Return where the segment begins that a place is in."""
    return place // size * size


def parse(name: str) -> Wal | None:
    """Return what a name says; None where it is no WAL's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    timeline, log, number, end = (int(part, 16) for part in match.groups()[:4])
    stamp = match[5]
    through = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) if stamp else None
    return Wal(timeline, log, number, end, through)


def furthest(names: Iterable[str]) -> list[Wal]:
    """Return of each segment the object that reaches furthest, in the order of the WAL."""
    best = dict[tuple[int, int, int], Wal]()
    for wal in filter(None, map(parse, names)):
        key = (wal.timeline, wal.log, wal.number)
        if key not in best or _reach(best[key]) < _reach(wal):
            best[key] = wal
    return [best[key] for key in sorted(best)]


def _reach(wal: Wal) -> tuple[int, bool, datetime]:
    return wal.end, wal.through is not None, wal.through or datetime.min.replace(tzinfo=UTC)


def chain(wals: Iterable[Wal], timeline: int, place: int, size: int) -> Iterator[Wal]:
    """Yield the segments that follow one another from the one at a place on, up to a gap.

    Args:
        wals: in the order of the WAL.
        timeline: of the base.
        place: the beginning of the first segment.
        size: of a segment, in bytes.
    """
    for wal in wals:
        if wal.timeline != timeline or wal.start(size) < place:
            continue
        if wal.start(size) > place:
            return
        yield wal
        if not wal.is_whole(size):
            return
        place = wal.end


def lsn(place: int) -> str:
    """Return a place as PostgreSQL writes it."""
    return f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"


def place_of(text: str) -> int:
    """Return the place that PostgreSQL writes so."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)
