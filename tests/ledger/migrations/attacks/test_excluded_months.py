"""The application's role excludes and readmits no month by itself, whatever it writes."""

import psycopg
import pytest
from psycopg import errors
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.people.codes import Answer
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.reconciliation.steps.exclusions import propose_exclusion
from ledger.registry.queries import contract_by_number
from tests.support.accounts.attacks import attempt
from tests.support.reconciliation import APPROVER, CLERK, MONTH, NOW, Desk, bill
from tests.support.town import Town, rights_of

CHECK = errors.CheckViolation
WRITE = """
    INSERT INTO excluded_months (decision_id, voucher_id, contract_id, month)
    VALUES ({decision}, 1, 1, '{month}')
"""
READMIT = "UPDATE excluded_months SET readmission_id = {decision} WHERE readmission_id IS NULL"


def exclusion(town: Town, *, excluded: bool, answer: Answer | None = Answer.CONFIRMED) -> int:
    """One person proposes it, and another answers; the decision."""
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        contract = contract_by_number(db, "k1")
        decision = propose_exclusion(
            db, contract, MONTH, excluded=excluded, reason="x", actor=CLERK.actor, now=NOW
        )
    if answer:
        with Session(town.engine) as db, db.begin():
            respond(
                db, key(decision), answer=answer, digest_seen=decision.digest, viewer=APPROVER,
                now=NOW,
            )  # fmt: skip
    return key(decision)


@pytest.fixture
def month(metered_town: Town) -> Town:
    """10,000 fen of March are matched: 3,000 are payable."""
    desk = Desk(metered_town)
    desk.take(bill(1, 10_000))
    desk.reconcile()
    assert rights_of(metered_town).payable == 3_000
    return metered_town


def test_no_month_is_excluded_that_two_did_not_exclude(
    database: Database, owner: psycopg.Connection, month: Town
) -> None:
    of_match = owner.execute("SELECT max(id) FROM decisions").fetchone()
    assert of_match
    proposal = exclusion(month, excluded=True, answer=None)
    for decision in (*of_match, proposal, 999):
        attack = WRITE.format(decision=decision, month=MONTH)
        assert attempt(database, attack) is CHECK, decision
    assert rights_of(month).payable == 3_000


def test_what_two_decided_is_for_its_month_and_once(database: Database, month: Town) -> None:
    first = exclusion(month, excluded=True)
    assert rights_of(month).payable == 0
    assert attempt(database, WRITE.format(decision=first, month="2026-04-01")) is CHECK
    assert attempt(database, READMIT.format(decision=first)) is CHECK, "it excludes"
    assert attempt(database, "DELETE FROM excluded_months") is errors.InsufficientPrivilege
    move = "UPDATE excluded_months SET month = '2026-04-01'"
    assert attempt(database, move) is errors.InsufficientPrivilege
    back = exclusion(month, excluded=False)
    assert rights_of(month).payable == 3_000
    again = WRITE.format(decision=first, month=MONTH)
    assert attempt(database, again) is errors.UniqueViolation
    anew = exclusion(month, excluded=True)
    assert anew > back
    assert attempt(database, READMIT.format(decision=back)) is CHECK, "older than the exclusion"
    assert rights_of(month).payable == 0


def test_a_forged_memo_makes_nothing_of_an_excluded_month_payable(
    database: Database, month: Town
) -> None:
    exclusion(month, excluded=True)
    forged = """
        INSERT INTO postings (cause, used, booked, actor)
        VALUES ('accrue/1/99', '2026-03-01', '2026-03-01', 'server');
        INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT (SELECT max(id) FROM postings), (SELECT book_id FROM vouchers), kind, source, goal, 1
        FROM (VALUES ('accrue', 'available', 'accrued'), ('match', 'accrued', 'payable'))
            AS step (kind, source, goal);
        INSERT INTO accruals (voucher_id, posting_id, cost_fen, uncapped_fen, target_fen,
            earned_fen, months, computed_at)
        SELECT 1, max(id), 10000, 3000, 3000, 3000, '{}', now() FROM postings;
    """
    assert attempt(database, forged) is CHECK
    assert rights_of(month).payable == 0
