"""The acceptance scenarios of awards (`docs/awards/README.md`), by their numbers."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from ledger.claims.codes import HoldKind
from ledger.claims.queries import claim_by_number, open_holds
from ledger.claims.steps.approval import propose_approval
from ledger.claims.steps.holds import end_hold, open_hold
from ledger.claims.steps.publication import receive
from ledger.errors import Conflict
from ledger.formats.working_days import working_days_after
from ledger.postgres.columns import key
from tests.support.claims import APPROVER, CLERK, Office
from tests.support.simulation import START

OVER = START + timedelta(days=7)  # the publication from Monday to Friday has ended


def propose(office: Office, number: str) -> None:
    with Session(office.engine) as db, db.begin():
        propose_approval(
            db, claim_by_number(db, number), viewer_role="clerk", actor=CLERK.actor, now=OVER
        )


def object_to(office: Office, number: str, objector: str) -> list[str]:
    """The kinds of open holds after an objection by somebody, or by nobody who says so."""
    with Session(office.engine) as db, db.begin():
        claim = claim_by_number(db, number)
        receive(
            db, claim, objector=objector, contact="", body="不是原创", viewer_role="clerk",
            actor=CLERK.actor, now=START,
        )  # fmt: skip
        return open_holds(db, key(claim))


def test_scenario_04_a_publication_counts_working_days_and_a_saturday_that_is_worked() -> None:
    assert working_days_after(date(2026, 9, 29), 5) == date(2026, 10, 12)
    # Counting the first day, one less remains after it.
    assert working_days_after(date(2026, 9, 29), 4) == date(2026, 10, 10)


def test_scenario_06_a_nameless_objection_is_a_lead_and_a_signed_one_holds_its_line(
    office: Office,
) -> None:
    number, second_number = office.published(2_000_000), office.published(1_000_000)
    assert object_to(office, number, " ") == []
    assert object_to(office, number, "某公司") == ["objection"]
    with pytest.raises(Conflict, match="case_held: hold=objection"):
        propose(office, number)
    propose(office, second_number)


def test_scenario_10_a_firm_that_loses_its_credit_before_the_publication_ends_is_held(
    office: Office,
) -> None:
    number = office.published(3_000_000)
    day_four = START + timedelta(days=4)
    with Session(office.engine) as db, db.begin():
        hold = open_hold(
            db, claim_by_number(db, number), HoldKind.CREDIT, "列入严重失信名单",
            actor=CLERK.actor, now=day_four,
        )  # fmt: skip
        hold_id = key(hold)
    with pytest.raises(Conflict, match="case_held: hold=credit"):
        propose(office, number)
    with Session(office.engine) as db, db.begin():
        claim = claim_by_number(db, number)
        end_hold(db, claim, hold_id, "已移出", actor=APPROVER.actor, now=OVER)
    propose(office, number)
