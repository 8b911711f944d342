"""The file of a part: written group by group, and read again."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ledger.archive.queries.parts import RollKey
from ledger.archive.queries.rolls import Candidate
from ledger.archive.rules.manifests import Manifest
from ledger.archive.rules.parquet import rolls_of, table_of, writer
from ledger.archive.rules.rolls import ArchivedRoll
from ledger.archive.steps.places import Place
from ledger.errors import Refused

GROUP_BYTES = 2 << 20
"""Of rolls, of which one group is: some 50,000 windows, which is what a look at one reads."""

GROUPS_MAX = 64
"""Of a part: some three million windows, which one transaction takes out of the database."""


_WRONG = (OSError, KeyError, TypeError, IndexError, OverflowError, pa.ArrowException)
"""What reading a file that somebody changed ends with, besides `ValueError`."""


@dataclass(frozen=True)
class Limits:
    """How large groups and parts are."""

    group_bytes: int = GROUP_BYTES
    groups: int = GROUPS_MAX


USUAL = Limits()


@dataclass
class Content:
    """What a file holds, counted while it is written."""

    rolls: int = 0
    batches: int = 0
    windows: int = 0
    leaves: dict[RollKey, bytes] = field(default_factory=dict)

    def add(self, roll: ArchivedRoll, leaves: bytes) -> None:
        """Count a roll."""
        self.rolls += 1
        self.batches += roll.batches
        self.windows += roll.windows
        self.leaves[roll.stream, roll.first] = leaves


def write_part(
    place: Place, name: str, candidates: Iterable[Candidate], limits: Limits
) -> Content | None:
    """Write rolls into a new file, as many as fit into one part; None: there are none.

    Raises:
        Busy: the place does not take them (`archive_away`).
    """
    groups = _groups_of(candidates, limits.group_bytes)
    first = next(groups, None)
    if first is None:
        return None
    content = Content()
    with place.create(name) as sink, writer(sink) as file:
        for _ in range(limits.groups):
            file.write_table(table_of([candidate.roll for candidate in first]))
            for candidate in first:
                content.add(candidate.roll, candidate.leaves)
            first = next(groups, None)
            if first is None:
                break
    return content


def _groups_of(candidates: Iterable[Candidate], most: int) -> Iterator[list[Candidate]]:
    group: list[Candidate] = []
    size = 0
    for candidate in candidates:
        group.append(candidate)
        size += candidate.roll.size
        if size >= most:
            yield group
            group, size = [], 0
    if group:
        yield group


class PartFile:
    """A part's file, open."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self._file.num_row_groups)

    def rolls(self, group: int, firsts: Collection[int] | None = None) -> list[ArchivedRoll]:
        """Return the rolls of a group, all or those that begin with these numbers.

        Raises:
            ValueError: the file is not what was written.
        """
        try:
            table = self._file.read_row_group(group)
            if firsts is not None:
                first_numbers = pa.array(sorted(firsts), pa.int64())
                table = table.filter(pc.is_in(table["first"], first_numbers))
            return list(rolls_of(table))
        except _WRONG as error:
            raise ValueError(str(error)) from error


@contextmanager
def open_part(place: Place, name: str) -> Iterator[PartFile]:
    """Open a part's file.

    Raises:
        Busy: the place is not there (`archive_away`).
        Refused: the file is missing or is no Parquet file (`archive_file`).
    """
    with place.open(name) as source:
        try:
            file = pq.ParquetFile(source)
        except (OSError, ValueError) as error:
            raise Refused("archive_file", file=name) from error
        with file:
            yield PartFile(file)


def is_as_written(place: Place, manifest: Manifest) -> bool:
    """Whether a part's file is as its manifest says.

    Raises:
        Busy: the place is not there (`archive_away`).
    """
    try:
        return place.digest(manifest.file) == (manifest.bytes, manifest.sha256)
    except (OSError, Refused):
        return False
