"""Holds of a claim: who opens and ends one, what waits meanwhile, and until when."""

from datetime import date, datetime

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege, RestrictViolation
from sqlmodel import Session

from ledger.claims.codes import HoldKind
from ledger.claims.queries import claim_by_number
from ledger.claims.steps.holds import end_hold, open_hold
from ledger.claims.tables import CaseHold
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.claims import APPROVER, BUILDER, CHANNEL, CLERK, FACTS, OTHER_CLERK, Office
from tests.support.simulation import START

OTHER_APPROVER = Viewer(105, "孙八", Role.APPROVER)


@pytest.fixture
def number(office: Office) -> str:
    return office.handed_in(3_000_000)


def hold(
    office: Office,
    number: str,
    kind: HoldKind = HoldKind.COURT,
    *,
    viewer: Viewer = APPROVER,
    reason: str = "起诉状已收",
    now: datetime = START,
) -> CaseHold:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        claim = claim_by_number(db, number)
        return open_hold(db, claim, kind, reason, actor=viewer.actor, now=now)


def end(
    office: Office, number: str, hold: int, *, viewer: Viewer, outcome: str = "撤诉"
) -> CaseHold:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        claim = claim_by_number(db, number)
        return end_hold(db, claim, hold, outcome, actor=viewer.actor, now=START)


def test_a_hold_waits_for_the_applicant_ten_working_days_and_stops_every_step_onward(
    office: Office, number: str
) -> None:
    row = hold(office, number, HoldKind.APPLICANT, viewer=CLERK, reason="合同页不全")
    assert row.due == date(2026, 3, 13)  # from Sunday 2026-03-01, the day itself not counted
    with pytest.raises(Conflict, match="case_held: hold=applicant"):
        office.take(number, "accept", OTHER_CLERK, facts=FACTS)
    end(office, number, key(row), viewer=CLERK, outcome="已补")
    assert office.take(number, "accept", OTHER_CLERK, facts=FACTS).claim.state == "accepted"


def test_what_a_question_holds_is_handled_all_the_same(office: Office, number: str) -> None:
    assert hold(office, number, HoldKind.QUESTION).due is None
    assert office.take(number, "accept", CLERK, facts=FACTS).claim.state == "accepted"
    assert office.take(number, "publish", CLERK, channel=CHANNEL).claim.state == "published"


def test_what_is_held_may_be_withdrawn(office: Office, number: str) -> None:
    hold(office, number)
    assert office.take(number, "withdraw", BUILDER).claim.state == "withdrawn"
    with pytest.raises(Conflict, match="case_over"):
        hold(office, number)


def test_an_approver_who_did_not_open_it_ends_a_hold_once_and_says_what_came_of_it(
    office: Office, number: str
) -> None:
    row = key(hold(office, number))
    for viewer in (APPROVER, CLERK):
        with pytest.raises(Refused, match="not_your_hold"):
            end(office, number, row, viewer=viewer)
    with pytest.raises(Refused, match="note_missing"):
        end(office, number, row, viewer=OTHER_APPROVER, outcome=" ")
    closed_hold = end(office, number, row, viewer=OTHER_APPROVER)
    assert (closed_hold.outcome, closed_hold.closed_by) == ("撤诉", OTHER_APPROVER.actor)
    with pytest.raises(Conflict, match="hold_ended"):
        end(office, number, row, viewer=OTHER_APPROVER)
    with pytest.raises(NotFound, match="hold"):
        end(office, number, row + 1, viewer=OTHER_APPROVER)


def test_nobody_outside_the_bureau_holds_a_claim_up_nor_for_no_reason(
    office: Office, number: str
) -> None:
    with pytest.raises(Refused, match="not_your_hold"):
        hold(office, number, viewer=BUILDER)
    with pytest.raises(Refused, match="note_missing"):
        hold(office, number, reason=" ")
    with pytest.raises(Refused, match="hold_by_objection"):
        hold(office, number, HoldKind.OBJECTION)


OPEN = """
    INSERT INTO case_holds (claim_id, kind, reason, opened_at, opened_by)
    SELECT id, '{kind}', 'x', now(), '{by}' FROM claims
"""
END = "UPDATE case_holds SET closed_at = now(), closed_by = '{by}', outcome = 'x'"


def test_raw_sql_holds_to_the_same(
    office: Office, number: str, database: Database, owner: psycopg.Connection
) -> None:
    """Whatever program speaks to the database as the application."""
    row = hold(office, number)
    owner.execute("ALTER TABLE case_holds DISABLE TRIGGER a_holder")  # nobody is given a token
    owner.execute("ALTER TABLE case_holds DISABLE TRIGGER a_releaser")
    end_by = END.format
    assert attempt(database, OPEN.format(kind="objection", by=CLERK.actor)) is CheckViolation
    assert attempt(database, OPEN.format(kind="court", by="clerk:无此人#9")) is CheckViolation
    assert attempt(database, end_by(by=APPROVER.actor)) is CheckViolation  # who opened it
    assert attempt(database, end_by(by="approver:无此人#9")) is CheckViolation
    assert attempt(database, "UPDATE case_holds SET reason = ''") is InsufficientPrivilege
    assert attempt(database, "DELETE FROM case_holds") is InsufficientPrivilege
    accept = f"""
        INSERT INTO claim_events (claim_id, state, action, role, next, actor, at)
        SELECT id, state, 'accept', 'clerk', 'accepted', '{CLERK.actor}', now() FROM claims
    """
    owner.execute("UPDATE hold_kinds SET gates = '{accept}' WHERE kind = 'court'")
    assert attempt(database, accept) is CheckViolation
    owner.execute("ALTER TABLE case_holds ENABLE TRIGGER a_releaser")
    end(office, number, key(row), viewer=OTHER_APPROVER)
    assert attempt(database, end_by(by=OTHER_APPROVER.actor)) is RestrictViolation
