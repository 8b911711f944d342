"""A voucher is opened by two persons; the database holds it."""

import json
from datetime import timedelta

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
from ledger.vouchers.steps.openings import propose_voucher
from ledger.vouchers.tables import Voucher
from tests.support.vouchers import NOW, place_clause, place_project

CAP = 500_000_000
FACTS = {"parameters": "72000000000", "landed_in_city": True}
CLERK, APPROVER = Viewer(1, "甲", Role.CLERK), Viewer(2, "乙", Role.APPROVER)
RAW = (
    "INSERT INTO vouchers (project_id, policy, clause, cap_scope, facts, opened_at, opened_by)"
    " SELECT id, '{policy}', '09-1', kind || ':' || code, '{facts}', now(), 'x' FROM projects"
    " WHERE code = 'm1'"
)


@pytest.fixture
def db(engine: sa.Engine, owner: psycopg.Connection) -> Session:
    place_clause(owner, CAP)
    place_clause(owner, CAP, policy="next")
    place_project(owner, "m1")
    owner.execute("DROP TRIGGER a_opening ON vouchers")
    return Session(engine, expire_on_commit=False)


def propose(db: Session, **terms: str) -> Decision:
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
    owner.execute("UPDATE clauses SET payable = false WHERE policy = 'next'")
    with pytest.raises(Refused, match="not_payable"):
        propose(db, policy="next")
    confirm(db, propose(db))
    with pytest.raises(Conflict, match="voucher_exists"):
        propose(db)


@pytest.mark.parametrize(
    ("is_confirmed", "terms"),
    [
        (False, {"policy": "draft", "facts": json.dumps(FACTS)}),
        (True, {"policy": "next", "facts": json.dumps(FACTS)}),
        (True, {"policy": "draft", "facts": "{}"}),
    ],
)
def test_the_database_opens_only_what_two_decided(
    db: Session, terms: dict[str, str], *, is_confirmed: bool
) -> None:
    decision = propose(db)
    if is_confirmed:  # but not carried out
        answer = (
            "UPDATE decisions SET answer = 'confirmed', answered_by = :by, answered_at = now(),"
            " answered_digest = digest WHERE id = :id"
        )
        db.execute(sa.text(answer), {"by": APPROVER.actor, "id": decision.id})
    with pytest.raises(sa.exc.IntegrityError, match="two persons"):
        db.execute(sa.text(RAW.format(**terms).replace(":", "\\:")))
