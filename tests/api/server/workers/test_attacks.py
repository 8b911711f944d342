"""What one agent could do to everybody else it cannot do through several workers either."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from agents import wire
from ledger.metering.queries.streams import FORKS_MAX
from ledger.postgres.database import Database
from tests.support.servers.workers import Service, serving_by_workers
from tests.support.simulation import Node, enrolled, held, place, window

ASIDE, CONFLICTS = 2_000, 40
COPIES = 8  # connections of the attacker, each with a stream of its own
BATCHES = "/api/v1/batches"


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[Service]:
    limits = {
        "SUANQUAN_LATE_DAYS": "36500",
        "SUANQUAN_AGENT_ASIDE": str(ASIDE),
        "SUANQUAN_AGENT_CONFLICTS": str(CONFLICTS),
        "SUANQUAN_AGENT_MIB": "4",
    }
    with serving_by_workers(database, tmp_path / "log", limits) as running:
        yield running


def count(owner: psycopg.Connection, query: str) -> int:
    row = owner.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


def attack(service: Service, batches: Sequence[tuple[Node, bytes]]) -> set[tuple[int, str]]:
    """Send batches over one connection; what was answered."""
    with httpx2.Client(base_url=service.url, timeout=120) as client:
        answers = [
            client.post(BATCHES, content=body, headers=node.headers(body)) for node, body in batches
        ]
    return {(answer.status_code, answer.json().get("code", "")) for answer in answers}


def at_once(
    service: Service, of_copies: Sequence[Sequence[tuple[Node, bytes]]]
) -> set[tuple[int, str]]:
    with ThreadPoolExecutor(COPIES) as threads:
        answers = [threads.submit(attack, service, batches) for batches in of_copies]
        return {pair for answer in answers for pair in answer.result()}


def test_an_agents_share_is_one_whatever_answers(
    service: Service, owner: psycopg.Connection
) -> None:
    cluster = place(owner, gpus=4)
    agent, neighbour = (enrolled(owner, cluster) for _ in range(2))
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'windows'::regclass"
    before = count(owner, partitions)
    copies = [Node(agent.reporter, agent.key) for _ in range(COPIES)]

    days = [
        [(copy, copy.batch([window(9, -1440 * (400 * turn + day)) for day in range(400)]))]
        for turn, copy in enumerate(copies)
    ]
    assert at_once(service, days) == {(200, ""), (429, wire.SHARE_SPENT)}
    assert count(owner, "SELECT count(*) FROM quarantine") == ASIDE
    assert count(owner, partitions) == before

    forks = []
    for turn, copy in enumerate(copies):
        copy.number, copy.head = 0, ""
        batches = []
        for at in range(FORKS_MAX // COPIES + 3):
            copy.number, copy.head = 0, ""
            batches.append((copy, copy.batch([window(0, 1_000 * turn + at)])))
        forks.append(batches)
    assert (409, "fork") in at_once(service, forks)
    assert 0 < count(owner, "SELECT count(*) FROM forks") <= FORKS_MAX

    fresh = [Node(agent.reporter, agent.key) for _ in range(COPIES)]
    words = [
        [(copy, copy.batch([window(1, at, held(f"team-{turn}")) for at in range(10)]))]
        for turn, copy in enumerate(fresh)
    ]
    assert (429, wire.SHARE_SPENT) in at_once(service, words)
    assert count(owner, "SELECT count(*) FROM conflicts") == CONFLICTS
    assert count(owner, "SELECT max(bytes) FROM agent_shares") <= 4 * 1024 * 1024

    assert attack(service, [(neighbour, neighbour.batch([window(2, 0)]))]) == {(200, "")}
