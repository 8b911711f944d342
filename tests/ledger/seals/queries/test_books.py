"""Entries, balances and numbers are computed again from the movements."""

import psycopg
import pytest

from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.queries.books import check_books
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.relations import DERIVED, RECOMPUTED
from tests.support.town import Town, voucher_of

FLIPS = {  # by the table and the key of what is then named; `1`: one row of it
    "entries": [
        "UPDATE entries SET amount = amount + 1 WHERE (role, version) = ('accrued', 1)",
        "UPDATE entries SET balance = balance + 1 WHERE (role, version) = ('accrued', 1)",
        "UPDATE entries SET movement_id = 0 WHERE (role, version) = ('accrued', 1)",
        "UPDATE entries SET version = 9 WHERE (role, version) = ('accrued', 1)",
        "DELETE FROM entries WHERE (role, version) = ('accrued', 1)",
        "INSERT INTO entries SELECT book_id, role, 2, 0, 1, 1 FROM accounts WHERE role = 'accrued'",
    ],
    "accounts": [
        "UPDATE accounts SET balance = balance + 1 WHERE role = 'accrued'",
        "UPDATE accounts SET version = version + 1 WHERE role = 'accrued'",
        "UPDATE accounts SET balance = 1 WHERE role = 'lapsed'",
        "DELETE FROM accounts WHERE role = 'accrued'",
        "UPDATE accounts SET floor = balance + 1 WHERE role = 'accrued'",
    ],
    "numbering": [
        "UPDATE numbering SET last = last + 1",
        "UPDATE postings SET number = NULL",
        "UPDATE postings SET number = number + 100",
    ],
}  # fmt: skip


@pytest.fixture
def accrued_town(metered_town: Town) -> Town:
    metered_town.accrue()
    return metered_town


def computed(owner: psycopg.Connection) -> Tally:
    tally = Tally()
    check_books(owner, tally, lambda _: None)
    return tally


def test_sound_books(owner: psycopg.Connection, accrued_town: Town) -> None:
    tally = computed(owner)
    assert tally.faults == []
    assert tally.entries == owner.execute("SELECT count(*) FROM entries").fetchone()[0] > 0  # type: ignore[index]


def test_what_is_computed_is_derived() -> None:
    assert DERIVED.keys() >= RECOMPUTED
    of_windows = {"coverage", "day_totals"}  # tests/ledger/seals/rules/recomputation
    assert FLIPS.keys() == RECOMPUTED - of_windows


@pytest.mark.parametrize("relation", FLIPS)
def test_what_differs_is_named(
    database: Database, owner: psycopg.Connection, accrued_town: Town, relation: str
) -> None:
    book = voucher_of(accrued_town).book_id
    for act in FLIPS[relation]:
        with owner.transaction(force_rollback=True):
            for table in ("entries", "accounts", "postings"):
                owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            owner.execute("ALTER TABLE accounts DROP CONSTRAINT balance_at_least_floor")
            owner.execute("ALTER TABLE entries DROP CONSTRAINT IF EXISTS entries_pkey")
            owner.execute(act.encode())
            faults = computed(owner).faults
        assert {fault.code for fault in faults} == {FaultCode.DIFFERS}, act
        assert relation in {fault.relation for fault in faults}, act
        if relation == "accounts":
            assert all(fault.key.startswith(f"[{book}, ") for fault in faults), act
    assert Fault(FaultCode.DIFFERS, "numbering", "[true]") in faults or relation != "numbering"
