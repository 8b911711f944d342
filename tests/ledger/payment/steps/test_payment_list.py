"""Lists: the money covers them in order, two persons send them, and nothing else is sent."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.errors import Conflict, LedgerError, Refused
from ledger.formats.capital_amounts import in_words
from ledger.formats.digest import digest
from ledger.payment.queries import payment_lists as payment
from ledger.payment.steps.indicators import change_indicator
from ledger.payment.tables import PaymentList
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from tests.support.claims import other_payee
from tests.support.payments import CASHIER, NOW, TODAY, Treasury
from tests.support.vouchers import chain, place_moves


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    treasury.project("p1", 900)
    treasury.project("p2", 500)
    return treasury


def test_the_oldest_claims_are_covered_first_and_nobody_is_overtaken(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.claim("p2", 500, "B")
    treasury.claim("p1", 300, "C")
    assert [(item.number, item.indicator, item.held) for item in treasury.queue()] == [
        ("A", "Z1", ""),
        ("B", None, ""),  # there is money for C, but B waited longer
        ("C", None, ""),
    ]
    number = treasury.make()
    assert number == "ZF-2026-0001"
    with Session(treasury.engine) as db:
        payment_list, _, lines = payment.payment_list(db, number)
        decision = db.get_one(Decision, payment_list.decision_id)
    assert [(line.claim_id, line.fen) for line in lines] == [(1, 600)]
    assert (payment_list.total_fen, payment_list.words) == (600, in_words(600))
    assert payment_list.digest == decision.digest == digest(decision.content)
    assert [item.number for item in treasury.queue()] == ["B", "C"]


def test_a_confirmed_list_moves_both_ledgers_in_one_posting(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    treasury.claim("p1", 600, "A")
    number = treasury.make()
    assert (treasury.money(), treasury.state("A")) == ({"free": 1_000}, "approved")
    treasury.confirm(number)
    assert treasury.money() == {"free": 400, "committed": 600}
    assert (treasury.rights("p1").payable, treasury.rights("p1").sent) == (300, 600)
    assert treasury.state("A") == "listed"
    rows = owner.execute(
        "SELECT m.kind FROM movements m JOIN postings p ON p.id = m.posting_id WHERE p.cause = %s"
        " ORDER BY 1", (f"pay/{number}/1",),
    ).fetchall()  # fmt: skip
    assert rows == [("commit",), ("list",)]


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_a_list_that_is_not_sent_frees_its_claims(treasury: Treasury, answer: str) -> None:
    treasury.claim("p1", 600, "A")
    first = treasury.make()
    with pytest.raises(Refused, match="claim_not_waiting"):
        treasury.make(["A"])
    treasury.confirm(first, answer)  # type: ignore[arg-type]
    assert treasury.make(["A"]) == "ZF-2026-0002"
    assert treasury.money() == {"free": 1_000}


def test_two_lists_on_the_last_money_of_an_indicator(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.claim("p2", 500, "B")

    def make(claim: str) -> str:
        try:
            return treasury.make([claim])
        except LedgerError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        texts = sorted(pool.map(make, ["A", "B"]))
    assert texts == ["ZF-2026-0001", "money_short"]


def test_the_same_claim_cannot_stand_on_two_lists_made_at_once(treasury: Treasury) -> None:
    treasury.claim("p1", 100, "A")

    def make(_: int) -> str:
        try:
            return treasury.make(["A"])
        except LedgerError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        texts = sorted(pool.map(make, range(4)))
    assert texts == ["ZF-2026-0001", *["claim_not_waiting"] * 3]


def test_money_that_was_cut_meanwhile_is_not_committed(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    number = treasury.make()
    with Session(treasury.engine) as db, db.begin():
        cut = change_indicator(
            db, number="Z1", year=2026, fen=-500, reason="压减", actor=CASHIER.actor, now=NOW
        )
        treasury.answer(db, cut)
    with pytest.raises(Refused, match="money_short"):
        treasury.confirm(number)
    assert (treasury.money(), treasury.state("A")) == ({"free": 500}, "approved")


def test_a_change_of_account_holds_the_claim_and_spoils_the_list(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.claim("p2", 100, "B")
    number = treasury.make(["A", "B"])
    treasury.change_of_account("p1", "6228480000000000")
    with pytest.raises(Refused, match="account_changing"):
        treasury.confirm(number)
    treasury.confirm(number, Answer.REFUSED)
    assert [(item.number, item.held) for item in treasury.queue()] == [
        ("A", "account_changing"),
        ("B", ""),
    ]
    with pytest.raises(Refused, match="account_changing"):
        treasury.make(["A"])


def test_another_account_is_not_the_one_that_was_on_the_list(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    number = treasury.make()
    treasury.account("p1", "6228480000000000")
    with pytest.raises(Refused, match="account_changed"):
        treasury.confirm(number)


def test_a_list_is_not_sent_to_who_is_not_the_payee_any_more(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    treasury.claim("p1", 600, "A")
    number = treasury.make()
    other_payee(owner)
    with pytest.raises(Refused, match="payee_changed"):
        treasury.confirm(number)
    assert (treasury.money(), treasury.state("A")) == ({"free": 1_000}, "approved")


def test_without_an_account_a_claim_waits(treasury: Treasury, owner: psycopg.Connection) -> None:
    owner.execute("UPDATE bank_accounts SET superseded_at = confirmed_at")
    treasury.claim("p1", 600, "A")
    assert [item.held for item in treasury.queue()] == ["without_account"]
    with pytest.raises(Refused, match="without_account"):
        treasury.make(["A"])
    with pytest.raises(Refused, match="nothing_payable"):
        treasury.make()


def test_a_red_invoice_takes_the_payable_from_under_a_list(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.claim("p1", 300, "B")
    number = treasury.make()
    with Session(treasury.engine) as db:
        book = payment.payables(db, on_list=1)[0].book
    place_moves(
        treasury.owner, treasury.engine, "red", {book: chain(400, "unmatch payable accrued")}
    )
    with pytest.raises(Refused, match="payable_gone"):
        treasury.confirm(number)
    treasury.confirm(number, Answer.REFUSED)
    # What is left suffices for the younger one.
    assert [(item.number, item.held) for item in treasury.queue()] == [
        ("A", "payable_gone"),
        ("B", ""),
    ]


def test_what_is_to_be_paid_back_is_set_off_before_anything_is_paid(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    with Session(treasury.engine) as db:
        book = payment.payables(db)[0].book
    paid = ["list payable sent", "pay sent paid", "recall paid recoverable"]
    place_moves(treasury.owner, treasury.engine, "paid too much", {book: chain(300, *paid)})
    assert [item.held for item in treasury.queue()] == ["payable_gone"]


def test_another_years_indicator_pays_nothing(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.indicator(1_000, "Z1", 2027)
    with Session(treasury.engine) as db:
        old = payment.indicator(db, "Z1", 2026)
    assert old.year == 2026
    number = treasury.make()
    with pytest.raises(Refused, match="indicator_year"):
        treasury.confirm(number, now=NOW.replace(year=2027))


def test_the_database_sends_no_list_that_nobody_confirmed(
    treasury: Treasury, engine: sa.Engine
) -> None:
    treasury.claim("p1", 600, "A")
    treasury.make()
    for statement in (
        "UPDATE payment_lists SET sent_at = now()",
        "UPDATE payment_lines SET paid_fen = 1",
    ):
        with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
            connection.execute(sa.text(statement))
    with Session(engine) as db:
        assert db.exec(select(PaymentList)).one().sent_at is None


def test_one_person_alone_sends_nothing(treasury: Treasury) -> None:
    treasury.claim("p1", 600, "A")
    treasury.make()
    with Session(treasury.engine) as db, pytest.raises(sa.exc.DBAPIError), db.begin():
        db.execute(
            sa.text(
                "UPDATE decisions SET answer = 'confirmed', answered_by = decided_by,"
                " answered_at = now(), answered_digest = digest WHERE kind = 'payment_list'"
            )
        )


def test_an_indicator_is_opened_once(treasury: Treasury) -> None:
    with pytest.raises(Conflict, match="indicator_exists"):
        treasury.indicator(1)


def test_one_claim_is_paid_by_two_indicators_to_the_fen(treasury: Treasury) -> None:
    treasury.indicator(700, "Z2")
    treasury.project("p3", 1_301)
    treasury.claim("p3", 1_301, "A")
    (payable,) = treasury.queue()
    assert (payable.indicator, payable.parts) == (None, {"Z1": 1_000, "Z2": 301})
    with pytest.raises(Refused, match="money_short"):
        treasury.make(["A"])
    first = treasury.make(["A"], divide=True)
    (payable,) = treasury.queue()
    assert (payable.due_fen, payable.open_fen, payable.indicator) == (301, 1_000, "Z2")
    second = treasury.make(["A"], "Z2")
    assert treasury.queue() == []
    treasury.confirm(second)
    treasury.confirm(first)
    assert (treasury.rights("p3").sent, treasury.state("A")) == (1_301, "listed")
    assert (treasury.money(), treasury.money("Z2")) == (
        {"committed": 1_000},
        {"free": 399, "committed": 301},
    )
    treasury.bank(f"a,{first},1,成功,10.00,{TODAY},")
    assert treasury.state("A") == "listed"
    treasury.bank(f"b,{second},1,成功,3.01,{TODAY},")
    assert (treasury.rights("p3").paid, treasury.state("A")) == (1_301, "paid")


def test_a_part_that_came_back_waits_and_the_other_part_goes_on(treasury: Treasury) -> None:
    treasury.indicator(700, "Z2")
    treasury.project("p3", 1_300)
    treasury.claim("p3", 1_300, "A")
    first = treasury.make(["A"], divide=True)
    second = treasury.make(["A"], "Z2")
    treasury.confirm(first)
    treasury.confirm(second)
    treasury.bank(f"a,{first},1,退回,10.00,{TODAY},")
    treasury.rule("a", "accept")
    assert treasury.state("A") == "listed"
    assert [item.due_fen for item in treasury.queue()] == [1_000]
    # It was paid late after all: the other part is not needed back.
    treasury.bank(f"late,{first},1,成功,10.00,{TODAY},")
    treasury.rule("late", "accept")
    treasury.bank(f"b,{second},1,成功,3.00,{TODAY},")
    assert (treasury.rights("p3").paid, treasury.state("A")) == (1_300, "paid")
    assert treasury.rights("p3").recoverable == 0


def test_no_more_is_listed_than_was_approved(treasury: Treasury, owner: psycopg.Connection) -> None:
    treasury.claim("p1", 600, "A")
    owner.execute("UPDATE claims SET approved_fen = 400 WHERE number = 'A'")
    (payable,) = treasury.queue()
    assert (payable.asked_fen, payable.fen, payable.due_fen) == (600, 400, 400)
    treasury.bank(f"a,{treasury.send()},1,成功,4.00,{TODAY},")
    assert (treasury.state("A"), treasury.rights("p1").payable) == ("paid", 500)
