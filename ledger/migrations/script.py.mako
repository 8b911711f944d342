"""${message}

A step runs while the version before it may still be serving: first add what is nullable, fill it
in batches, then enforce. `oldest` is the revision of the oldest program that may serve on what the
step leaves: a step that only adds keeps that of the step before, one that takes something away, a
release later, names the first program which does without it. A step never rewrites or deletes what a clerk has been shown. `upgrade` sets
lock and statement timeouts; don't raise them here.
"""
<%text># There is no downgrade: a mistake is mended by the next step, a lost database by its backup.</%text>

import sqlmodel  # noqa: F401 - Alembic writes sqlmodel's column types without importing it

from ledger.migrations import run_sql
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
oldest = "0001"  # see above


def upgrade() -> None:
    ${upgrades if upgrades else f'run_sql("{up_revision}.sql")'}
