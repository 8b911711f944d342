"""The event log under raw SQL: rows are added and stay, name nobody who is not there, and chain."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.people.steps.events import ChainState, chain_state, link
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token

DENIED = errors.InsufficientPrivilege
ADD = (
    "INSERT INTO events (token_id, address, request, act, noun, number, result, code, omitted)"
    " SELECT {}, '192.0.2.7', 'r', 'POST /x', 'x', n::text, 'done', '', 0"
    " FROM generate_series(1, {}) n"
)


@pytest.fixture
def token(owner: psycopg.Connection) -> str:
    """A clerk's actor."""
    return place_token(owner, "clerk", "李四")


def add(engine: sa.Engine, token: str, count: int = 1) -> None:
    with engine.begin() as connection:
        number = token.rpartition("#")[2]
        connection.execute(sa.text(ADD.format(number, count)))


def state(engine: sa.Engine) -> ChainState:
    with Session(engine) as db, db.begin():
        return chain_state(db)


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE events SET actor = 'x'",
        "UPDATE events SET result = 'refused'",
        "DELETE FROM events",
        "TRUNCATE events CASCADE",
        "INSERT INTO event_links VALUES (1, 1, sha256('x'))",
        "UPDATE event_links SET hash = sha256('x')",
        "DELETE FROM event_links",
        ADD.replace("token_id", "at").format("now()", 1),
    ],
)
def test_the_application_changes_nothing_and_dates_nothing(
    database: Database, engine: sa.Engine, token: str, text: str
) -> None:
    add(engine, token)
    assert attempt(database, text) is DENIED


def test_nobody_is_named_who_is_not_there(
    database: Database, engine: sa.Engine, owner: psycopg.Connection, token: str
) -> None:
    assert attempt(database, ADD.format(999_999, 1)) is errors.CheckViolation
    add(engine, token)
    query = "SELECT actor, abs(extract(epoch FROM now() - at)) < 600 FROM events"
    assert owner.execute(query).fetchall() == [(token, True)]
    assert attempt(database, ADD.replace("token_id", "actor").format("'clerk:王五#1'", 1)) is None
    assert owner.execute(query).fetchall() == [(token, True), (None, True)]


@pytest.mark.parametrize(
    "command", ["admin create", "up", "db upgrade", "db check", "restore", "backup prune", "x"]
)
def test_the_application_claims_no_command_that_only_the_owner_can_carry_out(
    database: Database, owner: psycopg.Connection, command: str
) -> None:
    text = ADD.replace("token_id", "actor").replace("POST /x", f"command {command}")
    text = text.format("'machine:root'", 1)
    assert attempt(database, text) is errors.CheckViolation
    owner.execute(text.encode())


@pytest.mark.parametrize(
    ("act", "actor", "holds"),
    [
        ("round seal", "'server'", True),
        ("command backup now", "'machine:root'", True),
        ("round seal", "'machine:root'", False),
        ("round seal", "NULL", False),
        ("command backup now", "'server'", False),
        ("command backup now", "'clerk:李四#1'", False),
        ("command backup now", "'machine:'", False),
        ("command backup now", "NULL", False),
    ],
)
def test_rounds_are_the_servers_and_commands_an_account_s(
    database: Database, token: str, act: str, actor: str, *, holds: bool
) -> None:
    text = ADD.replace("token_id", "actor").replace("POST /x", act).format(actor, 1)
    assert attempt(database, text) is (None if holds else errors.CheckViolation)
    number = token.rpartition("#")[2]
    assert attempt(database, ADD.replace("POST /x", act).format(number, 1)) is errors.CheckViolation


def test_the_owner_changes_nothing_either_by_mistake(
    engine: sa.Engine, owner: psycopg.Connection, token: str
) -> None:
    add(engine, token)
    for text in ("UPDATE events SET address = ''", "DELETE FROM events", "DELETE FROM event_links"):
        with pytest.raises(errors.RestrictViolation):
            owner.execute(text.encode())


def test_a_chain_holds_whoever_links_it(engine: sa.Engine, token: str) -> None:
    assert state(engine) == ChainState(holds=True, links=0, head=None, broken=None, event=None)
    add(engine, token, 5)
    with Session(engine) as db, db.begin():
        assert link(db) == 5
        assert link(db) == 5
    add(engine, token, 3)
    whole = state(engine)
    assert (whole.holds, whole.links, whole.broken) == (True, 8, None)


def test_an_act_that_ends_late_gets_its_place_when_it_ends(
    engine: sa.Engine, owner: psycopg.Connection, token: str
) -> None:
    number = token.rpartition("#")[2]
    with engine.connect() as slow, slow.begin() as transaction:
        slow.execute(sa.text(ADD.format(number, 1)))
        add(engine, token)
        with Session(engine) as db, db.begin():
            assert link(db) == 1
        transaction.commit()
    assert (state(engine).holds, state(engine).links) == (True, 2)
    events = owner.execute("SELECT event_id FROM event_links ORDER BY position").fetchall()
    assert events[0] > events[1], "in the order in which they were over"


@pytest.mark.parametrize(
    ("forge", "broken"),
    [
        ("UPDATE events SET actor = 'clerk:王五#1' WHERE number = '3'", 3),
        ("UPDATE events SET at = at - interval '1 second' WHERE number = '2'", 2),
        ("DELETE FROM event_links WHERE position = 4", 4),
        ("UPDATE event_links SET hash = sha256('x') WHERE position = 5", 5),
        ("DELETE FROM event_links WHERE event_id = 6; DELETE FROM events WHERE id = 6", 6),
    ],
    ids=["actor", "moment", "link", "hash", "end"],
)
def test_who_owns_the_database_is_found_out(
    engine: sa.Engine, owner: psycopg.Connection, token: str, forge: str, broken: int
) -> None:
    """The first place that does not hold is named; of a cut-off end by what was sent out."""
    add(engine, token, 6)
    assert state(engine).holds
    owner.execute("INSERT INTO event_bookmarks VALUES ('receiver', 6)")
    for table in ("events", "event_links"):
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER stays".encode())
    owner.execute(forge.encode())
    verdict = state(engine)
    assert (verdict.holds, verdict.broken) == (False, broken)


def test_a_bookmark_goes_forwards(database: Database, engine: sa.Engine, token: str) -> None:
    add(engine, token, 3)
    assert state(engine).links == 3
    assert attempt(database, "INSERT INTO event_bookmarks VALUES ('r', 2)") is None
    set_to = "UPDATE event_bookmarks SET position = {}"
    assert attempt(database, set_to.format(3)) is None
    for place in (2, 4):
        assert attempt(database, set_to.format(place)) is errors.CheckViolation
