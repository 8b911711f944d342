"""A voucher is opened by two persons; the database holds it."""

import json
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.accounts.queries import rights
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.steps.openings import Face, propose_voucher
from ledger.vouchers.tables import Voucher
from tests.support.vouchers import NOW, place_clause, place_project

CAP = 500_000_000
FACTS = {"parameters": "72000000000", "landed_in_city": True}
CLERK, APPROVER = Viewer(1, "甲", Role.CLERK), Viewer(2, "乙", Role.APPROVER)
SINCE, UNTIL = date(2026, 12, 1), date(2027, 12, 1)
RAW = (
    "INSERT INTO vouchers (project_id, policy, clause, cap_scope, face_fen, facts, valid,"
    " opened_at, opened_by) SELECT id, '{policy}', '09-1', kind || ':' || code, {face}, '{facts}',"
    " '{valid}', now(), 'x' FROM projects WHERE code = 'm1'"
)
AS_DECIDED = {
    "policy": "draft",
    "facts": json.dumps(FACTS),
    "face": 100_000,
    "valid": f"[{SINCE},{UNTIL})",
}


@pytest.fixture
def db(engine: sa.Engine, owner: psycopg.Connection) -> Session:
    place_clause(owner, CAP)
    place_clause(owner, CAP, policy="next")
    place_project(owner, "m1")
    owner.execute("DROP TRIGGER a_opening ON vouchers")
    owner.execute("DROP TRIGGER a_version ON voucher_versions")
    return Session(engine, expire_on_commit=False)


def propose(db: Session, **terms: Any) -> Decision:
    project = db.exec(select(Project).where(Project.code == "m1")).one()
    terms = {"clause": "09-1", "policy": "draft"} | terms
    decision = propose_voucher(db, project, facts=FACTS, actor=CLERK.actor, now=NOW, **terms)
    db.commit()
    return decision


def confirm(db: Session, decision: Decision, viewer: Viewer = APPROVER) -> None:
    respond(
        db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest, viewer=viewer,
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    db.commit()


def test_nothing_is_promised_before_another_person_confirms(db: Session) -> None:
    decision = propose(db)
    assert db.exec(select(Voucher)).all() == []
    confirm(db, decision)
    voucher = db.exec(select(Voucher)).one()
    assert (voucher.facts, voucher.opened_by) == (FACTS, APPROVER.actor)
    assert rights(db, voucher.book_id).available == CAP


@pytest.mark.parametrize("viewer", [Viewer(3, "甲", Role.APPROVER), Viewer(4, "丙", Role.CLERK)])
def test_neither_the_same_person_nor_a_clerk_confirms(db: Session, viewer: Viewer) -> None:
    with pytest.raises(Refused):
        confirm(db, propose(db), viewer)


def test_what_cannot_be_opened_is_not_proposed(db: Session, owner: psycopg.Connection) -> None:
    with pytest.raises(NotFound, match="clause"):
        propose(db, clause="03-1")
    owner.execute("UPDATE clauses SET complete = false WHERE policy = 'next'")
    with pytest.raises(Refused, match="not_payable"):
        propose(db, policy="next")
    confirm(db, propose(db))
    with pytest.raises(Conflict, match="voucher_exists"):
        propose(db)


def test_it_may_be_opened_for_less_and_for_a_term(db: Session, owner: psycopg.Connection) -> None:
    confirm(db, propose(db, face=Face(100_000, SINCE, UNTIL)))
    voucher = db.exec(select(Voucher)).one()
    assert (voucher.face_fen, voucher.valid.lower, voucher.valid.upper) == (100_000, SINCE, UNTIL)
    assert rights(db, voucher.book_id).available == 100_000
    with pytest.raises(psycopg.errors.CheckViolation):  # the rest of the cap is not promised
        owner.execute(
            "UPDATE accounts SET balance = balance - 1 WHERE book_id = %s AND role = 'clause'",
            (voucher.book_id,),
        )


@pytest.mark.parametrize(
    ("face", "why"),
    [
        (Face(CAP + 1), "face_above_cap"),
        (Face(0), "face_above_cap"),
        (Face(None, SINCE, SINCE), "no_days"),
    ],
)
def test_a_face_is_within_the_cap_and_a_term_has_a_day(db: Session, face: Face, why: str) -> None:
    with pytest.raises(Refused, match=why):
        propose(db, face=face)


def test_another_version_leaves_the_face_as_it_is(db: Session) -> None:
    confirm(db, propose(db, face=Face(100_000)))
    with pytest.raises(Refused, match="face_stands"):
        propose(db, policy="next", face=Face(200_000))
    decision = propose(db, policy="next")
    assert decision.content["cap_fen"] == 100_000
    confirm(db, decision)
    assert rights(db, db.exec(select(Voucher)).one().book_id).available == 100_000


@pytest.mark.parametrize(
    "terms",
    [
        {"policy": "next"},
        {"facts": "{}"},
        {"face": 100_001},
        {"face": "NULL"},
        {"valid": "[2026-12-01,)"},
        {"valid": "(,)"},
        None,
    ],
)
def test_the_database_opens_only_what_two_decided(
    db: Session, terms: dict[str, Any] | None
) -> None:
    decision = propose(db, face=Face(100_000, SINCE, UNTIL))
    if terms is not None:  # confirmed, but not carried out
        answer = (
            "UPDATE decisions SET answer = 'confirmed', answered_by = :by, answered_at = now(),"
            " answered_digest = digest WHERE id = :id"
        )
        db.execute(sa.text(answer), {"by": APPROVER.actor, "id": decision.id})
    raw = RAW.format(**AS_DECIDED | (terms or {})).replace(":", "\\:")
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.execute(sa.text(raw))


def test_the_database_takes_only_a_version_that_two_decided(db: Session) -> None:
    confirm(db, propose(db))
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.execute(
            sa.text(
                "INSERT INTO voucher_versions (voucher_id, policy, clause, rate_num, rate_den,"
                " rate_words, opened_at, opened_by)"
                " SELECT id, 'next', clause, 30, 100, '', now(), 'x' FROM vouchers"
            )
        )


def test_no_decision_opens_more_than_the_cap(db: Session, owner: psycopg.Connection) -> None:
    propose(db)
    owner.execute("UPDATE clauses SET cap_fen = cap_fen - 1 WHERE policy = 'draft'")
    with pytest.raises(sa.exc.IntegrityError, match="above the cap"):
        confirm(db, db.exec(select(Decision).where(Decision.kind == "voucher")).one())
