"""Enrolment: one code makes one agent, whoever else tries at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.metering.queries.agents import agents
from ledger.metering.steps.enrol import CODE_LASTS, enrol, issue_code, revoke_agent
from tests.support.simulation import place
from tests.support.vouchers import NOW

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.fixture
def cluster(owner: psycopg.Connection) -> int:
    return place(owner, gpus=0)


@pytest.fixture
def code(engine: sa.Engine, cluster: int) -> str:
    return new_code(engine, cluster)


def new_code(engine: sa.Engine, cluster: int) -> str:
    with Session(engine) as db, db.begin():
        return issue_code(db, cluster=cluster, source="nvml", actor="systemadmin:管理#7", now=NOW)


def enrolled(
    engine: sa.Engine,
    code: str,
    key: bytes = KEY,
    node: str = "n1",
    after: timedelta = CODE_LASTS / 2,
) -> UUID:
    with Session(engine) as db, db.begin():
        return enrol(db, code, key, node, NOW + after).id


def refusal(
    engine: sa.Engine,
    code: str,
    key: bytes = KEY,
    node: str = "n1",
    after: timedelta = CODE_LASTS / 2,
) -> str:
    with pytest.raises(LedgerError) as error:
        enrolled(engine, code, key, node, after)
    return error.value.code


def test_a_code_makes_an_agent_of_its_cluster_and_source(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, code: str
) -> None:
    agent = enrolled(engine, code)
    row = owner.execute("SELECT id, cluster_id, node, source, public_key FROM agents").fetchone()
    assert row == (agent, cluster, "n1", "nvml", KEY)


def test_who_lost_the_answer_asks_again(engine: sa.Engine, code: str) -> None:
    agent = enrolled(engine, code)
    assert enrolled(engine, code) == agent
    assert enrolled(engine, code, after=2 * CODE_LASTS) == agent  # it was used in time
    assert enrolled(engine, f" {code.replace('-', '').lower()} ") == agent  # as people copy it


def test_a_used_code_is_nobody_elses(
    engine: sa.Engine, owner: psycopg.Connection, code: str
) -> None:
    enrolled(engine, code)
    assert refusal(engine, code, key=OTHER_KEY) == "code_unusable"
    assert refusal(engine, code, node="n2") == "code_unusable"
    assert owner.execute("SELECT count(*) FROM agents").fetchone() == (1,)


def test_unknown_and_expired_codes_look_the_same(engine: sa.Engine, code: str) -> None:
    assert refusal(engine, "ABCDEF-ABCDEF-ABCDEF-ABCDEF") == "code_unusable"
    assert refusal(engine, "") == "code_unusable"
    assert refusal(engine, code, after=CODE_LASTS) == "code_unusable"
    assert enrolled(engine, code, after=CODE_LASTS - timedelta(microseconds=1))


def test_one_key_is_one_agent(engine: sa.Engine, cluster: int, code: str) -> None:
    enrolled(engine, code)
    second = new_code(engine, cluster)
    with pytest.raises(Conflict) as conflict:
        enrolled(engine, second, node="n2")
    assert conflict.value.code == "key_known"
    assert enrolled(engine, second, key=OTHER_KEY, node="n2")  # the code is still good


@pytest.mark.parametrize("same", ["code", "key"])
def test_of_all_who_try_at_once_exactly_one_gets_in(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, same: str
) -> None:
    """One code and many nodes; many codes and one stolen key."""
    racers = 4  # the engine has five connections
    text = new_code(engine, cluster)
    start = Barrier(racers)

    def race(number: int) -> bool:
        code = text if same == "code" else new_code(engine, cluster)
        key = KEY if same == "key" else bytes([number]) * 32
        start.wait()
        try:
            enrolled(engine, code, key, f"n{number}")
        except (Refused, Conflict):
            return False
        return True

    with ThreadPoolExecutor(racers) as pool:
        outcomes = list(pool.map(race, range(racers)))
    assert sum(outcomes) == 1
    assert owner.execute("SELECT count(*) FROM agents").fetchone() == (1,)
    row = owner.execute(
        "SELECT count(*) FROM enrolment_codes WHERE agent_id IS NOT NULL"
    ).fetchone()
    assert row == (1,)


def test_the_same_node_twice_at_once_is_one_agent(engine: sa.Engine, code: str) -> None:
    start = Barrier(2)

    def race(_: int) -> UUID:
        start.wait()
        return enrolled(engine, code)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(race, range(2))
    assert first == second


def test_a_revoked_agent_does_not_come_back_by_its_code(engine: sa.Engine, code: str) -> None:
    agent = enrolled(engine, code)
    with Session(engine) as db, db.begin():
        revoke_agent(db, agent, NOW)
        revoke_agent(db, agent, NOW + CODE_LASTS)  # again changes nothing
        (seen_agent,) = agents(db, None)
        assert seen_agent.revoked_at == NOW
    assert refusal(engine, code) == "code_unusable"


def test_an_operator_reaches_its_own_centre_only(
    engine: sa.Engine, owner: psycopg.Connection, cluster: int, code: str
) -> None:
    place(owner, gpus=0, cluster="c2")
    own_centre, other_centre = (
        row[0] for row in owner.execute("SELECT id FROM centres ORDER BY id").fetchall()
    )
    agent = enrolled(engine, code)
    with Session(engine) as db:
        assert [agent_row.id for agent_row in agents(db, own_centre)] == [agent]
        assert agents(db, other_centre) == []
        with pytest.raises(NotFound):
            revoke_agent(db, agent, NOW, centre=other_centre)
        with pytest.raises(NotFound):
            revoke_agent(db, uuid4(), NOW)
        revoke_agent(db, agent, NOW, centre=own_centre)


def test_the_list_says_what_was_last_heard(
    engine: sa.Engine, owner: psycopg.Connection, code: str
) -> None:
    agent = enrolled(engine, code)
    with Session(engine) as db:
        (silent,) = agents(db, None)
    assert (silent.reported_at, silent.sent_at) == (None, None)
    for minutes in (3, 5):
        owner.execute(
            "INSERT INTO streams (stream, agent_id, number, hash, sent_at, received_at)"
            " VALUES (%s, %s, 1, '', %s, %s)",
            (uuid4(), agent, NOW, NOW + timedelta(minutes=minutes)),
        )
    with Session(engine) as db:
        (seen_agent,) = agents(db, None)
    assert seen_agent.reported_at == NOW + timedelta(minutes=5)
    assert (seen_agent.cluster, seen_agent.node, seen_agent.source) == ("c1", "n1", "nvml")


def test_the_database_holds_no_code(owner: psycopg.Connection, code: str) -> None:
    row = owner.execute("SELECT c::text FROM enrolment_codes c").fetchone()
    assert row
    plain = code.replace("-", "")
    assert code not in row[0]
    assert plain not in row[0]
    assert plain.encode().hex() not in row[0]


def test_a_code_is_for_a_source_that_exists(engine: sa.Engine, cluster: int) -> None:
    with Session(engine) as db, pytest.raises(Refused) as refused:
        issue_code(db, cluster=cluster, source="guess", actor="systemadmin:管理#7", now=NOW)
    assert refused.value.code == "source"
