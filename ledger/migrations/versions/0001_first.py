"""The whole schema: every file under `sql/`, in the order of their numbers."""

from ledger.migrations import SQL, run_sql

revision = "0001"
down_revision = None
oldest = "0001"


def upgrade() -> None:
    for file in sorted(SQL.rglob("*.sql"), key=lambda file: file.name):
        run_sql(str(file.relative_to(SQL)))
