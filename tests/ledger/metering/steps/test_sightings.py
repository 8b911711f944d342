"""Intake of what witnesses saw: absolute facts, the newest of each, of witnesses alone."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents.sightings import NodeSighting, Phase, PodSighting, Run, Sighting, Watch
from ledger.metering.steps.intake import Ahead, Forked, Receipt, Submission, take_batch
from tests.support.simulation import START, Node, enrolled, minute, place, window

LATER = minute(100_000)


@pytest.fixture
def witness(owner: psycopg.Connection) -> Node:
    return enrolled(owner, place(owner), node="witness", source="witness")


def take(engine: sa.Engine, submission: Submission) -> Receipt | Forked | Ahead:
    with Session(engine) as db, db.begin():
        return take_batch(db, submission, LATER)


def send(engine: sa.Engine, witness: Node, *sightings: Sighting) -> Receipt:
    receipt = take(engine, witness.read(witness.batch([], sightings=sightings)))
    assert isinstance(receipt, Receipt)
    return receipt


def pod(seen_at: int, phase: Phase, *runs: Run, uid: str = "u-1") -> PodSighting:
    return PodSighting(uid, "lab", "train", phase, START, minute(seen_at), node="n1", runs=runs)


def rows(owner: psycopg.Connection) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT uid, phase, started_at, ended_at, seen_at FROM witness_pods ORDER BY uid"
    ).fetchall()


PENDING = pod(1, Phase.PENDING)
RUNNING = pod(3, Phase.RUNNING, Run("main", minute(2)))
RESTARTED = pod(5, Phase.RUNNING, Run("main", minute(4)))
OVER = pod(9, Phase.SUCCEEDED, Run("main", minute(4), minute(8)))


def test_a_pod_is_what_was_seen_last_and_ran_since_its_first_start(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    for sighting in (PENDING, RUNNING, RESTARTED, OVER):
        assert send(engine, witness, sighting) == Receipt(kept=1, known=0)
    assert rows(owner) == [("u-1", "Succeeded", minute(2), minute(8), minute(9))]
    assert send(engine, witness, OVER, RUNNING) == Receipt(kept=0, known=2)


@pytest.mark.parametrize("order", list(permutations((PENDING, RUNNING, OVER))))
def test_in_one_batch_the_order_does_not_matter(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node, order: tuple[PodSighting, ...]
) -> None:
    assert send(engine, witness, *order) == Receipt(kept=3, known=0)
    assert rows(owner) == [("u-1", "Succeeded", minute(2), minute(8), minute(9))]


def test_a_watch_grows_and_never_shrinks(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    for until in (5, 9, 7):
        send(engine, witness, Watch(minute(1), minute(until)))
    send(engine, witness, Watch(minute(20), minute(20)), NodeSighting("n", "n1", minute(20)))
    spans = owner.execute("SELECT since, until FROM witness_watches ORDER BY since").fetchall()
    assert spans == [(minute(1), minute(9)), (minute(20), minute(20))]
    assert owner.execute("SELECT node FROM witness_nodes").fetchall() == [("n1",)]


def test_only_a_witness_has_sightings_and_it_meters_nothing(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    node = enrolled(owner, witness.reporter.cluster)
    receipt = take(engine, node.read(node.batch([window(0, 0)], sightings=[RUNNING])))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, [(i.index, i.reason) for i in receipt.refused]) == (
        1,
        [(1, "wrong_source")],
    )
    body = witness.batch([window(1, 0)], sightings=[RUNNING])
    receipt = take(engine, witness.read(body))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, [(i.index, i.reason) for i in receipt.refused]) == (
        1,
        [(0, "wrong_source")],
    )
    assert len(rows(owner)) == 1
    assert owner.execute("SELECT count(*) FROM windows").fetchone() == (1,)


def test_bad_sightings_are_refused_by_their_index_and_the_others_kept(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    good, backwards = RUNNING, Watch(minute(9), minute(1))
    late = LATER + timedelta(minutes=2)
    future = PodSighting("u2", "lab", "p2", Phase.PENDING, late, late)
    strange = pod(1, Phase.PENDING, uid="u\0")
    receipt = send(engine, witness, backwards, future, strange, good)
    assert [(i.index, i.reason) for i in receipt.refused] == [
        (0, "fault"),
        (1, "future"),
        (2, "fault"),
    ]
    assert receipt.kept == 1
    ancient = Watch(datetime(1999, 1, 1, tzinfo=UTC), minute(1))
    assert [i.reason for i in send(engine, witness, ancient).refused] == ["fault"]


def test_a_sighting_that_cannot_be_read_costs_no_other(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    body = witness.batch([], sightings=[RUNNING, PENDING]).replace(b'"Pending"', b'"Dreaming"')
    receipt = take(engine, witness.read(body))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, [(i.index, i.reason) for i in receipt.refused]) == (
        1,
        [(1, "malformed")],
    )


def test_a_watch_beside_a_pod_that_cannot_be_read_is_refused_too(
    engine: sa.Engine, owner: psycopg.Connection, witness: Node
) -> None:
    """It says that every pod was told: the use of that one would be contradicted."""
    said: list[Sighting] = [Watch(minute(0), minute(9)), RUNNING, PENDING]
    body = witness.batch([], sightings=said).replace(b'"Pending"', b'"Dreaming"')
    receipt = take(engine, witness.read(body))
    assert isinstance(receipt, Receipt)
    assert (receipt.kept, [(i.index, i.reason) for i in receipt.refused]) == (
        1,
        [(0, "beside_unread"), (2, "malformed")],
    )


def test_the_same_batch_again_has_the_same_answer(engine: sa.Engine, witness: Node) -> None:
    body = witness.batch([], sightings=[RUNNING, Watch(minute(0), minute(4))])
    assert take(engine, witness.read(body)) == take(engine, witness.read(body))


def test_the_database_takes_sightings_of_nobody_else(
    owner: psycopg.Connection, engine: sa.Engine, witness: Node
) -> None:
    node = enrolled(owner, witness.reporter.cluster)
    body = msgspec.json.encode(RUNNING).decode()
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="only a witness"):
        connection.execute(
            sa.text("SELECT keep_sightings(:agent, ARRAY[CAST(:body AS jsonb)])"),
            {"agent": node.reporter.agent, "body": body},
        )
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="denied"):
        connection.execute(sa.text("UPDATE witness_pods SET phase = 'Running'"))
