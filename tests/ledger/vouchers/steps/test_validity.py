"""The days of a voucher, and the end of a policy version: two persons, and usage by its day."""

from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.types.range import Range
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.errors import NotFound, Refused
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.steps.openings import propose_voucher
from ledger.vouchers.steps.policy_ends import propose_end
from ledger.vouchers.steps.validity import propose_validity
from ledger.vouchers.tables import Voucher
from tests.support.accounts.rights import book
from tests.support.simulation import window
from tests.support.town import APPROVER, CLERK, NOW, POLICY, Town, rights_of, voucher_of
from tests.support.vouchers import audit

CAP = 500_000_000
SECOND = 24 * 60  # the first minute of the second day, in minutes since the town's first


def confirm(town: Town, decision: Decision) -> None:
    with Session(town.engine) as db, db.begin():
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
            viewer=APPROVER, now=NOW,
        )  # fmt: skip


def days(town: Town, since: date | None, until: date | None) -> None:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        decision = propose_validity(
            db, voucher_of(town), valid_from=since, valid_until=until, reason="核定",
            actor=CLERK.actor, now=NOW,
        )  # fmt: skip
    confirm(town, decision)


def end(town: Town, policy: str, until: date) -> None:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        decision = propose_end(db, policy, until, reason="换版", actor=CLERK.actor, now=NOW)
    confirm(town, decision)


@pytest.fixture
def two_days(town: Town) -> Town:
    """A minute at 60 yuan an hour on the first day, two on the second: 30 + 60 fen of subsidy."""
    town.report([window(0, 0), window(0, SECOND), window(0, SECOND + 1)])
    town.accrue()
    assert rights_of(town) == book(A=CAP - 90, C=90)
    return town


def first_day(owner: psycopg.Connection) -> date:
    row = owner.execute("SELECT min(day) FROM day_totals").fetchone()
    assert row
    return date.fromisoformat(str(row[0]))


def test_usage_outside_the_days_earns_nothing_and_comes_back_with_them(
    two_days: Town, owner: psycopg.Connection
) -> None:
    second = date.fromordinal(first_day(owner).toordinal() + 1)
    days(two_days, None, second)
    assert rights_of(two_days) == book(A=CAP - 30, C=30)
    days(two_days, second, None)
    assert rights_of(two_days) == book(A=CAP - 60, C=60)
    days(two_days, None, None)
    assert rights_of(two_days) == book(A=CAP - 90, C=90)
    assert audit(owner) == []


def test_days_that_are_none_or_the_same(town: Town) -> None:
    day = date(2026, 3, 1)
    for since, until, code in ((day, day, "no_days"), (None, None, "days_unchanged")):
        with Session(town.engine) as db, pytest.raises(Refused, match=code):
            propose_validity(
                db, voucher_of(town), valid_from=since, valid_until=until, reason="x",
                actor=CLERK.actor, now=NOW,
            )  # fmt: skip


def test_after_the_end_of_a_version_usage_earns_under_the_next(
    two_days: Town, owner: psycopg.Connection
) -> None:
    """The next version pays half; both were open, and the voucher is one."""
    second = date.fromordinal(first_day(owner).toordinal() + 1)
    owner.execute(
        "INSERT INTO clauses SELECT 'next', clause, digest, 50, 100, cap_fen, %s, true FROM clauses"
        " WHERE policy = %s AND clause = '09-1'",
        (Range(second, None), POLICY),
    )
    with Session(two_days.engine, expire_on_commit=False) as db, db.begin():
        project = db.get_one(Project, voucher_of(two_days).project_id)
        decision = propose_voucher(
            db, project, clause="09-1", policy="next", facts={}, actor=CLERK.actor, now=NOW
        )
    confirm(two_days, decision)
    two_days.accrue()
    assert rights_of(two_days) == book(
        A=CAP - 130, C=130
    )  # 30 % of the first day, 50 % of the next
    end(two_days, "next", date.fromordinal(second.toordinal() + 1))
    assert rights_of(two_days) == book(A=CAP - 130, C=130)
    end(two_days, POLICY, second)
    assert rights_of(two_days) == book(A=CAP - 130, C=130)
    assert audit(owner) == []


def test_a_version_that_ends_leaves_its_later_usage_without_support(
    two_days: Town, owner: psycopg.Connection
) -> None:
    end(two_days, POLICY, date.fromordinal(first_day(owner).toordinal() + 1))
    assert rights_of(two_days) == book(A=CAP - 30, C=30)


def test_what_cannot_be_ended(town: Town) -> None:
    with Session(town.engine) as db:
        with pytest.raises(NotFound, match="policy"):
            propose_end(db, "none", date(2026, 1, 1), reason="x", actor=CLERK.actor, now=NOW)
        with pytest.raises(Refused, match="policy_not_open"):
            propose_end(db, POLICY, date(1999, 1, 1), reason="x", actor=CLERK.actor, now=NOW)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE vouchers SET valid = '(,)'",
        "SELECT set_validity(1)",
        "INSERT INTO policy_ends (decision_id, policy, until) VALUES (1, 'x', '2026-01-01')",
        "INSERT INTO voucher_versions SELECT id, 'x', clause, 3, 10, '', now(), 'x' FROM vouchers",
    ],
)
def test_the_database_lets_nobody_do_it_alone(town: Town, attack: str) -> None:
    with town.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text(attack))
    with Session(town.engine) as db:
        assert db.get_one(Voucher, 1).valid.lower is None
