"""The spine: registry, metering, books, doors."""

from ledger.migrations import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for name in ("registry", "metering", "books", "doors"):
        run_sql(f"0001_{name}.sql")
