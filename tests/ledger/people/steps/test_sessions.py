"""Browser sessions: how long they last, what ends them, and what stays of them."""

from datetime import datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.people.steps import credentials, sessions
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.sessions import Lasts, Place
from tests.support.people import FAR, place_token
from tests.support.vouchers import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LASTS = Lasts(idle=15 * MINUTE, absolute=8 * HOUR)
DESK = Place("d" * 43, "10.0.0.7", "Firefox")
ADMIN = "securityadmin:主管#1"


@pytest.fixture(autouse=True)
def administrator(owner: psycopg.Connection) -> None:
    assert place_token(owner, "securityadmin", "主管") == ADMIN


def token(engine: sa.Engine, person: str = "李四", expires_at: datetime = FAR) -> str:
    with Session(engine) as db, db.begin():
        return credentials.issue_token(
            db, role="auditor", person=person, actor=ADMIN, now=NOW, expires_at=expires_at
        )


@pytest.fixture
def clerk(engine: sa.Engine) -> str:
    return token(engine)


def open_one(
    engine: sa.Engine, secret: str, now: datetime = NOW, place: Place = DESK, lasts: Lasts = LASTS
) -> str:
    with Session(engine) as db, db.begin():
        viewer = credentials.viewer(db, secret, now)
        assert viewer
        return sessions.sign_in(db, viewer.token, place, lasts, now)


def visit(engine: sa.Engine, session: str, now: datetime, lasts: Lasts = LASTS) -> Viewer | None:
    with Session(engine) as db, db.begin():
        return sessions.signed_in(db, session, lasts, now)


def test_a_session_that_nobody_uses_ends(engine: sa.Engine, clerk: str) -> None:
    session = open_one(engine, clerk)
    for minutes in (14, 28, 42):  # each visit lets it go on
        assert visit(engine, session, NOW + minutes * MINUTE)
    assert visit(engine, session, NOW + 57 * MINUTE) is None
    assert visit(engine, session, NOW + 43 * MINUTE) is None, "an ended one stays so"


def test_a_session_in_use_ends_after_its_hours(engine: sa.Engine, clerk: str) -> None:
    session = open_one(engine, clerk)
    moment = NOW
    while moment < NOW + 8 * HOUR - 10 * MINUTE:
        moment += 10 * MINUTE
        assert visit(engine, session, moment)
    assert visit(engine, session, NOW + 8 * HOUR) is None


def test_the_settings_say_how_long(engine: sa.Engine, clerk: str) -> None:
    short = Lasts(idle=MINUTE, absolute=2 * MINUTE)
    session = open_one(engine, clerk, lasts=short)
    assert visit(engine, session, NOW + 59 * timedelta(seconds=1), short)
    assert visit(engine, session, NOW + MINUTE, short) is None


def test_a_session_ends_with_its_token(engine: sa.Engine, clerk: str) -> None:
    session, brief = open_one(engine, clerk), token(engine, "王五", NOW + 5 * MINUTE)
    short_session = open_one(engine, brief)
    assert visit(engine, short_session, NOW + 4 * MINUTE)
    assert visit(engine, short_session, NOW + 5 * MINUTE) is None
    viewer = visit(engine, session, NOW)
    assert viewer
    with Session(engine) as db, db.begin():
        credentials.revoke(db, viewer.token, ADMIN, NOW)
    assert visit(engine, session, NOW) is None


def test_signing_out_ends_the_session_alone(engine: sa.Engine, clerk: str) -> None:
    session, second = open_one(engine, clerk), open_one(engine, clerk)
    with Session(engine) as db, db.begin():
        sessions.sign_out(db, session, NOW)
        sessions.sign_out(db, session, NOW + HOUR)  # again changes nothing
    assert visit(engine, session, NOW) is None
    assert visit(engine, second, NOW)


def test_one_ends_ones_own_alone(engine: sa.Engine, clerk: str) -> None:
    session, strange = open_one(engine, clerk), open_one(engine, token(engine, "王五"))
    viewer, stranger = visit(engine, session, NOW), visit(engine, strange, NOW)
    assert viewer
    assert stranger
    with Session(engine) as db, db.begin():
        (row,) = sessions.sessions(db, viewer, LASTS, NOW)
        assert (row.address, row.browser, row.ended_at) == ("10.0.0.7", "Firefox", None)
        for _ in range(2):
            with pytest.raises(NotFound):
                sessions.end(db, stranger, row.id, NOW)
        sessions.end(db, viewer, row.id, NOW)
        sessions.end(db, viewer, row.id, NOW)
        assert sessions.sessions(db, viewer, LASTS, NOW)[0].ended_at == NOW
    assert visit(engine, session, NOW) is None
    assert visit(engine, strange, NOW)


def test_what_ended_by_itself_is_shown_as_ended(engine: sa.Engine, clerk: str) -> None:
    session = open_one(engine, clerk)
    viewer = visit(engine, session, NOW)
    assert viewer
    with Session(engine) as db:
        (unused,) = sessions.sessions(db, viewer, LASTS, NOW + 15 * MINUTE)
        assert unused.ended_at == NOW


def test_too_many_sessions_make_room(engine: sa.Engine, clerk: str) -> None:
    lines = [
        open_one(engine, clerk, NOW + number * timedelta(seconds=1))
        for number in range(sessions.SESSIONS_MAX + 2)
    ]
    later = NOW + MINUTE
    assert [visit(engine, s, later) is None for s in lines] == [True] * 2 + [False] * 10


def test_the_database_holds_no_secret(
    engine: sa.Engine, owner: psycopg.Connection, clerk: str
) -> None:
    session = open_one(engine, clerk)
    rows = owner.execute("SELECT s::text FROM sessions s").fetchall()
    assert rows
    for (row,) in rows:
        for secret in (session, DESK.device):
            assert secret not in row
            assert secret.encode().hex() not in row


def test_a_secret_of_another_kind_opens_nothing(engine: sa.Engine, clerk: str) -> None:
    for secret in ("", clerk, "x" * 10_000, "'; DROP TABLE sessions; --", "\x00"):
        assert visit(engine, secret, NOW) is None


@pytest.mark.parametrize("change", ["ended_at = NULL", "seen_at = now()", "ended_at = now()"])
def test_an_ended_session_is_not_revived(engine: sa.Engine, clerk: str, change: str) -> None:
    session = open_one(engine, clerk)
    with Session(engine) as db, db.begin():
        sessions.sign_out(db, session, NOW)
    with pytest.raises(sa.exc.IntegrityError, match="stays"), engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE sessions SET {change}"))
