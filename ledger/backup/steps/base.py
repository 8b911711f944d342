"""Make a base backup: the server's files, at a moment from which WAL leads on."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import psycopg

from ledger.backup.queries.source import (
    BASE_LOCK,
    Source,
    clock,
    connection_to,
    ensure_slot,
    source_of,
    take,
)
from ledger.backup.rules.bases import Base, folder_of, manifest_of, number_at
from ledger.backup.rules.keys import WriteKey
from ledger.backup.rules.sealed import seal_object
from ledger.backup.steps.programs import BaseStream
from ledger.backup.steps.stores import Store
from ledger.errors import Busy, Unusable


def make_base(url: str, store: Store, key: WriteKey) -> Base:
    """Make one; return it when all of it is in the store.

    The slot stands before, so that the WAL which follows is there for `store_wal`.

    Args:
        url: of a login that may replicate.
        store: where it goes.
        key: the server's.

    Raises:
        Busy: another one is being made, or old ones are being removed (`backup_busy`); the server
            or the store is away.
        Unusable: as `source_of`, `ensure_slot` and pg_basebackup say.
    """
    with locked(url) as connection:
        source = source_of(connection)
        ensure_slot(connection)
        number = number_at(clock(connection))
        if store.names(folder_of(number)):
            raise Busy("backup_busy")
        return _store(connection, source, store, key, number=number, stream=BaseStream(url))


@contextmanager
def locked(url: str) -> Iterator[psycopg.Connection]:
    """Hold the lock of bases. Raises Busy (`backup_busy`)."""
    with connection_to(url) as connection:
        if not take(connection, BASE_LOCK):
            raise Busy("backup_busy")
        yield connection


def _store(
    connection: psycopg.Connection,
    source: Source,
    store: Store,
    key: WriteKey,
    *,
    number: str,
    stream: BaseStream,
) -> Base:
    name = f"{folder_of(number)}/base.sealed"
    size = store.write(name, seal_object(name, stream.pieces(), key))
    if stream.timeline != source.timeline:
        raise Unusable("backup_timeline", have=stream.timeline, want=source.timeline)
    base = Base(
        number=number, system=source.system, timeline=stream.timeline,
        start=stream.start, end=stream.end, ended_at=clock(connection).isoformat(),
        postgres=source.major, segment=source.segment, program=version("suanquan"),
        database=source.database, admin=source.admin, owner=source.owner, size=size,
    )  # fmt: skip
    store.write(manifest_of(number), [base.manifest(key.sign)])
    return base
