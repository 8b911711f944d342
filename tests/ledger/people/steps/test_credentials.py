"""Tokens: who gets in, until when, and what a thief of the database gets."""

from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger.errors import NotFound, Refused
from ledger.people.codes import Role
from ledger.people.rules import ADMINISTRATORS, TAKES_TWO
from ledger.people.steps import credentials as doors
from ledger.people.steps.credentials import Viewer
from tests.support.people import FAR, place_token
from tests.support.simulation import place
from tests.support.vouchers import NOW, place_project

HOUR = timedelta(hours=1)
ADMIN = "securityadmin:主管#1"


@pytest.fixture(autouse=True)
def administrator(owner: psycopg.Connection) -> None:
    """The first one, made by the owner of the machine."""
    assert place_token(owner, "securityadmin", "主管") == ADMIN


@pytest.fixture
def clerk(engine: sa.Engine) -> str:
    with Session(engine) as db, db.begin():
        return doors.issue_token(
            db, role="auditor", person="李四", actor=ADMIN, now=NOW, expires_at=NOW + 24 * HOUR
        )


def test_a_token_says_who_comes(engine: sa.Engine, clerk: str) -> None:
    with Session(engine) as db:
        viewer = doors.viewer(db, clerk, NOW)
    assert viewer is not None
    assert viewer == Viewer(viewer.token, "李四", Role.AUDITOR)
    assert viewer.actor == f"auditor:李四#{viewer.token}"


def test_nobody_comes_by_another_secret(engine: sa.Engine, clerk: str) -> None:
    texts = ["", "sq_", "x" * 10_000, "sq_" + "A" * 43, "'; DROP TABLE tokens; --", "\x00"]
    with Session(engine) as db:
        for secret in texts:
            assert doors.viewer(db, secret, NOW) is None


def test_a_token_ends_at_its_moment(engine: sa.Engine, clerk: str) -> None:
    with Session(engine) as db:
        assert doors.viewer(db, clerk, NOW + 24 * HOUR - timedelta(microseconds=1))
        assert doors.viewer(db, clerk, NOW + 24 * HOUR) is None


def test_a_revoked_token_is_dead(engine: sa.Engine, clerk: str) -> None:
    with Session(engine) as db, db.begin():
        viewer = doors.viewer(db, clerk, NOW)
        assert viewer
        doors.revoke(db, viewer.token, ADMIN, NOW)
        doors.revoke(db, viewer.token, ADMIN, NOW + HOUR)  # again changes nothing
        assert doors.viewer(db, clerk, NOW) is None
        token, _ = doors.tokens(db)
        assert token.revoked_at == NOW


def test_an_unknown_token_cannot_be_revoked(engine: sa.Engine) -> None:
    with Session(engine) as db, pytest.raises(NotFound):
        doors.revoke(db, 12345, ADMIN, NOW)


def test_a_role_has_exactly_its_scope(engine: sa.Engine, owner: psycopg.Connection) -> None:
    place(owner, gpus=0)
    row = owner.execute("SELECT id FROM centres").fetchone()
    assert row
    project, centre = place_project(owner, "m1"), int(row[0])
    right = {Role.BUILDER: (project, None), Role.OPERATOR: (None, centre)}
    for role in set(Role) - ADMINISTRATORS:
        for scope in ((None, None), (project, None), (None, centre), (project, centre)):
            outcome = scoped(engine, role, *scope)
            assert outcome == (scope == right.get(role, (None, None))), (role, scope)


def scoped(engine: sa.Engine, role: Role, project: int | None, centre: int | None) -> bool:
    """Whether such a token can be made; one that was made opens just this."""
    with Session(engine) as db:
        try:
            secret = doors.issue_token(
                db,
                role=role,
                person="x",
                project=project,
                centre=centre,
                actor=ADMIN,
                now=NOW,
                expires_at=FAR,
            )
        except Refused as refused:
            assert refused.code in {"token_project", "token_centre"}  # noqa: PT017 - either is right
            return False
        viewer = doors.viewer(db, secret, NOW)
    if role in TAKES_TWO:
        assert viewer is None, "it waits for a second security administrator"
        return True
    assert viewer
    assert (viewer.role, viewer.project, viewer.centre) == (role, project, centre)
    return True


def test_a_role_that_is_none_is_refused(engine: sa.Engine) -> None:
    with Session(engine) as db, pytest.raises(Refused) as refused:
        doors.issue_token(db, role="king", person="x", actor=ADMIN, now=NOW, expires_at=FAR)
    assert refused.value.code == "token_role"


@pytest.mark.parametrize(
    "hidden", ["\ufe0f", "\U000e0100", "\u034f", "\u3164", "\u2800", "\u200b", "\n"]
)
def test_a_name_with_what_is_not_seen_is_refused(engine: sa.Engine, hidden: str) -> None:
    with Session(engine) as db, pytest.raises(Refused) as refused:
        doors.issue_token(
            db, role="auditor", person=f"李{hidden}四", actor=ADMIN, now=NOW, expires_at=FAR
        )
    assert refused.value.code == "token_person"


@pytest.mark.parametrize(
    "by",
    [
        "machine:root",
        "server",
        "test",
        "securityadmin:主管#2",
        "securityadmin:甲#1",
        "auditor:主管#1",
    ],
)
def test_only_a_real_administrator_makes_tokens(engine: sa.Engine, by: str) -> None:
    with (
        Session(engine) as db,
        pytest.raises(IntegrityError, match="made by a security administrator"),
    ):
        doors.issue_token(db, role="auditor", person="x", actor=by, now=NOW, expires_at=FAR)


def test_a_revoked_administrator_makes_no_token(engine: sa.Engine) -> None:
    with Session(engine) as db, db.begin():
        doors.revoke(db, 1, ADMIN, NOW)
    with (
        Session(engine) as db,
        pytest.raises(IntegrityError, match="made by a security administrator"),
    ):
        doors.issue_token(db, role="auditor", person="x", actor=ADMIN, now=NOW, expires_at=FAR)


def test_a_token_that_would_never_be_good_is_refused(engine: sa.Engine) -> None:
    with Session(engine) as db, pytest.raises(Refused) as refused:
        doors.issue_token(db, role="auditor", person="x", actor=ADMIN, now=NOW, expires_at=NOW)
    assert refused.value.code == "token_expired"


def test_the_database_holds_no_secret(
    engine: sa.Engine, owner: psycopg.Connection, clerk: str
) -> None:
    rows = owner.execute("SELECT t::text FROM tokens t").fetchall()
    assert rows
    for (row,) in rows:
        assert clerk not in row
        assert clerk.encode().hex() not in row
        assert clerk.removeprefix("sq_") not in row


def test_no_two_secrets_are_alike(engine: sa.Engine) -> None:
    with Session(engine) as db:
        texts = {
            doors.issue_token(db, role="auditor", person="x", actor=ADMIN, now=NOW, expires_at=FAR)
            for _ in range(50)
        }
    assert len(texts) == 50
    assert all(len(secret) == 46 and secret.startswith("sq_") for secret in texts)
