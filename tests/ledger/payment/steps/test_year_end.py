"""The end of an indicator's year: what was not paid waits for the next one's money."""

from datetime import datetime

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.errors import Conflict, Refused
from ledger.payment.queries import payment_lists as payment
from ledger.payment.steps.year_end import close_year
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from tests.support.payments import CASHIER, NOW, TODAY, Treasury

JANUARY = NOW.replace(year=2027, month=1)


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    treasury.indicator(2_000, "Z2", 2027)
    for code, fen in (("p1", 600), ("p2", 300)):
        treasury.project(code, fen)
        treasury.claim(code, fen, f"claim of {code}")
    return treasury


def year_end(
    treasury: Treasury,
    now: datetime = JANUARY,
    number: str = "Z2",
    year: int = 2027,
    *,
    recalled: bool = True,
) -> int:
    with Session(treasury.engine) as db, db.begin():
        decision = close_year(
            db,
            indicator=payment.indicator(db, "Z1", 2026),
            new_indicator=payment.indicator(db, number, year),
            recalled=recalled,
            reason="年末",
            actor=CASHIER.actor,
            now=now,
        )
        return key(decision)


def confirm(treasury: Treasury, decision: int) -> None:
    with Session(treasury.engine) as db, db.begin():
        treasury.answer(db, db.get_one(Decision, decision), now=JANUARY)


def test_open_lines_come_back_and_the_rest_is_surrendered(treasury: Treasury) -> None:
    treasury.send()
    treasury.bank(f"a,ZF-2026-0001,1,成功,4.00,{TODAY},", f"b,ZF-2026-0001,2,成功,3.00,{TODAY},")
    decision = year_end(treasury)
    assert treasury.money() == {"free": 100, "committed": 200, "spent": 700}
    confirm(treasury, decision)
    assert treasury.money() == {"spent": 700, "returned": 300}
    assert (treasury.rights("p1").payable, treasury.rights("p1").sent) == (200, 0)
    assert (treasury.state("claim of p1"), treasury.state("claim of p2")) == ("approved", "paid")
    number = treasury.make(number="Z2", year=2027)
    assert number == "ZF-2027-0001"
    treasury.confirm(number, now=JANUARY.replace(month=11))
    assert treasury.money("Z2", 2027) == {"free": 1_800, "committed": 200}


def test_a_late_payment_is_spent_from_what_was_surrendered(treasury: Treasury) -> None:
    treasury.send()
    confirm(treasury, year_end(treasury))
    back = treasury.money()["returned"]
    assert treasury.bank(f"a,ZF-2026-0001,1,成功,6.00,{TODAY},").waiting == 1
    treasury.rule("a", "accept")
    assert treasury.money() == {"returned": back - 600, "spent": 600}
    assert treasury.state("claim of p1") == "paid"


def test_a_year_does_not_end_over_a_row_that_waits(treasury: Treasury) -> None:
    treasury.send()
    treasury.bank(f"a,ZF-2026-0001,1,退回,6.00,{TODAY},")
    with pytest.raises(Refused, match="bank_rows_wait"):
        year_end(treasury)


def test_a_line_that_was_settled_meanwhile_takes_a_new_decision(treasury: Treasury) -> None:
    treasury.send()
    decision = year_end(treasury)
    treasury.bank(f"a,ZF-2026-0001,1,成功,6.00,{TODAY},")
    with pytest.raises(Conflict, match="year_end_changed"):
        confirm(treasury, decision)


def test_a_year_does_not_end_over_a_list_that_waits(treasury: Treasury) -> None:
    treasury.make()
    with pytest.raises(Refused, match="list_waits"):
        year_end(treasury)


def test_the_new_year_is_a_later_one_and_a_year_ends_once(treasury: Treasury) -> None:
    with pytest.raises(Refused, match="not_later_year"):
        year_end(treasury, number="Z1", year=2026)
    confirm(treasury, year_end(treasury))
    assert treasury.money() == {"returned": 1_000}
    with pytest.raises(Refused, match="nothing_to_close"):
        year_end(treasury)


def test_what_the_bank_may_still_pay_is_not_owed_again(treasury: Treasury) -> None:
    """A late payment and the new year's list would pay the same claim twice."""
    treasury.send()
    with pytest.raises(Refused, match="lines_at_bank"):
        year_end(treasury, recalled=False)
