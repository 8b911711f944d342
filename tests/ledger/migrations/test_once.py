"""What happened once stays: the application's role takes no moment back and dates none anew."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.postgres.database import APP_ROLE, Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token
from tests.support.simulation import enrolled, place
from tests.support.vouchers import place_voucher

# What the application may write again: the newest batch of a stream, a relay's queue, a GPU's
# registration, which fen of a document pay for what, how far rounds and backups are, and what is
# computed anew.
AGAIN = {
    ("streams", "sent_at"), ("streams", "received_at"), ("gpus", "retired_at"),
    ("gpus", "changed_at"), ("allocations", "allocated_at"), ("charges", "computed_at"),
    ("rounds", "finished_at"), ("relays", "waiting_since"), ("relays", "told_at"),
    ("backup_progress", "base_at"), ("backup_progress", "wal_at"),
}  # fmt: skip
ROWS = {
    "tokens": "revoked_at",
    "agents": "revoked_at",
    "reservations": "released_at",
}


@pytest.fixture
def rows(owner: psycopg.Connection, engine: sa.Engine) -> None:
    """A row of each of these tables to which it has happened."""
    place_token(owner, "clerk", "甲")
    enrolled(owner, place(owner, gpus=1))
    voucher = place_voucher(owner, engine, 100)
    owner.execute(
        "INSERT INTO reservations (voucher_id, fen, plan, until, reserved_at, reserved_by,"
        " released_at, released_by) VALUES (%s, 1, 'x', '2026-12-31', now(), 'x', now(), 'x')",
        (voucher.id,),
    )
    owner.execute("UPDATE tokens SET revoked_at = now()")
    owner.execute("UPDATE agents SET revoked_at = now()")


@pytest.mark.parametrize(("table", "column"), ROWS.items())
def test_what_has_happened_is_neither_taken_back_nor_dated_anew(
    database: Database, rows: None, table: str, column: str
) -> None:
    for value in ("NULL", "now() + interval '1 day'"):
        error = attempt(database, f"UPDATE {table} SET {column} = {value}")
        assert error is errors.RestrictViolation, value


def test_every_moment_that_the_application_writes_is_kept(owner: psycopg.Connection) -> None:
    columns = owner.execute(
        "SELECT table_name, column_name FROM information_schema.column_privileges"
        " WHERE grantee = %s AND privilege_type = 'UPDATE' AND column_name LIKE '%%\\_at'",
        (APP_ROLE,),
    ).fetchall()
    guards = owner.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname IN ('once', 'keep', 'send', 'confirmed') AND tgenabled = 'O'"
    ).fetchall()
    assert {t for t, c in columns if (t, c) not in AGAIN} <= {t for (t,) in guards}
    assert len(columns) > len(ROWS) + len(AGAIN)
