"""`suanquan serve --door agents --workers 2`: real processes on one port and one database."""

import json
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import msgspec
import psutil
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents import wire
from api.server.workers.process import AGENTS_NICE
from ledger.postgres.database import Database
from tests.support.processes import until
from tests.support.servers.workers import Service, serving_by_workers
from tests.support.simulation import Node, enrolled, place, window

TOKEN = "a token for Prometheus"  # noqa: S105
NODES, BATCHES = 6, 20
ANSWERS = "suanquan_requests_total"


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[Service]:
    variables = {"SUANQUAN_LATE_DAYS": "36500", "SUANQUAN_METRICS_TOKEN": TOKEN}
    with serving_by_workers(database, tmp_path / "log", variables) as running:
        yield running


def batches_answered(service: Service) -> float:
    answer = httpx2.get(f"{service.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == ANSWERS and sample.labels["route"] == "/api/v1/batches"
    )


def report(service: Service, node: Node, gpu: int) -> list[tuple[int, wire.Answer]]:
    """What a node was told of each of its batches; it sends each until it is told, as agents do."""
    answers = []
    with httpx2.Client(timeout=60) as client:
        for number in range(BATCHES):
            body = node.batch([window(gpu, 5 * number + at) for at in range(5)])
            answers.append((number + 1, send(client, service.url, node, body)))
    return answers


def send(client: httpx2.Client, url: str, node: Node, body: bytes) -> wire.Answer:
    def ask() -> wire.Answer | None:
        with suppress(httpx2.TransportError):
            answer = client.post(f"{url}/api/v1/batches", content=body, headers=node.headers(body))
            if answer.status_code == 200:
                return msgspec.json.decode(answer.content, type=wire.Answer)
        return None

    answer: wire.Answer = until("an answer to a batch", ask)
    return answer


def rows_of(owner: psycopg.Connection, query: str) -> Sequence[tuple[object, ...]]:
    return owner.execute(query.encode()).fetchall()


def test_a_killed_worker_loses_no_acknowledgement_and_comes_back(
    service: Service, owner: psycopg.Connection
) -> None:
    cluster = place(owner, gpus=NODES)
    nodes = [enrolled(owner, cluster) for _ in range(NODES)]
    with ThreadPoolExecutor(NODES) as threads:
        reports = [
            threads.submit(report, service, *pair) for pair in zip(nodes, range(NODES), strict=True)
        ]
        until("some batches", lambda: len(rows_of(owner, "SELECT FROM batches")) > NODES)
        victim = max(service.workers(), key=lambda worker: len(worker.net_connections("tcp")))
        victim.kill()
        answers = [future.result() for future in reports]
    assert len(rows_of(owner, "SELECT FROM windows")) == NODES * BATCHES * 5
    for node, answers_to in zip(nodes, answers, strict=True):
        assert all(answer.kept == 5 for _, answer in answers_to)
        row = owner.execute(
            "SELECT count(*), max(number) FROM batches WHERE stream = %s", (node.stream,)
        ).fetchone()
        assert row == (BATCHES, BATCHES)
    until("the killed one's successor", lambda: len(service.ready()) == 3)
    assert victim.pid not in [worker.pid for worker in service.workers()]
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    (end,) = [line for line in lines if line["event"] == "a worker ended"]
    assert end["status"] == -signal.SIGKILL
    lines_of_batches = [line for line in lines if line.get("path") == "/api/v1/batches"]
    assert {line["worker"] for line in lines_of_batches} <= {1, 2}
    assert batches_answered(service) >= len(lines_of_batches) >= NODES * BATCHES
    family = service.workers()
    service.process.terminate()
    assert service.process.wait(60) == 0
    assert not any(worker.is_running() for worker in family)


def test_kill_nine_of_the_server_takes_its_workers_along(service: Service) -> None:
    family = service.workers()
    assert len(family) == 2
    nice = min(psutil.Process().nice() + AGENTS_NICE, 19)
    assert [worker.nice() for worker in family] == [nice, nice], "who asks for a page goes first"
    answer = httpx2.get(f"{service.url}/desk")
    assert (answer.status_code, answer.json()["code"]) == (421, "other_server")
    service.process.kill()
    service.process.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
