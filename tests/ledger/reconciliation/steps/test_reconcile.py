"""Reconciling a contract's month: proposed by one person, confirmed by another, worth money.

The town charges one yuan a GPU-minute; the city pays thirty fen of it.
"""

import psycopg
import pytest
from sqlmodel import Session

from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.reconciliation.queries.differences import differences_of
from ledger.reconciliation.queries.month_details import process_of
from ledger.reconciliation.queries.months import month_cells, months
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.steps import reconcile
from ledger.registry.queries import contract_by_number
from ledger.statements.codes import LineAnswer, Party
from ledger.statements.steps import answer, issue
from tests.support.documents import party
from tests.support.reconciliation import BUYER, CLERK, LATER, MONTH, NOW, Desk, bill, bill_red
from tests.support.simulation import minute, window
from tests.support.town import Town
from tests.support.vouchers import audit


def test_what_was_metered_and_invoiced_becomes_payable(
    desk: Desk, owner: psycopg.Connection
) -> None:
    assert (desk.rights().accrued, desk.rights().payable) == (3_000, 0)
    desk.take(bill(1, 10_000))
    assert desk.state() == "open"
    desk.reconcile()
    assert (desk.rights().accrued, desk.rights().payable) == (0, 3_000)
    assert desk.cost() == {"metered": -10_000, "invoiced": 10_000}
    assert desk.state() == "decided"
    assert audit(owner) == []


def test_one_person_does_not_confirm_what_he_proposed(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    result = desk.propose()
    with pytest.raises(Refused, match="same_person"):
        desk.confirm(result, CLERK)
    with pytest.raises(Refused, match="same_person"):
        desk.confirm(result, Viewer(9, "甲", Role.APPROVER))
    assert desk.rights().payable == 0


def test_more_invoiced_than_metered_is_cut_to_the_meter(desk: Desk) -> None:
    desk.take(bill(1, 13_000))
    desk.reconcile()
    assert desk.rights().payable == 3_000
    assert desk.cost() == {"metered": -10_000, "invoiced": 13_000, "R07": -3_000}


def test_two_persons_may_decide_first_that_more_was_used(desk: Desk) -> None:
    desk.take(bill(1, 13_000))
    desk.more_used(3_000)
    desk.reconcile()
    assert desk.rights().payable == 3_900


def test_what_is_not_invoiced_yet_stays_open_until_it_is_closed(desk: Desk) -> None:
    desk.take(bill(1, 6_000))
    desk.reconcile(LATER)
    assert (desk.rights().accrued, desk.rights().payable) == (1_200, 1_800)
    assert desk.cost() == {"metered": -10_000, "invoiced": 6_000, "R17": 4_000}
    desk.reconcile(Choice("R17", "close", "中心给了折扣"))
    assert (desk.rights().accrued, desk.rights().payable) == (0, 1_800)
    assert desk.differences()[-1] == ("R17", -4_000, "close")


def test_the_rest_of_an_invoice_comes_later_and_is_matched_then(desk: Desk) -> None:
    desk.take(bill(1, 6_000))
    desk.reconcile(LATER)
    desk.take(bill(2, 4_000))
    assert desk.state() == "changed"
    desk.reconcile()
    assert (desk.rights().accrued, desk.rights().payable) == (0, 3_000)
    assert desk.cost() == {"metered": -10_000, "invoiced": 10_000}


def test_a_red_invoice_takes_back_what_was_payable_when_two_decide_it(desk: Desk) -> None:
    blue = bill(1, 10_000)
    desk.take(blue)
    desk.reconcile()
    desk.take(bill_red(2, blue, -4_000))
    desk.town.accrue(NOW)
    assert (desk.rights().accrued, desk.rights().payable) == (0, 3_000)
    assert desk.state() == "changed"
    desk.fall()
    assert (desk.rights().accrued, desk.rights().payable) == (1_200, 1_800)
    assert desk.state() == "changed"
    desk.reconcile(Choice("R17", "close", "不再开票"))
    assert (desk.rights().accrued, desk.rights().payable) == (0, 1_800)


def test_a_line_that_is_no_compute_is_excluded(desk: Desk) -> None:
    desk.take(bill(1, 8_000), bill(2, 2_000, item="*餐饮服务*餐费"))
    desk.reconcile(LATER)
    assert desk.rights().payable == 2_400
    assert ("R11", 2_000, "exclude") in desk.differences()


def test_what_asks_for_a_person_must_be_chosen_with_a_reason(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    wrong = Choice("R04", "note", "没有这个差异")
    result = desk.propose(wrong)
    assert isinstance(result, list)
    assert [f.code for f in result] == ["no_such_difference"]


def test_what_changed_since_it_was_proposed_is_not_confirmed(desk: Desk) -> None:
    desk.take(bill(1, 6_000))
    result = desk.propose(LATER)
    desk.take(bill(2, 4_000))
    with pytest.raises(Conflict, match="figures_changed"):
        desk.confirm(result)
    assert desk.rights().payable == 0


def test_an_invoice_of_strangers_pays_for_nothing(desk: Desk) -> None:
    desk.take(bill(1, 10_000, buyer=party(8)))
    with Session(desk.engine) as db:
        assert months(db, month=MONTH)[0].invoiced_fen == 0


def test_all_that_is_within_tolerance_is_proposed_in_one_act(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    with Session(desk.engine, expire_on_commit=False) as db, db.begin():
        decisions, texts = reconcile.propose_tolerable(db, MONTH, actor=CLERK.actor, now=NOW)
    assert (len(decisions), texts) == (1, [])
    desk.confirm(decisions[0])
    assert desk.rights().payable == 3_000
    with Session(desk.engine) as db, db.begin():
        assert reconcile.propose_tolerable(db, MONTH, actor=CLERK.actor, now=NOW) == ([], [])


def test_what_a_party_contests_is_decided_with_a_reason(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    with Session(desk.engine) as db, db.begin():
        statement = issue(db, key(contract_by_number(db, "k1")), MONTH, actor="clerk", now=NOW)
        answer(
            db, statement.number, lines=None, party=Party.BUILDER, word=LineAnswer.CONTESTED,
            reason="少了两台机器", actor="builder", now=NOW,
        )  # fmt: skip
    result = desk.propose()
    assert isinstance(result, list)
    assert [f.code for f in result] == ["statement_contested"]
    with Session(desk.engine) as db, db.begin():
        assert reconcile.propose_tolerable(db, MONTH, actor=CLERK.actor, now=NOW) == ([], ["k1"])


def test_what_was_contested_of_an_earlier_revision_still_asks_for_a_reason(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    with Session(desk.engine) as db, db.begin():
        statement = issue(db, key(contract_by_number(db, "k1")), MONTH, actor="clerk", now=NOW)
        answer(
            db, statement.number, lines=None, party=Party.BUILDER, word=LineAnswer.CONTESTED,
            reason="少了两台机器", actor="builder", now=NOW,
        )  # fmt: skip
    desk.town.report([window(1, 5)])  # the statement is issued anew with the proposal
    desk.town.accrue(NOW)
    result = desk.propose(LATER)
    assert isinstance(result, list)
    assert [f.code for f in result] == ["statement_contested"]


def test_a_month_that_is_not_over_is_not_reconciled(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    with Session(desk.engine, expire_on_commit=False) as db:
        contract = contract_by_number(db, "k1")
    with Session(desk.engine) as db, db.begin(), pytest.raises(Refused, match="month_open"):
        reconcile.propose(db, contract, MONTH, actor=CLERK.actor, now=minute(60 * 24 * 20))


def test_evidence_that_is_too_weak_is_not_paid(
    metered_town: Town, owner: psycopg.Connection
) -> None:
    """An import is nobody's signature: grade D, which the policy version does not pay."""
    for table in ("billing_sources", "day_totals", "coverage"):
        owner.execute(f"UPDATE {table} SET source = 'import'".encode())
    desk = Desk(metered_town)
    desk.take(bill(1, 10_000))
    desk.reconcile(Choice("R20", "exclude", "证据不足"))
    assert desk.rights().payable == 0


def test_an_invoice_to_the_wrong_buyer_is_seen_where_its_statement_is(desk: Desk) -> None:
    with Session(desk.engine) as db, db.begin():
        statement = issue(db, key(contract_by_number(db, "k1")), MONTH, actor="clerk", now=NOW)
    desk.take(bill(1, 10_000, buyer=party(8), statement=statement.number))
    with Session(desk.engine) as db:
        contract = contract_by_number(db, "k1")
        differences = differences_of(db, key(contract), MONTH, process_of(db, contract))
    assert ("R03", "block") in [(d.code, d.handling) for d in differences]


def test_who_paid_whom_is_compared_where_a_receipt_is_known(desk: Desk) -> None:
    document, other_document = bill(1, 4_000), bill(2, 6_000)
    desk.take(document, other_document)
    for _ in range(2):  # the same one again is the same
        desk.receipt(document, "B-1", BUYER.name, document.gross_fen)
    with pytest.raises(Conflict, match="receipt_known"):
        desk.receipt(document, "B-1", BUYER.name, 1)
    desk.reconcile()
    assert desk.rights().payable == 3_000
    desk.receipt(other_document, "B-2", "第三人", other_document.gross_fen)
    result = desk.propose()
    assert isinstance(result, list)
    assert [f.params for f in result] == [(("code", "R05"),)]
    desk.reconcile(Choice("R05", "exclude", "付款方不符"))
    assert desk.rights().payable == 1_200


def test_a_month_with_an_invoice_and_no_use_counts_nothing(desk: Desk) -> None:
    """No statement can be issued of it, and none is needed."""
    february = MONTH.replace(month=2)
    desk.take(bill(1, 5_000, since=february, until=february.replace(day=28)))
    with Session(desk.engine, expire_on_commit=False) as db, db.begin():
        contract = contract_by_number(db, "k1")
        result = reconcile.propose(db, contract, february, actor=CLERK.actor, now=NOW)
    desk.confirm(result)
    assert desk.rights().payable == 0
    january = MONTH.replace(month=1)
    with Session(desk.engine) as db, db.begin(), pytest.raises(NotFound, match="nothing_to"):
        reconcile.propose(db, contract, january, actor=CLERK.actor, now=NOW)


def test_more_used_is_not_confirmed_over_another_metering(desk: Desk) -> None:
    desk.take(bill(1, 13_000))
    with Session(desk.engine, expire_on_commit=False) as db, db.begin():
        contract = contract_by_number(db, "k1")
        (cell,) = month_cells(db, key(contract), MONTH)
        proposal = reconcile.propose_extra(
            db, contract, MONTH, part=cell.part, extra_fen=3_000,
            reason="现场核实", actor=CLERK.actor, now=NOW,
        )  # fmt: skip
    desk.town.report([window(0, 100)])
    desk.town.accrue(NOW)
    with pytest.raises(Conflict, match="figures_changed"):
        desk.confirm(proposal)
