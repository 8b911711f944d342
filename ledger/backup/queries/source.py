"""The server that is backed up, asked with a login that may replicate and need read no table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg

from ledger.backup.rules.wal import lsn, place_of
from ledger.errors import Busy, Unusable
from ledger.postgres.connections import PATIENCE, address

SLOT = "suanquan_backup"
BASE_LOCK, WAL_LOCK = "suanquan.backup.base", "suanquan.backup.wal"
_STATE = b"""
    SELECT system_identifier::text, timeline_id, pg_size_bytes(current_setting('wal_segment_size')),
        current_setting('server_version_num')::int / 10000, current_database()::text,
        (SELECT rolname::text FROM pg_roles WHERE oid = 10),
        (SELECT r.rolname::text FROM pg_roles r JOIN pg_database d ON d.datdba = r.oid
         WHERE d.datname = current_database()),
        (SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global'))
    FROM pg_control_system(), pg_control_checkpoint()
"""
_SLOT = b"SELECT restart_lsn::text, wal_status FROM pg_replication_slots WHERE slot_name = %s"
_CREATE = b"SELECT pg_create_physical_replication_slot(%s, true)"
_DROP = b"SELECT pg_drop_replication_slot(%s)"
_ADVANCE = b"SELECT pg_replication_slot_advance(%s, %s::pg_lsn)"
_PATIENCE = b"SET lock_timeout = '5s'"  # a session whose process died lasts for a moment
_LOCK = b"SELECT pg_advisory_lock(hashtextextended(%s, 0))"
_NOW = b"SELECT clock_timestamp()"
# The clock first: what was committed before it precedes the place that is read after it.
_FLUSHED = b"""
    SELECT m, pg_current_wal_flush_lsn()::text FROM (SELECT clock_timestamp() AS m OFFSET 0) c
"""
_BOUND = b"SELECT current_setting('max_slot_wal_keep_size')"
_UNBOUND = "-1"


@dataclass(frozen=True)
class Source:
    """What a server says about itself.

    Attributes:
        system: PostgreSQL's number of it.
        timeline: the one it is on.
        segment: bytes of a WAL segment.
        major: its version.
        database: its name.
        admin, owner: the roles of the first superuser and of the database's owner.
    """

    system: str
    timeline: int
    segment: int
    major: int
    database: str
    admin: str
    owner: str


@contextmanager
def connection_to(url: str) -> Iterator[psycopg.Connection]:
    """Connect for a backup. Raises Busy (`backup_source`) where that cannot be."""
    words = {**PATIENCE, **address(url), "application_name": "suanquan backup"}
    try:
        connection = psycopg.connect(**words, autocommit=True)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        raise Busy("backup_source", detail=str(error).strip()) from error
    with connection:
        yield connection


def source_of(connection: psycopg.Connection) -> Source:
    """Return what the server is. Raises Unusable (`backup_tablespaces`): files lie elsewhere."""
    row = connection.execute(_STATE).fetchone() or ()
    *values, tablespaces = row
    if tablespaces:
        raise Unusable("backup_tablespaces", count=tablespaces)
    return Source(*values)


def take(connection: psycopg.Connection, lock: str) -> bool:
    """Take a lock for as long as the connection lasts; False where another one has it."""
    connection.execute(_PATIENCE)
    try:
        connection.execute(_LOCK, (lock,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def clock(connection: psycopg.Connection) -> datetime:
    """Return the server's moment."""
    moment = _one(connection, _NOW)
    assert isinstance(moment, datetime)  # noqa: S101 - as the query says
    return moment


def flushed(connection: psycopg.Connection) -> tuple[datetime, int]:
    """Return a moment, and a place in the WAL which all that was committed before it precedes."""
    moment, place = connection.execute(_FLUSHED).fetchone() or (None, "")
    assert isinstance(moment, datetime)  # noqa: S101 - as the query says
    return moment, place_of(str(place))


def slot_place(connection: psycopg.Connection) -> int | None:
    """Return from which place on the slot keeps WAL; None: there is none, or it was let go."""
    row = connection.execute(_SLOT, (SLOT,)).fetchone()
    if row is None or row[0] is None or row[1] == "lost":
        return None
    return place_of(str(row[0]))


def ensure_slot(connection: psycopg.Connection) -> int:
    """Return the place of the slot, which is made where there is none or it lost its WAL.

    Raises:
        Unusable: the server would keep WAL for it without a bound (`backup_unbound`), so that a
            store that is away could fill its disk.
    """
    place = slot_place(connection)
    if place is not None:
        return place
    if _one(connection, _BOUND) == _UNBOUND:
        raise Unusable("backup_unbound")
    if connection.execute(_SLOT, (SLOT,)).fetchone() is not None:
        connection.execute(_DROP, (SLOT,))
    connection.execute(_CREATE, (SLOT,))
    return slot_place(connection) or 0


def advance(connection: psycopg.Connection, place: int) -> None:
    """Let the server drop the WAL before a place, which is in the store now."""
    connection.execute(_ADVANCE, (SLOT, lsn(place)))


def _one(connection: psycopg.Connection, query: bytes, *values: object) -> object:
    return (connection.execute(query, values or None).fetchone() or (None,))[0]
