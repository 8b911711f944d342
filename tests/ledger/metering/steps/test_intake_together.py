"""Batches of many agents in one transaction: each is answered as if it had come alone."""

from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.errors import Spent
from ledger.metering.queries import windows as windows_module
from ledger.metering.queries.shares import Share, Use
from ledger.metering.steps.intake import Ahead, Forked, Item, Outcome, Receipt
from ledger.metering.steps.intake_together import Arrival, take_batches
from tests.support.simulation import Node, enrolled, held, minute, place, window

LARGE = Use(10**9, 10**6, 10**6)
NOW = minute(60)


@pytest.fixture
def nodes(owner: psycopg.Connection) -> list[Node]:
    cluster = place(owner, gpus=8)
    return [enrolled(owner, cluster) for _ in range(6)]


def arrival(node: Node, body: bytes, most: Use = LARGE) -> Arrival:
    return Arrival(node.read(body), NOW, Share(most, Use(), node.reporter.cluster, "n1"))


def take(engine: sa.Engine, *arrivals: Arrival) -> list[Outcome | Exception]:
    with Session(engine) as db, db.begin():
        return take_batches(db, arrivals, timedelta(days=7))


def number_of(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row
    return int(row[0])


def test_what_is_new_is_kept_by_one_statement_and_added_up(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[None] = []
    copy = windows_module._copy
    monkeypatch.setattr(windows_module, "_copy", lambda *a: copies.append(copy(*a)))
    for turn in range(2):
        bodies = [
            node.batch([window(gpu, 2 * turn), window(gpu, 2 * turn + 1)])
            for gpu, node in enumerate(nodes)
        ]
        outcomes = take(engine, *map(arrival, nodes, bodies))
        assert outcomes == [Receipt(kept=2, known=0)] * 6
    assert len(copies) == 2
    totals = owner.execute("SELECT sum(held)::bigint, count(*) FROM day_totals").fetchone()
    assert totals == (6 * 4 * 60_000, 6)
    shares = owner.execute("SELECT sum(bytes)::bigint FROM agent_shares").fetchone()
    assert shares == (sum(len(body) for node in nodes for body in node.sent),)
    repeated = take(engine, *(arrival(node, node.sent[-1]) for node in nodes))
    assert repeated == [Receipt(kept=2, known=0)] * 6


def test_each_is_judged_by_itself(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node]
) -> None:
    good, repeater, forker, hasty, stranger, liar = nodes
    first = repeater.batch([window(1, 0)])
    take(engine, arrival(repeater, first), arrival(forker, forker.batch([window(2, 0)])))
    forker.number, forker.head = 0, ""
    hasty.batch([window(3, 0)])
    outcomes = take(
        engine,
        arrival(good, good.batch([window(0, 0)])),
        arrival(repeater, first),
        arrival(forker, forker.batch([window(2, 5)])),
        arrival(hasty, hasty.batch([window(3, 1)])),
        arrival(stranger, stranger.batch([window(99, 0), window(4, 0)])),
        arrival(liar, liar.batch([window(1, 0, held("another")), window(5, 0)])),
    )
    word = f"{window(1, 0).gpu} {minute(0).isoformat()}"
    assert outcomes == [
        Receipt(kept=1, known=0),
        Receipt(kept=1, known=0),
        Forked(1),
        Ahead(1),
        Receipt(kept=1, known=0, quarantined=(Item(0, "unknown_gpu", window(99, 0).gpu),)),
        Receipt(kept=1, known=0, conflicts=(Item(0, "conflict", word),)),
    ]
    assert [number_of(owner, t) for t in ("forks", "quarantine", "conflicts")] == [1, 1, 1]


def test_neighbours_that_say_the_same_minute_are_taken_one_after_the_other(
    engine: sa.Engine, nodes: list[Node]
) -> None:
    minutes = [window(0, 0), window(0, 1)]
    bodies = [node.batch(minutes) for node in nodes[:2]]
    outcomes = take(engine, *map(arrival, nodes[:2], bodies))
    assert outcomes == [Receipt(kept=2, known=0), Receipt(kept=0, known=2)]


def test_a_minute_that_was_said_before_costs_nobody_else_anything(
    engine: sa.Engine, nodes: list[Node]
) -> None:
    take(engine, arrival(nodes[0], nodes[0].batch([window(0, 0)])))
    bodies = [nodes[1].batch([window(0, 0)]), nodes[2].batch([window(1, 0)])]
    outcomes = take(engine, *map(arrival, nodes[1:3], bodies))
    assert outcomes == [Receipt(kept=0, known=1), Receipt(kept=1, known=0)]


def test_who_has_spent_his_share_is_refused_alone(
    engine: sa.Engine, owner: psycopg.Connection, nodes: list[Node]
) -> None:
    small = Use(10, 0, 0)
    outcomes = take(
        engine,
        arrival(nodes[0], nodes[0].batch([window(0, 0)]), small),
        arrival(nodes[1], nodes[1].batch([window(1, 0)])),
    )
    assert isinstance(outcomes[0], Spent)
    assert outcomes[1] == Receipt(kept=1, known=0)
    assert number_of(owner, "windows") == number_of(owner, "batches") == 1
