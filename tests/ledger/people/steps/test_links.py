"""A link of the machine signs in once, for minutes; who a drill's people are, and where."""

from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.people.steps import credentials, drill, links
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import FAR, place_token
from tests.support.vouchers import NOW, USCC


def number(actor: str) -> int:
    return int(actor.rpartition("#")[2])


@pytest.fixture
def token(owner: psycopg.Connection) -> int:
    return number(place_token(owner, "clerk", "李四"))


@pytest.fixture
def secret(database: Database, token: int) -> str:
    with Session(database.owner_engine()) as db, db.begin():
        return links.make_link(db, token, "machine:test", NOW)


def test_a_link_signs_in_once(engine: sa.Engine, token: int, secret: str) -> None:
    with Session(engine) as db, db.begin():
        assert links.use_link(db, "x", NOW) is None
        viewer = links.use_link(db, secret, NOW)
        assert viewer
        assert (viewer.token, viewer.person) == (token, "李四")
    with Session(engine) as db, db.begin():
        assert links.use_link(db, secret, NOW) is None


@pytest.mark.parametrize("end", ["late", "revoked"])
def test_a_link_ends_with_its_minutes_and_with_its_token(
    engine: sa.Engine, owner: psycopg.Connection, token: int, secret: str, end: str
) -> None:
    if end == "revoked":
        owner.execute("UPDATE tokens SET revoked_at = now() WHERE id = %s", (token,))
    at = NOW + (links.LASTS if end == "late" else timedelta())
    with Session(engine) as db, db.begin():
        assert links.use_link(db, secret, at) is None


def test_the_application_makes_no_link_and_uses_none_again(
    database: Database, engine: sa.Engine, token: int, secret: str
) -> None:
    statements = (
        "INSERT INTO sign_in_links (hash, token_id, created_at, created_by, expires_at)"
        f" VALUES (sha256('x'), {token}, now(), 'machine:test', now() + interval '1 minute')"
    )
    assert attempt(database, statements) is errors.InsufficientPrivilege
    assert attempt(database, "UPDATE sign_in_links SET used_at = now()") is None
    error = attempt(
        database,
        "UPDATE sign_in_links SET used_at = now(); UPDATE sign_in_links SET used_at = NULL",
    )
    assert error is errors.RestrictViolation


# --- the made-up people of a drill -------------------------------------------------------------


def hire(database: Database) -> str:
    with Session(database.owner_engine()) as db, db.begin():
        return credentials.issue_token(
            db, role="clerk", person="演练经办", actor=drill.MAKER, now=NOW, expires_at=FAR
        )


def project(owner: psycopg.Connection, *, made_up: bool) -> None:
    owner.execute(
        "INSERT INTO organisations (uscc, name) VALUES (%s, '测试单位') ON CONFLICT DO NOTHING",
        (USCC,),
    )
    owner.execute(
        "INSERT INTO projects (code, name, kind, organisation_id, drill)"
        " SELECT %s, 'x', 'model', id, %s FROM organisations",
        (f"p-{made_up}", made_up),
    )


def test_only_made_up_people_are_played(database: Database, engine: sa.Engine, token: int) -> None:
    hire(database)
    with Session(engine) as db:
        (part,) = drill.parts(db, NOW)
        assert (part.person, part.role) == ("演练经办", "clerk")
        assert drill.play(db, part.token, NOW).person == "演练经办"
        for token_id in (token, 999):
            with pytest.raises(NotFound):
                drill.play(db, token_id, NOW)


def test_the_application_makes_nobody_up(database: Database, engine: sa.Engine) -> None:
    text = "INSERT INTO persons (name, created_at, created_by) VALUES ('x', now(), 'machine:drill')"
    assert attempt(database, text) is errors.CheckViolation


def test_a_drill_stays_a_drill(
    database: Database, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    hire(database)
    project(owner, made_up=True)
    with pytest.raises(errors.CheckViolation, match="a drill stays a drill"):
        project(owner, made_up=False)


def test_where_a_real_project_is_nobody_is_made_up(
    database: Database, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    project(owner, made_up=False)
    with Session(engine) as db:
        assert not drill.may_be_drill(db)
    with pytest.raises(sa.exc.IntegrityError, match="a drill stays a drill"):
        hire(database)
