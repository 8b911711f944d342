"""Rows that contradict the books: two persons decide, and the books follow to the fen."""

from datetime import timedelta
from fractions import Fraction

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.accounts.queries import balances, post, rights
from ledger.accounts.rules.targets import rebalance, target
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, Refused
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.vouchers.tables import Voucher
from tests.support.payments import CASHIER, NOW, TODAY, Treasury
from tests.support.vouchers import MONTH, uncaused

FIRST, SECOND = "ZF-2026-0001", "ZF-2026-0002"


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(2_000)
    treasury.project("p1", 600)
    treasury.claim("p1", 600, "SQ-1")
    treasury.send()
    return treasury


def row(reference: str, result: str, yuan: str, number: str = FIRST, day: str = str(TODAY)) -> str:
    return f"{reference},{number},1,{result},{yuan},{day},"


def books(treasury: Treasury) -> dict[str, int]:
    amounts = treasury.rights("p1")
    names = ("payable", "sent", "paid", "recoverable")
    return {name: fen for name in names if (fen := getattr(amounts, name))}


def test_taken_back_after_it_was_paid(treasury: Treasury) -> None:
    treasury.bank(row("a", "成功", "6"))
    treasury.bank(row("r", "退回", "6"))
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    treasury.rule("r", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"payable": 600}, "approved")
    assert treasury.money() == {"free": 2_000}
    assert treasury.line(FIRST) == (0, 600, 0, 0)
    assert [item.due_fen for item in treasury.queue()] == [600]
    treasury.bank(row("b", "成功", "6", treasury.send()))
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")


def test_a_made_up_return_does_not_pay_twice(treasury: Treasury) -> None:
    """One cashier alone makes nothing payable again, and the real payment is booked."""
    treasury.bank(row("made up", "退回", "6"))
    assert treasury.queue() == []
    with pytest.raises(Refused, match="claim_not_waiting"):
        treasury.make(["SQ-1"])
    assert treasury.bank(row("real", "成功", "6")).rows == 1
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    treasury.rule("made up", "reject")
    assert (books(treasury), treasury.money()) == ({"paid": 600}, {"free": 1_400, "spent": 600})


def test_one_person_does_not_decide(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    decision = treasury.propose(treasury.row_id("r"), "accept")
    with Session(treasury.engine) as db:
        digest, yes = db.get_one(Decision, decision).digest, Answer.CONFIRMED
        with pytest.raises(Refused, match="same_person"):
            respond(db, decision, answer=yes, digest_seen=digest, viewer=CASHIER, now=NOW)
    assert books(treasury) == {"sent": 600}


def test_a_stopped_claim_is_on_no_list(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    number = treasury.make()
    treasury.bank(row("late", "成功", "6"))
    with pytest.raises(Refused, match="bank_contradiction"):
        treasury.confirm(number)
    treasury.confirm(number, Answer.REFUSED)
    assert [item.held for item in treasury.queue()] == ["bank_contradiction"]
    with pytest.raises(Refused, match="bank_contradiction"):
        treasury.make(["SQ-1"])
    treasury.rule("late", "reject")
    assert [item.held for item in treasury.queue()] == [""]


def test_a_late_payment_of_what_had_come_back(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    treasury.bank(row("late", "成功", "6"))
    treasury.rule("late", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    assert treasury.money() == {"free": 1_400, "spent": 600}
    assert (treasury.line(FIRST), treasury.queue()) == ((600, 0, 0, 0), [])


def test_a_late_payment_of_a_claim_that_is_again_on_its_way(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    treasury.send()
    treasury.bank(row("late", "成功", "6"))
    with pytest.raises(Refused, match="claim_at_bank"):
        treasury.rule("late", "accept")
    treasury.rule("late", "accept", recalled=True)
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    assert treasury.money() == {"free": 1_400, "spent": 600}
    assert (treasury.line(FIRST), treasury.line(SECOND)) == ((600, 0, 0, 0), (0, 600, 0, 0))


def test_the_bank_paid_both_lists_and_the_second_sum_is_to_be_paid_back(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    second = treasury.send()
    treasury.bank(row("late", "成功", "6"))
    assert treasury.bank(row("b", "成功", "6", second)).rows == 1
    treasury.rule("late", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600, "recoverable": 600}, "paid")
    assert treasury.money() == {"free": 800, "spent": 1_200}
    assert treasury.line(FIRST) == (0, 600, 600, 0)
    # The bank takes the second sum back itself.
    treasury.bank(row("back", "退回", "6"))
    treasury.rule("back", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    assert treasury.money() == {"free": 1_400, "spent": 600}


def test_more_than_the_line(treasury: Treasury) -> None:
    treasury.bank(row("a", "成功", "7"))
    assert books(treasury) == {"sent": 600}
    treasury.rule("a", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600, "recoverable": 100}, "paid")
    assert treasury.money() == {"free": 1_300, "spent": 700}
    assert treasury.line(FIRST) == (600, 0, 100, 0)


def test_what_the_cap_cannot_hold_stays_outside_the_books(
    owner: psycopg.Connection, engine: sa.Engine
) -> None:
    treasury = Treasury(owner, engine)
    treasury.indicator(3_000_000)
    treasury.project("p1", 999_950)  # fifty fen below the cap
    treasury.claim("p1", 999_950, "SQ-1")
    treasury.send()
    treasury.bank(row("a", "成功", "10000.50"))
    treasury.rule("a", "accept")
    assert treasury.line(FIRST) == (999_950, 0, 50, 50)
    assert books(treasury) == {"paid": 999_950, "recoverable": 50}
    treasury.bank(row("back", "退回", "1"))
    treasury.rule("back", "accept")
    assert treasury.line(FIRST) == (999_950, 0, 0, 0)
    assert books(treasury) == {"paid": 999_950}


def test_a_budget_that_cannot_have_paid_it_is_filled_first(
    owner: psycopg.Connection, engine: sa.Engine
) -> None:
    treasury = Treasury(owner, engine)
    treasury.indicator(600)
    treasury.project("p1", 600)
    treasury.claim("p1", 600, "SQ-1")
    treasury.send()
    treasury.bank(row("a", "成功", "7"))
    with pytest.raises(Refused, match="money_short"):
        treasury.rule("a", "accept")


def test_a_wrong_payment_is_undone_and_the_right_one_booked(treasury: Treasury) -> None:
    treasury.bank(row("wrong", "成功", "6"))
    treasury.bank(row("right", "成功", "6"))
    with pytest.raises(Conflict, match="row_state"):
        treasury.rule("right", "undo")
    treasury.rule("wrong", "undo")
    assert (books(treasury), treasury.state("SQ-1")) == ({"sent": 600}, "listed")
    assert treasury.money() == {"free": 1_400, "committed": 600}
    treasury.rule("right", "accept")
    assert (books(treasury), treasury.state("SQ-1")) == ({"paid": 600}, "paid")
    with pytest.raises(Conflict, match="row_state"):
        treasury.rule("wrong", "undo")
    # What was found false comes again: it is no plain row any more.
    assert treasury.bank(row("wrong", "成功", "6"), "").waiting == 1


def test_a_payment_that_came_back_cannot_be_undone(treasury: Treasury) -> None:
    treasury.bank(row("a", "成功", "6"))
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    with pytest.raises(Refused, match="not_undoable"):
        treasury.rule("a", "undo")


def test_taken_back_settles_first_what_was_to_be_paid_back(treasury: Treasury) -> None:
    treasury.bank(row("a", "成功", "6"))
    _earns(treasury, 500)
    assert books(treasury) == {"paid": 500, "recoverable": 100}
    treasury.bank(row("r", "退回", "6"))
    treasury.rule("r", "accept")
    assert books(treasury) == {"payable": 500}
    assert treasury.money() == {"free": 2_000}
    assert [item.held for item in treasury.queue()] == ["payable_gone"]


def test_taken_back_in_a_later_year_goes_to_the_treasury(treasury: Treasury) -> None:
    treasury.bank(row("a", "成功", "6"))
    later = NOW + timedelta(days=60)
    treasury.bank(row("r", "退回", "6", day=str(later.date())), now=later)
    treasury.rule("r", "accept", now=later)
    assert treasury.money() == {"free": 1_400, "returned": 600}
    assert books(treasury) == {"payable": 600}


def test_what_moved_since_the_proposal_is_proposed_anew(treasury: Treasury) -> None:
    treasury.bank(row("r", "退回", "6"))
    decision = treasury.propose(treasury.row_id("r"), "accept")
    treasury.bank(row("a", "成功", "6"))
    with pytest.raises(Conflict, match="reversal_changed"):
        treasury.confirm_ruling(decision)
    assert books(treasury) == {"paid": 600}


def _earns(treasury: Treasury, fen: int) -> None:
    """The voucher has earned so much by now."""
    with uncaused(treasury.owner), Session(treasury.engine) as db, db.begin():
        book = db.exec(select(Voucher.book_id)).one()
        amounts = rights(db, book)
        moves = rebalance(amounts, target(Fraction(fen), Fraction(fen), amounts.room))
        post(db, cause="earned", used_on=MONTH, booked=MONTH, actor="x", moves={book: moves})
        assert sum(balances(db, book).values()) == 0
