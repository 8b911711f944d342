"""The whole schema: every file of `sql/`, in the order of their numbers."""

from ledger.migrations import SQL, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for file in sorted(SQL.glob("*.sql")):
        run_sql(file.name)
