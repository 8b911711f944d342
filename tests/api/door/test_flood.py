"""Slow clients, hostile files and a flooding agent at once: everybody else is answered.

Counts and outcomes alone; how long people wait meanwhile is measured by `bench/flood.py`.
"""

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest

from ledger.formats import bounded_call
from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.servers.serving import serving
from tests.support.simulation import window

SLOW = 200
HOSTILE = 6
HOSTILE_FILE = "清单号,序号,结果\n" + "ZF-2026-0001,1,不明\n" * 20_000
REPEATS = 40
ROUNDS = 5
ATTACKERS = frozenset({200, 422, 429})


def test_an_attack_costs_nobody_else_an_answer(town: Town) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(serving(town.app))
        client = stack.enter_context(httpx2.Client(base_url=url, timeout=300))
        host, port = url.removeprefix("http://").split(":")
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection((host, int(port))))
            slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        threads = stack.enter_context(ThreadPoolExecutor(HOSTILE + 8))
        attack = [threads.submit(hostile_file, town, url) for _ in range(HOSTILE)]
        attack += [threads.submit(flood, town, url) for _ in range(8)]
        outcomes = Counter[tuple[str, int]]()
        for number in range(ROUNDS):
            for role in (Role.CLERK, Role.BUILDER, Role.OPERATOR, Role.AUDITOR):
                for path in ("/api/v1/usage", "/api/v1/claims"):
                    answer = client.get(path, headers=town.headers(role))
                    outcomes[path, answer.status_code] += 1
            outcomes["sign-in", client.get("/sign-in").status_code] += 1
            body = town.nodes["theirs"].batch([window(1, 2 + number)])
            headers = town.nodes["theirs"].headers(body)
            batch = client.post("/api/v1/batches", content=body, headers=headers)
            outcomes["batch", batch.status_code] += 1
        table = client.post(
            "/api/v1/cost-documents/list", content=b"x", headers=town.headers(Role.CLERK)
        )
        assert table.json()["code"] == "cost_documents"
        assert {status for _, status in outcomes} <= {200, 403}, outcomes
        assert outcomes["batch", 200] == outcomes["sign-in", 200] == ROUNDS
        assert {status for part in attack for status in part.result()} <= ATTACKERS


@pytest.mark.parametrize(
    ("path", "short"), [("/api/v1/registry", b"centres: []"), ("/api/v1/cost-documents", b"<a/>")]
)
def test_a_long_file_waits_for_a_reader_and_a_short_one_does_not(
    town: Town, monkeypatch: pytest.MonkeyPatch, path: str, short: bytes
) -> None:
    """Registry files and invoices are read beside the server, as bank files and lists are."""
    monkeypatch.setattr(bounded_call, "AT_ONCE", 0)
    monkeypatch.setattr(bounded_call, "PATIENCE_S", 0.01)
    client = town.client
    headers = town.headers(Role.CLERK)
    long = short + b" " * bounded_call.SHORT
    assert client.post(path, content=long, headers=headers).json()["code"] == "busy"
    assert client.post(path, content=short, headers=headers).json().get("code") != "busy"


def hostile_file(town: Town, url: str) -> set[int]:
    answer = httpx2.post(
        f"{url}/api/v1/bank-returns", content=HOSTILE_FILE.encode(), timeout=300,
        headers=town.headers(Role.FINANCE),
    )  # fmt: skip
    return {answer.status_code}


def flood(town: Town, url: str) -> set[int]:
    """Repeat the first batch of a node, again and again."""
    node = town.nodes["mine"]
    headers = node.headers(node.sent[0])
    with httpx2.Client(timeout=300) as client:
        answers = (
            client.post(f"{url}/api/v1/batches", content=node.sent[0], headers=headers)
            for _ in range(REPEATS)
        )
        return {answer.status_code for answer in answers}
