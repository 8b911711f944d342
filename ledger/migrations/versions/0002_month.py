"""The month: from charges to cash."""

from ledger.migrations import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name in (
        "decisions",
        "parties",
        "lines",
        "documents",
        "reconcile",
        "books",
        "claims",
        "payment",
        "policy",
    ):
        run_sql(f"0002_{name}.sql")
