"""A claim names the months that it is of, and no month is claimed for more than it earned."""

from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.claims import queries as book
from ledger.claims.queries import claim_by_number
from ledger.claims.steps.approval import propose_approval
from ledger.errors import Refused
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import midnight
from ledger.vouchers.steps.accrue import accrue_all
from tests.support.claims import APPROVER, BUILDER, CLERK, FACTS, Office
from tests.support.simulation import START
from tests.support.town import Town

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
OVER = midnight(date(2026, 3, 7))
Months = dict[date, int]


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """Three months that earned 300, 150 and 60 yuan."""
    office = Office(engine, owner, town.project)
    for fen in (100_000, 50_000, 20_000):
        office.earn(fen)
    office.account()
    return office


def months_of(office: Office, number: str) -> Months:
    with Session(office.engine) as db:
        claim = key(claim_by_number(db, number))
        return {row.month: row.due_fen for row in book.months_of(db, [claim])[claim]}


def rest_of(office: Office) -> Months:
    with Session(office.engine) as db:
        by_contract = book.left_by_month(db, book.voucher_of(db, office.project))
        return {month: fen for (month, _), fen in by_contract.items()}


def propose(office: Office, number: str, fen: int | None = None) -> Decision:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        claim = claim_by_number(db, number)
        return propose_approval(
            db, claim, viewer_role=CLERK.role, actor=CLERK.actor, now=OVER, reason="核减", fen=fen
        )


def falls(owner: psycopg.Connection, month: date, fen: int) -> None:
    """Only so much was metered in a month; two persons have not decided the fall yet."""
    owner.execute("UPDATE charges SET cost_fen = %s WHERE month = %s", (fen, month))


def test_a_claim_is_of_the_oldest_months_that_have_something_rest_of(office: Office) -> None:
    assert rest_of(office) == {JANUARY: 30_000, FEBRUARY: 15_000, MARCH: 6_000}
    assert months_of(office, office.open(32_000)) == {JANUARY: 30_000, FEBRUARY: 2_000}
    assert rest_of(office) == {FEBRUARY: 13_000, MARCH: 6_000}
    assert months_of(office, office.open()) == {FEBRUARY: 13_000, MARCH: 6_000}


def test_the_builder_may_choose_the_months(office: Office) -> None:
    assert months_of(office, office.open(None, START, MARCH, FEBRUARY)) == {
        FEBRUARY: 15_000, MARCH: 6_000
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        office.open(None, START, MARCH)
    assert (refused.value.code, refused.value.params) == ("month_claimed", {"month": "2026-03"})
    with pytest.raises(Refused) as refused:
        office.open(30_001, START, JANUARY)
    assert refused.value.params["left"] == "300.00"


def test_a_withdrawn_claim_gives_its_months_back(office: Office) -> None:
    office.take(office.open(40_000), "withdraw", BUILDER)
    assert rest_of(office) == {JANUARY: 30_000, FEBRUARY: 15_000, MARCH: 6_000}


def test_under_the_cap_the_earliest_months_come_first(office: Office) -> None:
    office.earn(2_000_000_000)  # more than the cap
    whole = rest_of(office)
    assert [*whole] == [JANUARY, FEBRUARY, MARCH, date(2026, 4, 1)]
    with Session(office.engine) as db:
        voucher = book.voucher_of(db, office.project)
        assert sum(whole.values()) == book.claimable(db, voucher)
    office.earn(1_000)
    assert rest_of(office) == whole  # a month beyond the cap has nothing to claim


def test_a_claim_whose_month_fell_is_not_accepted_though_other_months_would_do(
    office: Office, owner: psycopg.Connection
) -> None:
    number = office.handed_in(30_000)
    falls(owner, JANUARY, 90_000)
    with pytest.raises(Refused) as refused:
        office.take(number, "accept", CLERK, facts=FACTS)
    assert refused.value.code == "months_not_earned"
    assert refused.value.params == {"asked": "300.00", "left": "270.00", "months": "2026-01"}


def test_what_is_approved_is_said_for_each_month(office: Office, owner: psycopg.Connection) -> None:
    number = office.published(40_000)
    falls(owner, JANUARY, 90_000)
    with pytest.raises(Refused, match="months_not_earned"):
        propose(office, number)
    decision = propose(office, number, 35_000)
    assert decision.content["claimed_months"] == [
        {"contract": "k1", "month": "2026-01", "fen": 27_000},
        {"contract": "k1", "month": "2026-02", "fen": 8_000},
    ]
    office.confirm(decision, APPROVER, OVER)
    assert months_of(office, number) == {JANUARY: 27_000, FEBRUARY: 8_000}


def test_a_publication_says_the_months(office: Office) -> None:
    office.published(31_000)
    with Session(office.engine) as db:
        (row,) = book.publications(db, (START + timedelta(days=1)).date())
    assert row.content["months"] == ["2026-01", "2026-02"]


def counts(office: Office, month: date, fen: int) -> None:
    """So much of a month was metered and matched, and the books follow."""
    at = {"fen": fen, "month": month}
    office.owner.execute("ALTER TABLE matches DISABLE TRIGGER USER")
    for statement in (
        "UPDATE charges SET cost_fen = %(fen)s WHERE month = %(month)s",
        "UPDATE allocations SET fen = %(fen)s WHERE month = %(month)s",
        (
            "UPDATE matches SET (metered_fen, invoiced_fen, matched_fen, held_fen) = (%(fen)s,"
            " %(fen)s, %(fen)s, %(fen)s) WHERE reconciliation_id IN"
            " (SELECT id FROM reconciliations WHERE month = %(month)s)"
        ),
    ):
        office.owner.execute(statement.encode(), at)
    office.owner.execute("ALTER TABLE matches ENABLE TRIGGER USER")
    with Session(office.engine) as db, db.begin():
        accrue_all(db, "test", START)


def test_a_fen_that_rounding_moves_to_an_earlier_month_is_still_the_claims(office: Office) -> None:
    """The whole is rounded once: 0.6 and 0.6 fen are one and none, 0.3 and 0.6 none and one."""
    counts(office, JANUARY, 1)
    counts(office, FEBRUARY, 2)
    assert rest_of(office) == {FEBRUARY: 1, MARCH: 6_000}
    number = office.published(1)
    counts(office, JANUARY, 2)
    assert rest_of(office) == {MARCH: 6_000}
    decision = propose(office, number)
    assert decision.content["claimed_months"] == [{"contract": "k1", "month": "2026-02", "fen": 1}]
    office.confirm(decision, APPROVER, OVER)
    assert office.claim(number).state == "approved"
    assert rest_of(office) == {MARCH: 6_000}


def test_a_fen_of_a_month_that_fell_is_not_paid_by_an_earlier_one(office: Office) -> None:
    counts(office, JANUARY, 1)
    counts(office, FEBRUARY, 2)
    number = office.published(1)
    counts(office, JANUARY, 2)
    falls(office.owner, FEBRUARY, 0)
    with pytest.raises(Refused, match="months_not_earned"):
        propose(office, number)
