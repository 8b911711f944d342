"""What money rests on is not rewritten in silence, whatever SQL the application's role sends."""

from typing import Any

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.reconciliation import Desk, bill
from tests.support.town import Town


@pytest.fixture
def month(metered_town: Town) -> None:
    """10,000 fen in March, metered and invoiced."""
    Desk(metered_town).take(bill(1, 10_000))


def history(owner: psycopg.Connection) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT relation, act, coalesce(row ->> 'cost_fen', row ->> 'fen')::bigint, replaced_by"
        " FROM history ORDER BY id"
    ).fetchall()


def test_what_a_charge_or_an_allocation_said_is_kept(
    database: Database, owner: psycopg.Connection, month: None
) -> None:
    login = psycopg.conninfo.conninfo_to_dict(database.app_url)["user"]
    assert history(owner) == []
    for statement in (
        "UPDATE charges SET cost_fen = 1",
        "UPDATE charges SET cost_fen = 20000",
        "UPDATE charges SET cost_fen = 20000",  # the same again is no change
        "UPDATE charges SET policy = 'mine'",
        "DELETE FROM charges",
        "UPDATE allocations SET fen = 5",
        "DELETE FROM allocations",
    ):
        assert attempt(database, statement) is None, statement
    assert history(owner) == [
        ("charges", "UPDATE", 10_000, login),
        ("charges", "UPDATE", 1, login),
        ("charges", "UPDATE", 20_000, login),
        ("charges", "DELETE", 20_000, login),
        ("allocations", "UPDATE", 10_000, login),
        ("allocations", "DELETE", 5, login),
    ]


def test_only_the_growth_of_a_month_that_is_not_over_is_no_news(
    database: Database, owner: psycopg.Connection, month: None
) -> None:
    owner.execute("UPDATE charges SET month = date_trunc('month', now() + interval '8 hours')")
    before = len(history(owner))
    assert attempt(database, "UPDATE charges SET cost_fen = cost_fen + 1") is None
    assert len(history(owner)) == before
    assert attempt(database, "UPDATE charges SET cost_fen = cost_fen - 1") is None
    assert len(history(owner)) == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO history (relation, row, act) VALUES ('charges', '{}', 'UPDATE')",
        "UPDATE history SET row = '{}'",
        "DELETE FROM history",
        "UPDATE day_totals SET held = 1",
        "UPDATE coverage SET gap_ms = 0",
        "INSERT INTO day_totals SELECT * FROM day_totals",
        "INSERT INTO coverage SELECT * FROM coverage",
        "DELETE FROM day_totals",
    ],
)
def test_the_past_and_the_totals_are_the_owners(
    database: Database, month: None, statement: str
) -> None:
    assert attempt(database, statement) is errors.InsufficientPrivilege
