"""A token is renewed by itself and shortened by its renewal alone, whatever SQL is sent."""

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token

CHECK = errors.CheckViolation
BOSS, CLERK, SECOND = "securityadmin:主管#1", "clerk:甲#2", "clerk:乙#3"
END = "UPDATE tokens SET revoked_at = now(), revoked_by = '{by}' WHERE id = {token};"
OVERLAP = """
    INSERT INTO tokens (hash, role, person_id, renews, overlap_hours, created_at, created_by,
                        expires_at)
    SELECT sha256('mine'), role, person_id, id, 24, now(), 'clerk:甲#2', '2999-01-01'
    FROM tokens WHERE id = 2;
"""
SHORTEN = "UPDATE tokens SET replaced_at = {at}, expires_at = {end} WHERE id = {token};"
IN_A_DAY = "now() + interval '24 hours'"


@pytest.fixture
def people(owner: psycopg.Connection) -> None:
    for actor in (BOSS, CLERK, SECOND):
        role, name = actor.partition("#")[0].split(":")
        assert place_token(owner, role, name, "machine:test" if actor == BOSS else BOSS) == actor


def test_a_renewal_shortens_the_token_before_it_to_its_hours_and_no_other(
    database: Database, people: None
) -> None:
    def shorten(token: int = 2, at: str = "now()", end: str = IN_A_DAY) -> object:
        return attempt(database, SHORTEN.format(token=token, at=at, end=end))

    assert shorten() is CHECK, "nothing renews it"
    assert attempt(database, OVERLAP) is None
    assert shorten(token=3) is CHECK
    assert shorten(at="NULL") is CHECK
    assert shorten(end="now() + interval '25 hours'") is CHECK
    assert shorten(end="now()") is CHECK
    assert shorten() is None
    for again in (IN_A_DAY, "'2999-01-01'"):
        assert shorten(end=again) is errors.RestrictViolation
    assert attempt(database, OVERLAP.replace("'mine'", "'again'")) is CHECK, "it was renewed"


def test_a_renewal_leaves_the_token_before_it_a_week_at_most(
    database: Database, people: None
) -> None:
    for hours in ("169", "-1"):
        assert attempt(database, OVERLAP.replace("id, 24", f"id, {hours}")) is CHECK
    assert attempt(database, OVERLAP.replace("id, 24", "NULL, 24").replace(CLERK, BOSS)) is CHECK


def test_a_token_is_ended_by_its_own_identity(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    spare = place_token(owner, "approver", "甲").partition("#")[2]
    assert attempt(database, END.format(by=SECOND, token=spare)) is CHECK
    assert attempt(database, END.format(by=CLERK, token=spare)) is None
