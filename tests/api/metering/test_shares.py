"""What an agent takes of the ledger's room in a day is bounded, and costs nobody else anything.

Over its share it hears one clear «not today»: it keeps its windows and goes on tomorrow.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from agents import wire
from api.app import create_app
from ledger.metering.queries import shares
from tests.support.api.town import NOW, Town
from tests.support.simulation import Node, gpu_id, held, window

STRANGE = 5  # a GPU that nobody registered
WAITING = "SELECT count(*) FROM quarantine"


def limit(town: Town, **most: int) -> None:
    """What an agent may take of a day."""
    town.app.state.settings = town.app.state.settings.model_copy(update=most)


def send(client: TestClient, node: Node, body: bytes) -> httpx2.Response:
    return client.post("/api/v1/batches", content=body, headers=node.headers(body))


def strange(first: int, count: int) -> Sequence[wire.Window]:
    return [window(STRANGE, at) for at in range(first, first + count)]


def count(owner: psycopg.Connection, query: str) -> Any:
    row = owner.execute(query.encode()).fetchone()
    assert row
    return row[0]


def assert_spent(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, wire.SHARE_SPENT)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers[wire.RECEIPT_HEADER], "a courier carries it back"


def test_what_waits_is_bounded_and_goes_on_tomorrow(town: Town, owner: psycopg.Connection) -> None:
    limit(town, agent_aside=10)
    node, other = town.nodes["mine"], town.nodes["theirs"]
    taken = node.batch(strange(0, 10))
    first = send(town.client, node, taken)
    too_much = node.batch([window(0, 50), *strange(10, 1)])
    for _ in range(3):
        assert_spent(send(town.client, node, too_much))
    assert count(owner, WAITING) == 10
    assert count(owner, "SELECT count(*) FROM windows WHERE number = 3") == 0, "all of it or none"
    assert send(town.client, node, taken).content == first.content, "what was taken is taken"
    town.report(other, window(1, 60))
    town.app.state.wall_clock = lambda: NOW + timedelta(days=1)
    answer = msgspec.json.decode(send(town.client, node, too_much).content, type=wire.Answer)
    assert (answer.kept, len(answer.quarantined)) == (1, 1)


def test_dates_of_a_thousand_days_wait_within_the_share(
    town: Town, owner: psycopg.Connection
) -> None:
    """The attack as it was made: nine batches of one window a day since 2000."""
    limit(town, agent_aside=2_500, late_days=7)
    node = town.nodes["mine"]
    partitions = count(owner, "SELECT count(*) FROM pg_class WHERE relname LIKE 'windows_%'")
    for batch in range(9):
        days = range(1_000 * batch, 1_000 * (batch + 1))
        body = node.batch([window(0, -1440 * (9_300 - day)) for day in days])
        answer = send(town.client, node, body)
        if batch < 2:
            assert answer.status_code == 200
        elif batch == 2:
            assert_spent(answer)
        else:
            assert answer.json()["code"] == "ahead"
    assert count(owner, WAITING) == 2_000
    relations = count(owner, "SELECT count(*) FROM pg_class WHERE relname LIKE 'windows_%'")
    assert relations == partitions
    town.report(town.nodes["theirs"], window(1, 60))


def test_conflicts_are_bounded(town: Town, owner: psycopg.Connection) -> None:
    limit(town, agent_conflicts=4)
    node = town.nodes["mine"]
    for turn in range(2):
        body = node.batch([window(0, at, held(f"team-{turn}")) for at in range(2)])
        assert send(town.client, node, body).status_code == 200
    body = node.batch([window(0, 70), window(0, 0, held("team-2"))])
    assert_spent(send(town.client, node, body))
    assert count(owner, "SELECT count(*) FROM conflicts") == 4
    assert count(owner, "SELECT count(*) FROM windows WHERE number = 4") == 0


def test_the_bytes_of_a_day_are_bounded(town: Town, owner: psycopg.Connection) -> None:
    """Batches that say nothing new take room too."""
    limit(town, agent_mib=1)
    node = town.nodes["mine"]
    known = [window(0, at, held("team-" + "x" * 60)) for at in range(100, 1_100)]
    statuses = [send(town.client, node, node.batch(known)).status_code for _ in range(8)]
    assert statuses.count(200) in range(2, 8)
    assert statuses[statuses.count(200)] == 429
    assert count(owner, "SELECT max(bytes) FROM agent_shares") <= 1024 * 1024
    taken = count(owner, "SELECT sum(length(bytes))::bigint FROM batches")
    assert taken == count(owner, "SELECT sum(bytes)::bigint FROM agent_shares")


def test_all_processes_count_together(town: Town, engine: sa.Engine) -> None:
    limit(town, agent_aside=10)
    node, second = town.nodes["mine"], create_app(engine, town.app.state.settings)
    second.state.wall_clock = town.app.state.wall_clock
    with TestClient(second) as other_process:
        clients = [town.client, other_process] * 2
        bodies = [node.batch(strange(3 * turn, 3)) for turn in range(4)]
        answers = [send(*asking) for asking in zip(clients, [node] * 4, bodies, strict=True)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


@pytest.mark.parametrize(("source", "status"), [("nvml", 429), ("dcgm", 200)])
def test_who_speaks_for_more_gpus_has_more(
    town: Town, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, source: str, status: int
) -> None:
    """By the GPUs of its node, or of the cluster that it speaks for."""
    monkeypatch.setattr(shares, "GPUS", 1)
    limit(town, agent_aside=10)
    for number in (10, 11):
        owner.execute(
            "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
            " SELECT %s, id, 'n-another', %s FROM clusters WHERE name = 'c-mine'",
            (gpu_id(number), NOW),
        )
    owner.execute("UPDATE agents SET source = %s", (source,))
    node = town.nodes["mine"]
    assert send(town.client, node, node.batch(strange(0, 30))).status_code == status
