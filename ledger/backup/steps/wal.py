"""Bring the WAL that is new into the store, segment after segment, and let the server drop it.

The slot is moved on only when an object is in the store. So whatever dies in between, the next
round finds the WAL still there; and where the store is away for long the server drops it in the end
(`max_slot_wal_keep_size`), which leaves a gap that is named, and no full disk.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from ledger.backup.queries.source import (
    WAL_LOCK,
    Source,
    advance,
    connection_to,
    ensure_slot,
    flushed,
    source_of,
    take,
)
from ledger.backup.rules.keys import WriteKey
from ledger.backup.rules.sealed import seal_object
from ledger.backup.rules.wal import Wal, at, parse, segment_of
from ledger.backup.steps.programs import receive
from ledger.backup.steps.stores import Store

AT_ONCE = 8
"""Segments that are fetched at a time: what lies on this machine's disk meanwhile."""

_SPOOL = "wal."


@dataclass(frozen=True)
class Progress:
    """How far the store is.

    Attributes:
        through: what was committed before is in the store.
        place: up to which place.
        objects: how many were written now.
    """

    through: datetime
    place: int
    objects: int


def store_wal(url: str, store: Store, key: WriteKey, spool: Path) -> Progress | None:
    """Store what is new by now; None where another one is at it.

    Args:
        url: of a login that may replicate.
        store: where it goes.
        key: the server's.
        spool: a folder of this machine, in which some segments lie for a moment.

    Raises:
        Busy: the server or the store is away.
        Unusable: as `source_of`, `ensure_slot` and pg_receivewal say.
    """
    with connection_to(url) as connection:
        if not take(connection, WAL_LOCK):
            return None
        _clear(spool)
        delivery = _Delivery(connection, source_of(connection), store, key)
        size = delivery.source.segment
        place, objects = ensure_slot(connection), 0
        through, target = flushed(connection)
        while place < target:
            until = min(target, segment_of(place, size) + AT_ONCE * size)
            wals = _wals(delivery.source, place, until, through if until == target else None)
            with TemporaryDirectory(prefix=_SPOOL, dir=spool) as folder:
                receive(url, Path(folder), wals[0].file, until)
                for wal in wals:
                    delivery.bring(Path(folder), wal)
            place, objects = until, objects + len(wals)
        return Progress(through, place, objects)


def _clear(spool: Path) -> None:
    """Make the folder, and remove from it what a round that died left there."""
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    for remains in spool.glob(f"{_SPOOL}*"):
        shutil.rmtree(remains)


def _wals(source: Source, place: int, until: int, through: datetime | None) -> list[Wal]:
    """Return the segments from the one of a place on; the last says the moment."""
    size = source.segment
    ends = [*range(segment_of(place, size) + size, until, size), until]
    first = [at(source.timeline, end, size) for end in ends[:-1]]
    return [*first, at(source.timeline, until, size, through)]


@dataclass(frozen=True)
class _Delivery:
    """From which server to which store."""

    connection: psycopg.Connection
    source: Source
    store: Store
    key: WriteKey

    def bring(self, folder: Path, wal: Wal) -> None:
        """Store a segment, let the server drop what precedes its end, and drop shorter ones."""
        file = folder / wal.file
        if not file.exists():
            file = file.with_name(f"{file.name}.partial")
        size = self.source.segment
        body = file.read_bytes()[: wal.end - wal.start(size)]
        content = body.ljust(size, b"\0")  # nothing beyond what the name says
        self.store.write(wal.name, [b"".join(seal_object(wal.name, [content], self.key))])
        advance(self.connection, wal.end)
        for name in self.store.names(wal.folder):
            twin = parse(name)
            if twin and twin.number == wal.number and name != wal.name and twin.end <= wal.end:
                self.store.remove(name)
