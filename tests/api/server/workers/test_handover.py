"""`suanquan up` on two processors: agents' connections are answered by a process of their own."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil

from agents import wire
from api.server.workers.process import AGENTS_NICE
from tests.support.processes import Up, running, until

BATCHES, PAGE = "/api/v1/batches", "/sign-in"
TOKEN = "a token for Prometheus"  # noqa: S105
WORKER = "api.server.workers.process"


def answerers(up: Up, path: str) -> list[Any]:
    """By which process each request of a path was answered; None: the first one."""
    lines = [json.loads(line) for line in (up.data / "server.log").read_text().splitlines()]
    return [line.get("worker") for line in lines if line.get("path") == path]


def ask(up: Up, client: httpx2.Client, path: str) -> Any:
    """By which process this one was answered; its line is written after the answer."""
    before = len(answerers(up, path))
    if path == BATCHES:
        headers = {wire.AGENT_HEADER: str(uuid4()), wire.SIGNATURE_HEADER: "x"}
        answer = client.post(path, headers=headers, content=b"x" * 100_000)
        assert answer.status_code == 401
    else:
        assert client.get(path).status_code == 200
    return until("its line", lambda: answerers(up, path)[before:])[0]


def is_handed(up: Up) -> bool:
    with httpx2.Client(base_url=up.url, timeout=60) as client:
        return bool(ask(up, client, BATCHES) == 1)


def worker_of(up: Up) -> psutil.Process:
    (worker,) = [process for process in up.family() if WORKER in process.cmdline()]
    return worker


def count_of_batches(up: Up) -> float:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return sum(
        float(line.split()[-1])
        for line in httpx2.get(f"{up.url}/metrics", headers=headers).text.splitlines()
        if line.startswith("suanquan_requests_total") and f'route="{BATCHES}"' in line
    )


def test_agents_have_a_process_of_their_own_and_need_none(folder: Path) -> None:
    variables = {"SUANQUAN_WORKERS": "2", "SUANQUAN_METRICS_TOKEN": TOKEN}
    with running(folder / "data", **variables) as up:
        until("the worker", lambda: is_handed(up))
        with httpx2.Client(base_url=up.url) as agent, httpx2.Client(base_url=up.url) as person:
            assert [ask(up, agent, BATCHES), ask(up, agent, BATCHES)] == [1, 1]
            assert ask(up, agent, PAGE) == 1, "a proxy's connection may be anybody's"
            assert [ask(up, person, PAGE), ask(up, person, BATCHES)] == [None, None]
        first = worker_of(up)
        assert first.nice() == min(psutil.Process().nice() + AGENTS_NICE, 19)
        first.kill()
        with httpx2.Client(base_url=up.url, timeout=60) as agent:
            ask(up, agent, BATCHES)  # whoever answers
        until("its successor", lambda: is_handed(up))
        assert worker_of(up).pid != first.pid
        assert count_of_batches(up) == len(answerers(up, BATCHES))
        family = up.family()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
