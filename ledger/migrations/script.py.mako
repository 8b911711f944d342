"""${message}

A step runs while the version before it may still be serving: first add what is nullable, fill it
in batches, then enforce. It never rewrites or deletes what a clerk has been shown. `upgrade` sets
lock and statement timeouts; don't raise them here.
"""
<%text># There is no downgrade: a mistake is mended by the next step, a lost database by its backup.</%text>

import sqlmodel  # noqa: F401 - Alembic writes sqlmodel's column types without importing it

from ledger.migrations import run_sql
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else f'run_sql("{up_revision}.sql")'}
