"""Make a dump: one consistent view of the whole database, into a folder of its own.

It grows in a folder `….part` and gets its name when everything is on disk; so whatever has the name
of a dump is one, and what a crash left behind goes with the next. A lock keeps two from working
on one place.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from ledger.errors import Unusable
from ledger.formats.disk import flush
from ledger.formats.sealing import seal
from ledger.postgres.citus import hold_packing
from ledger.postgres.database import Database, check_revision
from ledger.postgres.dump.manifest import DUMP, MANIFEST, Manifest
from ledger.postgres.dump.programs import dump

PART = ".part"
NAME = re.compile(r"suanquan-\d{8}T\d{6}Z")
_TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


def make(
    database: Database,
    place: Path,
    now: datetime,
    *,
    key: bytes | None = None,
    keep: int | None = None,
) -> Path:
    """Make one dump in a place; return its folder.

    Args:
        database: by its owner's URL.
        place: the folder of all dumps; made when absent.
        now: what it is called after.
        key: seals it.
        keep: of the dumps in this place the newest so many stay.

    Raises:
        Unusable: the place cannot be written, or another one is at it; the database cannot be read
            or has another schema than this program.
    """
    folder = place / f"suanquan-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        with _alone(place):
            if folder.exists():
                raise Unusable("dump_exists", path=folder)
            part = folder.with_name(folder.name + PART)
            part.mkdir(mode=0o700)
            _fill(database, part, now, key)
            part.rename(folder)
            flush(place)
            _thin(place, keep)
    except OSError as error:
        path = error.filename or place
        raise Unusable("dump_place", path=path, detail=error.strerror) from error
    return folder


def dumps(place: Path) -> list[Path]:
    """Every whole dump in a place, oldest first."""
    return sorted(f for f in place.iterdir() if NAME.fullmatch(f.name) and (f / MANIFEST).is_file())


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the place, and clear what a crash left there."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unusable("dump_busy", path=place) from error
        for part in place.glob(f"suanquan-*{PART}"):
            shutil.rmtree(part)
        yield
    finally:
        os.close(handle)


def _fill(database: Database, part: Path, now: datetime, key: bytes | None) -> None:
    engine = database.owner_engine()
    check_revision(engine)
    with (
        hold_packing(engine),
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
    ):
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = str(connection.scalar(sa.text("SELECT pg_export_snapshot()")))
        pieces = dump(database.owner_url, snapshot)
        size, digest = _write(part / DUMP, seal(pieces, key) if key else pieces)
        manifest = Manifest(
            made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            program=version("suanquan"),
            postgres=int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000,
            revision=str(connection.scalar(sa.text("SELECT version_num FROM alembic_version"))),
            sealed=key is not None,
            size=size,
            sha256=digest,
            rows=count_rows(connection),
        )
    path = manifest.write(part, key)
    for target in (path, part):
        flush(target)


def count_rows(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = list(connection.scalars(sa.text(_TABLES)))
    return {t: connection.scalar(sa.text(f"SELECT count(*) FROM {t}")) or 0 for t in tables}


def _write(path: Path, pieces: Iterator[bytes]) -> tuple[int, str]:
    """Write a new file that only we can read; its length and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _thin(place: Path, keep: int | None) -> None:
    """Remove all but the newest; one that is half removed is no dump any more."""
    for old in dumps(place)[:-keep] if keep else []:
        part = old.rename(old.with_name(old.name + PART))
        shutil.rmtree(part)
