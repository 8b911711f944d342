"""The application's role makes no login that nobody was invited to, and undoes no use."""

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token

SOON = "now() + interval '1 day'"


def number(actor: str) -> int:
    return int(actor.rpartition("#")[2])


def invitation(token: int, actor: str, used: str = "NULL") -> str:
    return (
        "INSERT INTO invitations (hash, token_id, created_at, created_by, expires_at, used_at)"
        f" VALUES (sha256('{token}'), {token}, now(), '{actor}', {SOON}, {used});"
    )


def login(token: int, name: str = "lisi") -> str:
    return f"INSERT INTO logins (token_id, name, created_at) VALUES ({token}, '{name}', now());"


def wait(owner: psycopg.Connection, person: str, admin: str) -> int:
    """The number of a clerk's token that nobody has confirmed."""
    row = owner.execute(
        "INSERT INTO tokens (hash, role, person_id, created_at, created_by, expires_at)"
        " SELECT sha256('waits'), 'clerk', id, now(), %s, '2999-01-01' FROM persons"
        " WHERE name = %s RETURNING id",
        (admin, person),
    ).fetchone()
    assert row
    return int(row[0])


USE = "UPDATE invitations SET used_at = now();"
ADD = """
    INSERT INTO authenticators (invitation_id, secret, set_at)
        SELECT id, substr(sha256('x'), 1, 20), now() FROM invitations;
"""


@pytest.fixture
def admin(owner: psycopg.Connection) -> str:
    return place_token(owner, "securityadmin", "主管")


@pytest.fixture
def token(owner: psycopg.Connection, admin: str) -> int:
    return number(place_token(owner, "auditor", "李四", admin))


def test_an_invitation_is_of_who_made_the_token(
    database: Database, owner: psycopg.Connection, admin: str, token: int
) -> None:
    other = place_token(owner, "securityadmin", "副主管")
    theirs = number(place_token(owner, "auditadmin", "查账"))
    for attack in (
        invitation(token, other),
        invitation(token, "securityadmin:无人#999"),
        invitation(token, place_token(owner, "clerk", "王五", admin)),
        invitation(theirs, admin),
        invitation(theirs, "machine:test"),
        invitation(token, admin, used="now()"),
    ):
        assert attempt(database, attack) is errors.CheckViolation, attack
    assert attempt(database, invitation(token, admin)) is None
    assert attempt(database, invitation(token, admin)) is errors.UniqueViolation


def test_a_login_and_an_authenticator_stand_on_an_invitation_that_was_used(
    database: Database, admin: str, token: int
) -> None:
    assert attempt(database, login(token)) is errors.CheckViolation
    invited = invitation(token, admin)
    assert attempt(database, invited + login(token)) is errors.CheckViolation
    assert attempt(database, invited + ADD) is errors.CheckViolation
    assert attempt(database, invited + USE + login(token) + ADD) is None
    assert attempt(database, ADD) is errors.UniqueViolation, "another takes another invitation"
    assert attempt(database, USE) is errors.RestrictViolation


def test_a_login_stays_with_its_person_and_waits_for_the_second(
    database: Database, owner: psycopg.Connection, admin: str, token: int
) -> None:
    other = number(place_token(owner, "auditor", "王五", admin))
    waiting = wait(owner, "李四", admin)
    mine = invitation(token, admin) + USE + login(token)
    assert attempt(database, mine) is None
    for target in (other, waiting):
        move = f"{invitation(target, admin)} UPDATE invitations SET used_at = now()"
        move += f" WHERE token_id = {target}; UPDATE logins SET token_id = {target};"
        assert attempt(database, move) is errors.CheckViolation
    assert attempt(database, login(token, "li")) is errors.UniqueViolation
    for name in ("x", "li si", "li\u200bsi"):
        again = f"UPDATE logins SET name = '{name}'"
        assert attempt(database, again) is errors.InsufficientPrivilege


def test_what_was_used_and_what_failed_stays(
    database: Database, owner: psycopg.Connection, admin: str, token: int
) -> None:
    statement = (
        invitation(token, admin)
        + USE
        + login(token)
        + ADD
        + """
        INSERT INTO code_steps SELECT id, 1 FROM authenticators;
        INSERT INTO recovery_codes (hash, authenticator_id)
            SELECT sha256('r'), id FROM authenticators;
        UPDATE recovery_codes SET used_at = now();
        INSERT INTO passwords (login_id, hash, set_at) SELECT id, '$argon2id$x', now() FROM logins;
        INSERT INTO failed_sign_ins (login_id, source, address, browser, fault, at)
            SELECT id, sha256('s'), '10.0.0.7', '', 'code', now() FROM logins;
    """
    )
    assert attempt(database, statement) is None
    for attack, error in (
        ("INSERT INTO code_steps SELECT id, 1 FROM authenticators", errors.UniqueViolation),
        ("UPDATE recovery_codes SET used_at = NULL", errors.RestrictViolation),
        ("UPDATE invitations SET used_at = NULL", errors.RestrictViolation),
        ("UPDATE code_steps SET step = 2", errors.InsufficientPrivilege),
        ("DELETE FROM code_steps", errors.InsufficientPrivilege),
        ("UPDATE passwords SET hash = '$argon2id$y'", errors.InsufficientPrivilege),
        ("UPDATE authenticators SET secret = substr(sha256('y'), 1, 20)",
         errors.InsufficientPrivilege),
        ("UPDATE failed_sign_ins SET at = now()", errors.InsufficientPrivilege),
        ("DELETE FROM failed_sign_ins", errors.InsufficientPrivilege),
        ("INSERT INTO passwords (login_id, hash, set_at) SELECT id, 'plain', now() FROM logins",
         errors.CheckViolation),
    ):  # fmt: skip
        assert attempt(database, attack) is error, attack
