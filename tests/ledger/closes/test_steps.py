"""A month is closed in two parts; what comes late is booked in an open month and points back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlmodel import Session

from ledger.closes import steps
from ledger.closes.codes import CloseKind, OpenKind
from ledger.closes.queries import closes as close_queries
from ledger.closes.tables import Close
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, Finding
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.reconciliation import Desk, bill
from tests.support.seals import seal_at, verified
from tests.support.simulation import minute, window
from tests.support.town import Town
from tests.support.vouchers import ask_no_cause, audit

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
CASHIER, BOSS = Viewer(105, "钱会计", Role.FINANCE), Viewer(106, "孙科长", Role.APPROVER)
TENTH = minute(60 * 24 * 40)  # of April
MAY = TENTH + timedelta(days=30)


@pytest.fixture
def town(metered_town: Town) -> Town:
    """100 GPU-minutes in March, a yuan each, accrued and not invoiced."""
    return metered_town


def close_usage(town: Town, month: date = MARCH, now: datetime = TENTH) -> Any:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        return steps.close_usage(db, month, actor=CASHIER.actor, now=now)


def propose(town: Town, month: date = MARCH, now: datetime = TENTH) -> Decision | Sequence[Finding]:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        return steps.propose_books(db, month, reason="月结", actor=CASHIER.actor, now=now)


def confirm(town: Town, decision: Decision | Sequence[Finding], now: datetime = TENTH) -> None:
    assert isinstance(decision, Decision), decision
    with Session(town.engine) as db, db.begin():
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest, viewer=BOSS,
            now=now,
        )  # fmt: skip


def close_of(town: Town, kind: CloseKind, month: date = MARCH) -> Close:
    with Session(town.engine, expire_on_commit=False) as db:
        close = close_queries.close_of(db, kind, month)
        assert close is not None
        return close


def test_usage_is_closed_with_what_it_came_to(town: Town) -> None:
    close = close_usage(town)
    assert isinstance(close, Close)
    assert close.figures["contracts"] == [{"contract": "k1", "cost_fen": 10_000}]
    assert (close.figures["windows"], close.figures["window_ms"]) == (100, 6_000_000)
    assert [finding.code for finding in close_usage(town)] == ["closed_before"]


def test_what_comes_late_is_booked_in_the_open_month_and_points_back(
    town: Town, owner: psycopg.Connection
) -> None:
    close_usage(town)
    town.report(window(1, n) for n in range(10))
    town.accrue(TENTH)
    close = close_of(town, CloseKind.USAGE)
    with Session(town.engine) as db:
        (cost,) = close_queries.late_costs(db, close)
        (posting,) = close_queries.late_postings(db, close)
    assert (cost.contract, cost.closed_fen, cost.now_fen) == ("k1", 10_000, 11_000)
    assert (posting.booked, posting.accrued_fen) == (APRIL, 300)
    assert audit(owner) == []


def test_books_never_wait_and_carry_what_is_open(town: Town) -> None:
    desk = Desk(town)
    close_usage(town)
    confirm(town, propose(town))
    close = close_of(town, CloseKind.BOOKS)
    month = {"kind": "month", "owner": "operator", "subject": "k1 2026-03", "since": "2026-04-01"}
    assert month | {"amount": 10_000} in close.items
    assert close.decision_id is not None
    # The invoice comes after the close: it is reconciled all the same, in the open month.
    desk.take(bill(1, 10_000))
    desk.reconcile()
    assert desk.rights().payable == 3_000


def test_open_decisions_and_unpriced_usage_are_listed_with_their_owners(
    town: Town, owner: psycopg.Connection
) -> None:
    Desk(town).take(bill(1, 10_000))
    result = Desk(town).propose()
    assert isinstance(result, Decision)
    owner.execute("ALTER TABLE prices DISABLE TRIGGER USER")
    owner.execute("UPDATE prices SET superseded_at = now(), superseded_by = 'x'")
    with Session(town.engine) as db:
        view = steps.preview(db, CloseKind.BOOKS, MARCH, now=TENTH)
    by_kind = {item.kind: item for item in view.items}
    unpriced, decision = by_kind[OpenKind.UNPRICED], by_kind[OpenKind.DECISION]
    assert (unpriced.subject, unpriced.amount) == ("p1 2026-03", 6_000_000)
    assert (decision.subject, decision.owner) == (f"#{result.id} {result.subject}", Role.CLERK)
    assert [finding.code for finding in view.obstacles] == ["usage_open"]


def test_figures_that_changed_between_the_two_take_another_decision(
    town: Town, owner: psycopg.Connection
) -> None:
    close_usage(town)
    decision = propose(town)
    move = "INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)"
    with owner.transaction():
        owner.execute("ALTER TABLE movements DISABLE TRIGGER USER")
        owner.execute(
            f"{move} SELECT min(posting_id), min(book_id), 'issue', 'entitlement', 'available', 1"
            " FROM movements".encode()
        )
        owner.execute("UPDATE postings SET booked = '2026-03-01'")
        owner.execute("ALTER TABLE movements ENABLE TRIGGER USER")
    with pytest.raises(Conflict, match="close_changed"):
        confirm(town, decision)


POST = """
    INSERT INTO postings (cause, used, booked, actor) VALUES ('bad', '{used}', '{booked}', 'x');
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT max(id), 1, 'reserve', 'available', 'reserved', 1 FROM postings;
"""
CLOSE = """
    INSERT INTO closes (kind, month, closed_at, closed_by, decision_id, figures, items, digest)
    VALUES ('{kind}', '{month}', '{at}', 'x', {decision}, '{{}}', '[]', digest_of('{{}}'))
"""


def test_the_application_books_nothing_into_a_closed_month(
    database: Database, town: Town, owner: psycopg.Connection
) -> None:
    ask_no_cause(owner)
    close_usage(town)
    for month_of_use, month in ((MARCH, MARCH), ("2026-02-01", MARCH)):
        attack = POST.format(used=month_of_use, booked=month)
        assert attempt(database, attack) is errors.CheckViolation
    confirm(town, propose(town))
    attack = POST.format(used=APRIL, booked=MARCH)
    assert attempt(database, attack) is errors.CheckViolation
    assert attempt(database, POST.format(used=MARCH, booked=APRIL)) is None, "late, and in time"


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        # again, with a gap, before the month is over, books without their usage or two persons
        (CLOSE.format(kind="usage", month=MARCH, at=MAY, decision="NULL"), errors.CheckViolation),
        (
            CLOSE.format(kind="usage", month="2026-05-01", at=MAY, decision="NULL"),
            errors.CheckViolation,
        ),
        (CLOSE.format(kind="usage", month=APRIL, at=TENTH, decision="NULL"), errors.CheckViolation),
        (CLOSE.format(kind="books", month=APRIL, at=MAY, decision="1"), errors.CheckViolation),
        (CLOSE.format(kind="books", month=MARCH, at=MAY, decision="1"), errors.CheckViolation),
        (CLOSE.format(kind="books", month=MARCH, at=MAY, decision="NULL"), errors.CheckViolation),
        ("UPDATE closes SET figures = '{}'", errors.InsufficientPrivilege),
        ("DELETE FROM closes", errors.InsufficientPrivilege),
        ("UPDATE numbering SET usage_closed = NULL", errors.InsufficientPrivilege),
    ],
)
def test_the_application_closes_nothing_out_of_order_and_opens_nothing(
    database: Database, town: Town, attack: str, error: type[psycopg.Error]
) -> None:
    close_usage(town)
    assert attempt(database, attack) is error


def test_a_close_is_sealed_and_whoever_opens_a_month_again_is_found(
    database: Database, town: Town, owner: psycopg.Connection
) -> None:
    close_usage(town)
    confirm(town, propose(town))
    seal_at(town.engine)
    assert verified(database).faults == []
    owner.execute("UPDATE numbering SET books_closed = NULL")
    (fault,) = verified(database).faults
    assert (fault.relation, fault.code) == ("numbering", "differs")
    owner.execute("UPDATE closes SET items = '[]' WHERE kind = 'books'")
    faults = {(fault.relation, fault.code) for fault in verified(database).faults}
    assert ("closes", "changed") in faults


def test_the_next_month_follows(town: Town) -> None:
    close_usage(town)
    assert [f.code for f in close_usage(town, date(2026, 5, 1), MAY)] == [
        "close_too_early", "month_before_open"
    ]  # fmt: skip
    assert isinstance(close_usage(town, APRIL, MAY), Close)
