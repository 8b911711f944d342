"""Restore a dump into an empty database: the whole of it in one transaction, or nothing."""

from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from ledger.errors import Unusable
from ledger.formats.sealing import unseal
from ledger.postgres.database import Database, ensure_app_role, migrations
from ledger.postgres.dump.make import count_rows
from ledger.postgres.dump.manifest import DUMP, Manifest, read
from ledger.postgres.dump.programs import load, read_pieces


def restore(database: Database, dump: Path, *, key: bytes | None = None) -> Manifest:
    """Restore, and count the rows afterwards.

    The dump is checked first, every byte of it; the database is not touched before.

    Raises:
        Unusable: the dump is not whole, was changed or is another program's; the database is not
            empty; or it was not restored, and then it is empty still.
    """
    manifest = read(dump, key)
    _refuse_newer(manifest)
    engine = database.owner_engine()
    with engine.begin() as connection:
        if tables := count_rows(connection):
            raise Unusable("dump_not_empty", count=len(tables))
        ensure_app_role(connection, database)
    with (dump / DUMP).open("rb") as file:
        load(database.owner_url, unseal(file, key or b"") if manifest.sealed else read_pieces(file))
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        rows = count_rows(connection)
    if rows != dict(manifest.rows):
        wrong = sorted(t for t in {*rows, *manifest.rows} if rows.get(t) != manifest.rows.get(t))
        raise Unusable("dump_other_rows", tables=", ".join(wrong))
    return manifest


def _refuse_newer(manifest: Manifest) -> None:
    scripts = ScriptDirectory.from_config(migrations())
    try:
        revision = scripts.get_revision(manifest.revision)
    except CommandError:
        revision = None
    if revision is None:
        raise Unusable("dump_newer", revision=manifest.revision, program=manifest.program)
