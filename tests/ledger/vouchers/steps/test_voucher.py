"""Opening a voucher: once for a project, for the whole cap of its clause."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import post, rights
from ledger.accounts.rules.targets import Rights
from ledger.errors import Conflict, NotFound, Refused
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Voucher
from tests.support.vouchers import MONTH, NOW, accrue, audit, place_clause, place_project, uncaused

CAP = 500_000_000  # 5,000,000.00 yuan


@pytest.fixture
def project(owner: psycopg.Connection) -> int:
    place_clause(owner, CAP)
    place_clause(owner, 200_000_000, clause="14-1")
    place_clause(owner, 1, policy="next")
    return place_project(owner, "zhi-1")


def new_voucher(engine: sa.Engine, project: int, **fields: Any) -> Voucher:
    order: dict[str, Any] = {"clause": "09-1", "policy": "draft", "now": NOW} | fields
    with Session(engine, expire_on_commit=False) as db, db.begin():
        return open_voucher(db, project=project, facts={"parameters": 7}, actor="clerk", **order)


def test_a_voucher_promises_the_whole_cap(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    voucher = new_voucher(engine, project)
    assert (voucher.clause, voucher.policy, voucher.project_id) == ("09-1", "draft", project)
    assert (voucher.cap_scope, voucher.facts) == ("model:zhi-1", {"parameters": 7})
    assert (voucher.opened_at, voucher.opened_by) == (NOW, "clerk")
    with Session(engine) as db:
        no_rights = dict.fromkeys(Rights.__dataclass_fields__, 0)
        amounts = Rights(**no_rights | {"clause": -CAP, "available": CAP})
        assert rights(db, voucher.book_id) == amounts
    moves = owner.execute("SELECT kind, amount FROM movements ORDER BY id").fetchall()
    assert moves == [("eligible", CAP), ("issue", CAP)]
    assert audit(owner) == []


def test_a_talent_team_has_a_cap_of_its_own(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    team = place_project(owner, "zhi-1-team", kind="team")
    assert new_voucher(engine, team, clause="14-1").cap_scope == "team:zhi-1-team"


def test_the_month_is_that_of_beijing(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    new_voucher(engine, project, now=datetime(2026, 11, 30, 16, tzinfo=UTC))  # midnight in Beijing
    row = owner.execute("SELECT used, booked FROM postings").fetchone()
    assert row == (date(2026, 12, 1), date(2026, 12, 1))


def test_again_gives_the_same_voucher(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    first = new_voucher(engine, project)
    with uncaused(owner), Session(engine) as db, db.begin():
        post(
            db, cause="a", used_on=MONTH, booked=MONTH, actor="x", moves={first.book_id: accrue(30)}
        )
    again = new_voucher(engine, project)
    assert (again.id, again.book_id) == (first.id, first.book_id)
    with Session(engine) as db:
        assert rights(db, first.book_id).available == CAP - 30
    assert audit(owner) == []


def test_another_version_of_the_clause_is_the_same_voucher(
    engine: sa.Engine, project: int, owner: psycopg.Connection
) -> None:
    first = new_voucher(engine, project)
    assert new_voucher(engine, project, policy="next").id == first.id
    new_voucher(engine, project, policy="next")
    rows = owner.execute("SELECT policy FROM voucher_versions ORDER BY policy").fetchall()
    assert rows == [("draft",), ("next",)]
    with Session(engine) as db:
        assert rights(db, first.book_id).available == CAP


def test_another_clause_is_a_conflict(engine: sa.Engine, project: int) -> None:
    new_voucher(engine, project)
    with pytest.raises(Conflict) as caught:
        new_voucher(engine, project, clause="14-1")
    params = {"project": "zhi-1", "policy": "draft", "clause": "09-1"}
    assert (caught.value.code, caught.value.params) == ("voucher_exists", params)


def test_an_unknown_project_or_clause_is_not_found(engine: sa.Engine, project: int) -> None:
    with pytest.raises(NotFound, match="project"):
        new_voucher(engine, 99)
    with pytest.raises(NotFound, match="clause"):
        new_voucher(engine, project, clause="03-1")


def test_a_version_that_may_not_pay_issues_nothing(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    owner.execute("UPDATE clauses SET complete = false, effective = NULL")
    with pytest.raises(Refused, match="not_payable"):
        new_voucher(engine, project)
    assert owner.execute("SELECT count(*) FROM vouchers").fetchone() == (0,)


def test_two_who_open_at_once_get_one_voucher(
    engine: sa.Engine, owner: psycopg.Connection, project: int
) -> None:
    with ThreadPoolExecutor(5) as pool:
        vouchers = list(pool.map(lambda _: new_voucher(engine, project), range(20)))
    assert len({voucher.id for voucher in vouchers}) == 1
    assert owner.execute("SELECT count(*) FROM vouchers").fetchone() == (1,)
    assert audit(owner) == []
