"""In a drill, who holds the secret of its clock says what time it is; nobody else does."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.app import create_app
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from tests.support.api.town import NOW

SECRET = "the clock of this drill"  # noqa: S105 - of a test
EXPIRES = "2030-01-01T00:00:00+00:00"


def ask(engine: sa.Engine, token: str, clock: str | None, secret: str | None = SECRET) -> int:
    """What a visitor whose token lasts until 2030 is answered."""
    with TestClient(create_app(engine, Settings(drill_clock=secret))) as client:
        headers = {"Authorization": f"Bearer {token}"}
        headers |= {"X-Drill-Clock": clock} if clock else {}
        return client.get("/api/v1/projects", headers=headers).status_code


@pytest.fixture
def token(database: Database) -> str:
    with Session(database.owner_engine()) as db, db.begin():
        return issue_token(
            db, role=Role.CLERK, person="某人", actor="machine:test", now=NOW,
            expires_at=datetime.fromisoformat(EXPIRES),
        )  # fmt: skip


def test_the_holder_of_the_secret_says_what_time_it_is(engine: sa.Engine, token: str) -> None:
    assert ask(engine, token, None) == 200
    assert ask(engine, token, f"{SECRET} 2029-12-31T00:00:00+08:00") == 200
    assert ask(engine, token, f"{SECRET} 2031-01-01T00:00:00+08:00") == 200


def test_a_credential_is_good_by_the_clock_on_the_wall(
    engine: sa.Engine, database: Database
) -> None:
    with Session(database.owner_engine()) as db, db.begin():
        expired = issue_token(
            db, role=Role.CLERK, person="某人", actor="machine:test", now=NOW,
            expires_at=NOW + timedelta(seconds=1),
        )  # fmt: skip
    assert ask(engine, expired, None) == 401
    assert ask(engine, expired, f"{SECRET} {NOW.isoformat()}") == 401, "no drill revives it"


@pytest.mark.parametrize(
    "when",
    [
        *("0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00+23:59", "1999-12-31T23:59:59+08:00"),
        *("2100-01-01T00:00:00+08:00", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_a_drill_is_in_this_century(engine: sa.Engine, token: str, when: str) -> None:
    assert ask(engine, token, f"{SECRET} {when}") == 422


@pytest.mark.parametrize("when", ["2000-01-01T00:00:00+08:00", "2099-12-31T23:59:59+08:00"])
def test_a_drill_may_be_anywhere_in_this_century(engine: sa.Engine, token: str, when: str) -> None:
    assert ask(engine, token, f"{SECRET} {when}") == 200


@pytest.mark.parametrize("clock", ["wrong 2029-12-31T00:00:00+08:00", "2029-12-31"])
def test_without_the_secret_the_header_is_refused(
    engine: sa.Engine, token: str, clock: str
) -> None:
    assert ask(engine, token, clock) == 403


def test_a_server_without_a_drill_refuses_it(engine: sa.Engine, token: str) -> None:
    assert ask(engine, token, f"{SECRET} 2029-12-31T00:00:00+08:00", secret=None) == 403


@pytest.mark.parametrize("when", ["yesterday", "2029-12-31T00:00:00"])
def test_a_moment_has_its_place_on_earth(engine: sa.Engine, token: str, when: str) -> None:
    assert ask(engine, token, f"{SECRET} {when}") == 422
