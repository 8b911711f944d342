"""What the database itself holds of claims, whatever program speaks to it."""

import itertools
from contextlib import suppress

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.errors import CheckViolation
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from ledger.claims.rules.courses import ACTIONS, ROLES, STATES, STEPS, VOUCHER, moves, stands
from ledger.claims.rules.holds import HOLDS
from ledger.claims.rules.pairs import BARRED
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.cases.courses import COURSES, NO_COURSES
from tests.support.invoices import SELLER
from tests.support.simulation import START
from tests.support.vouchers import place_voucher

EVERYBODY = (*ROLES, "auditor", "securityadmin")
MOVES = moves(VOUCHER)
_LAY = """
    INSERT INTO case_courses (course, place, stage)
    SELECT %s, place, stage FROM unnest(%s::text[]) WITH ORDINALITY AS laid (stage, place)
"""

_CLAIM = """
    INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)
    SELECT 'DF-1', %s, id, 30, 'draft', now(), 'test' FROM organisations RETURNING id
"""
_NUMBERED = """
    INSERT INTO claim_events (claim_id, seq, state, action, role, next, actor, at)
    VALUES (%s, %s, %s, %s, %s, %s, 'test', now())
"""
_EVENT = """
    INSERT INTO claim_events (claim_id, state, action, role, next, actor, at)
    VALUES (:claim, :state, :action, :role, :next, 'test', :at)
"""


@pytest.fixture
def claim(engine: sa.Engine, owner: psycopg.Connection) -> int:
    voucher = place_voucher(owner, engine, 100)
    row = owner.execute(_CLAIM, (voucher.id,)).fetchone()
    assert row
    return int(row[0])


def test_the_tables_of_cases_are_the_same_in_code_and_database(owner: psycopg.Connection) -> None:
    steps = owner.execute("SELECT action, roles, states, next FROM case_steps").fetchall()
    assert {action: (roles, states, n) for action, roles, states, n in steps} == STEPS
    pairs = owner.execute("SELECT action, taken FROM barred_steps").fetchall()
    assert set(pairs) == {(action, step) for action in BARRED for step in BARRED[action]}
    kinds = owner.execute("SELECT kind, owner, days, gates FROM hold_kinds").fetchall()
    assert {kind: (role, days, set(gates)) for kind, role, days, gates in kinds} == {
        kind: (hold.owner, hold.days, set(hold.gates)) for kind, hold in HOLDS.items()
    }


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_every_course_has_the_same_moves_in_code_and_database(
    owner: psycopg.Connection, course: tuple[str, ...]
) -> None:
    owner.execute(_LAY, ("of-this-test", list(course)))
    rows = owner.execute(
        "SELECT state, action, role, next FROM case_moves WHERE course = 'of-this-test'"
    ).fetchall()
    assert {(state, action, role): following for state, action, role, following in rows} == moves(
        course
    )


@pytest.mark.parametrize("course", NO_COURSES, ids=str)
def test_what_is_no_course_is_not_laid(owner: psycopg.Connection, course: tuple[str, ...]) -> None:
    assert not stands(course)
    with pytest.raises(psycopg.errors.IntegrityError):
        owner.execute(_LAY, ("of-this-test", list(course)))


def test_a_course_stands_as_it_was_laid(owner: psycopg.Connection) -> None:
    with pytest.raises(CheckViolation, match="is no course"):
        owner.execute("INSERT INTO case_courses VALUES ('voucher', 8, 'scored')")


def test_every_state_action_and_role_leads_where_the_table_says_or_nowhere(
    owner: psycopg.Connection, claim: int
) -> None:
    """What the table does not list is refused, whatever next state a program may write."""
    owner.execute(
        "ALTER TABLE claim_events DISABLE TRIGGER move"
    )  # it asks for more than the table
    owner.execute("ALTER TABLE claim_events DISABLE TRIGGER named")
    moves_made: dict[tuple[str, str, str], str] = {}
    with owner.transaction():
        for key in itertools.product(STATES, ACTIONS, EVERYBODY):
            for following in {MOVES.get(key, "paid"), "paid", "approved", "draft"}:
                with suppress(psycopg.errors.ForeignKeyViolation):
                    with owner.transaction():
                        owner.execute(_NUMBERED, (claim, len(moves_made) + 1, *key, following))
                    moves_made[key] = following
    assert moves_made == MOVES


def test_a_step_begins_where_the_case_is(engine: sa.Engine, claim: int) -> None:
    event = {
        "claim": claim, "state": "submitted", "action": "accept", "role": "clerk",
        "next": "accepted", "at": START,
    }  # fmt: skip
    with Session(engine) as db, pytest.raises(IntegrityError, match="the case is draft"):
        db.execute(text(_EVENT), event)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE claims SET state = 'paid'",
        "UPDATE claims SET fen = 60",
        "UPDATE claim_events SET actor = 'x'",
        "DELETE FROM claims",
        "DELETE FROM objections",
        "INSERT INTO case_moves VALUES ('voucher', 'draft', 'pay', 'builder', 'paid')",
        "INSERT INTO case_courses VALUES ('mine', 1, 'draft')",
        "UPDATE hold_kinds SET gates = '{}'",
        "DELETE FROM barred_steps",
        "UPDATE claims SET course = 'mine'",
        (
            "INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)"
            " SELECT 'DF-2', voucher_id, payee_id, fen, 'approved', now(), 'x' FROM claims"
        ),
        (
            "INSERT INTO claim_events (claim_id, seq, state, action, role, next, actor, at)"
            " SELECT id, 7, 'draft', 'submit', 'clerk', 'submitted', 'x', now() FROM claims"
        ),
    ],
)
def test_the_application_writes_no_past_and_no_state(
    engine: sa.Engine, claim: int, statement: str
) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(statement))


def test_a_claim_is_paid_to_whom_the_registry_names(
    owner: psycopg.Connection, database: Database, claim: int
) -> None:
    """Whatever organisation has a confirmed account; a payee of another day is none today."""
    owner.execute("INSERT INTO organisations (uscc, name) VALUES (%s, '别家')", (SELLER,))
    claim_for = """
        INSERT INTO claims (number, voucher_id, payee_id, fen, opened_at, opened_by)
        SELECT 'DF-9', c.voucher_id, o.id, 30, {moment}, 'x' FROM claims c, organisations o
        WHERE o.name = '别家'
    """
    assert attempt(database, claim_for.format(moment="now()")) is CheckViolation
    owner.execute(
        "INSERT INTO relations (kind, organisation_id, project_id, valid, recorded_at, recorded_by)"
        " SELECT 'payee', o.id, p.id, '[2026-01-01,2026-02-01)', now(), 'x'"
        " FROM organisations o, projects p WHERE o.name = '别家'"
    )
    assert attempt(database, claim_for.format(moment="'2026-02-01 00:00+08'")) is CheckViolation
    assert attempt(database, claim_for.format(moment="'2026-01-31 23:59+08'")) is None


@pytest.mark.parametrize("who", ["x", "clerk:李四#102", "approver:无此人#9999"])
def test_an_objection_is_resolved_by_an_approver_who_is_there(
    owner: psycopg.Connection, engine: sa.Engine, claim: int, who: str
) -> None:
    owner.execute("ALTER TABLE publications DISABLE TRIGGER USER")
    owner.execute(
        "WITH p AS (INSERT INTO publications (claim_id, since, until, days, content, published_at,"
        " published_by) VALUES (%s, '2026-04-09', '2026-04-15', 5, '{}', now(), 'x') RETURNING id)"
        " INSERT INTO objections (publication_id, objector, contact, body, received_at,"
        " received_by) SELECT id, '邻居', '', '不实', now(), 'x' FROM p",
        (claim,),
    )
    owner.execute("ALTER TABLE objections DISABLE TRIGGER a_resolver")  # nobody is given a token
    attack = "UPDATE objections SET upheld = false, resolution = '不成立', resolved_at = now()"
    with engine.connect() as connection, pytest.raises(IntegrityError, match="no objection"):
        connection.execute(text(f"{attack}, resolved_by = :who"), {"who": who})
