"""Nobody is linked with a login but by its holder, whatever SQL the application's role sends."""

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token

CHECK = errors.CheckViolation


def link(actor: str, subject: str = "mine", login: int = 1) -> str:
    return (
        "INSERT INTO subjects (issuer, subject, login_id, created_at, created_by)"
        f" VALUES ('https://a.example', '{subject}', {login}, now(), '{actor}');"
    )


@pytest.fixture
def holder(owner: psycopg.Connection) -> str:
    """Somebody with a login, the first one."""
    admin = place_token(owner, "securityadmin", "主管")
    actor = place_token(owner, "auditor", "李四", admin)
    owner.execute(
        "INSERT INTO invitations (hash, token_id, created_at, created_by, expires_at)"
        " VALUES (sha256('x'), token_of(%s), now(), 'x', now() + interval '1 h')",
        (actor,),
    )
    owner.execute("UPDATE invitations SET used_at = now()")
    owner.execute(
        "INSERT INTO logins (token_id, name, created_at) VALUES (token_of(%s), 'lisi', now())",
        (actor,),
    )
    return actor


def test_only_the_holder_links_a_login(
    database: Database, owner: psycopg.Connection, holder: str
) -> None:
    other = place_token(owner, "auditor", "王五")
    admin = place_token(owner, "securityadmin", "副主管")
    for actor in ("", "server", "machine:root", "auditor:李四#99", other, admin):
        assert attempt(database, link(actor)) is CHECK, actor
    assert attempt(database, link(holder)) is None
    assert attempt(database, link(holder, "another")) is errors.UniqueViolation, "one at a time"


def test_an_end_stays_and_a_token_that_has_ended_links_nothing(
    database: Database, owner: psycopg.Connection, holder: str
) -> None:
    assert attempt(database, link(holder)) is None
    assert attempt(database, "UPDATE subjects SET ended_at = now()") is None
    assert attempt(database, "UPDATE subjects SET ended_at = NULL") is errors.RestrictViolation
    for change in ("subject = 'other'", "login_id = 1", "issuer = 'https://b.example'"):
        error = attempt(database, f"UPDATE subjects SET {change}")
        assert error is errors.InsufficientPrivilege
    owner.execute("UPDATE tokens SET revoked_at = now() WHERE id = token_of(%s)", (holder,))
    assert attempt(database, link(holder)) is CHECK
