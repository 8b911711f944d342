"""How long people wait while the server is attacked: slow clients, hostile files, a flooding agent.

One worker of the real server. A builder asks for usage again and again, first alone, then beside
200 connections whose head never ends, six threads that send hostile bank files and eight that
repeat one agent's batch, for as long as the attack lasts.
"""

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx2
from sqlmodel import Session

from bench import stage
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.vouchers.steps.clauses import load_policies
from tests.support.people import FAR
from tests.support.simulation import START, Node, enrolled, place, window

SLOW, FILES, REPEATERS = 200, 6, 8
LASTS_S = 20.0
HOSTILE = ("清单号,序号,结果\n" + "ZF-2026-0001,1,不明\n" * 20_000).encode()


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner, ExitStack() as stack:
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        node = enrolled(owner, place(owner, gpus=8))
        auditor, cashier = (_token(database, role) for role in (Role.AUDITOR, Role.FINANCE))
        url = stack.enter_context(stage.server(database))
        idle, _ = _ask(url, auditor, time.monotonic() + 5)
        place_of = urlsplit(url)
        for _ in range(SLOW):
            slow = socket.create_connection((place_of.hostname or "", place_of.port or 0))
            stack.enter_context(slow).sendall(b"GET / HTTP/1.1\r\nX: ")
        threads = stack.enter_context(ThreadPoolExecutor(FILES + REPEATERS))
        until = time.monotonic() + LASTS_S
        for _ in range(FILES):
            threads.submit(_send_files, url, cashier, until)
        for _ in range(REPEATERS):
            threads.submit(_repeat, url, node, until)
        attacked, outcomes = _ask(url, auditor, until)
    return {
        "p50_idle_ms": _percentile(idle, 50),
        "p99_idle_ms": _percentile(idle, 99),
        "p50_attacked_ms": _percentile(attacked, 50),
        "p99_attacked_ms": _percentile(attacked, 99),
        "answers_by_status": dict(outcomes),
    }


def _token(database: Database, role: Role) -> str:
    with Session(database.owner_engine()) as db, db.begin():
        return issue_token(
            db, role=role, person=f"bench {role}", actor="machine:bench", now=START, expires_at=FAR
        )


def _ask(url: str, token: str, until: float) -> tuple[list[float], Counter[int]]:
    times, outcomes = list[float](), Counter[int]()
    with httpx2.Client(timeout=60, headers={"Authorization": f"Bearer {token}"}) as client:
        while (began := time.monotonic()) < until:
            outcomes[client.get(f"{url}/api/v1/usage").status_code] += 1
            times.append(time.monotonic() - began)
    return times, outcomes


def _send_files(url: str, token: str, until: float) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    while time.monotonic() < until:
        with suppress(httpx2.TransportError):
            httpx2.post(f"{url}/api/v1/bank-returns", content=HOSTILE, headers=headers, timeout=60)


def _repeat(url: str, node: Node, until: float) -> None:
    body = node.sent[0] if node.sent else node.batch([window(g, 0) for g in range(8)])
    headers = node.headers(body)
    with httpx2.Client(timeout=60) as client:
        while time.monotonic() < until:
            client.post(f"{url}/api/v1/batches", content=body, headers=headers)


def _percentile(times: list[float], percent: int) -> int:
    return round(1000 * sorted(times)[len(times) * percent // 100])
