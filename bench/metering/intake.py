"""Intake beside plain COPY, and the quota's answer beside intake.

The path measured is the whole one: HTTP, signature, reading, conservation, COPY, fold, the batch's
bytes, commit; agents report at once to one process of the agents' door, people ask another of
theirs. The yardstick is binary COPY of the same rows into a plain table with the same columns and
key, as durable: one commit for as many rows as a batch has, one connection. Both in turns on one
database, with batches of 1,000 windows of four agents, and of 8 windows of 48, which is what nodes
send each minute. Seconds of processor are counted for the server and PostgreSQL, without the
agents.
"""

import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkProcess
from typing import Any

import httpx2
import msgspec
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlmodel import Session

from agents import wire
from bench import stage
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.registry.steps.register import read_file, register
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.people import make_payable, place_token
from tests.support.simulation import START, Node, enrolled, held, place, window

NODES = 4  # report at once
ROUNDS = (15, 15, 15)  # batches of each node
LONG_ROUND = 120  # while quotas are asked for
QUOTAS_EVERY_S = 0.05
IDLE_S = 2.0
POLICY, CLAUSE = "yinchuan-2024-drill", "09-1"

FORK = multiprocessing.get_context("fork")
Row = tuple[Any, ...]
Prepared = list[tuple[bytes, dict[str, str], list[Row]]]


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        make_payable(owner)
        cluster = place(owner, gpus=8 * NODES)
        nodes = [enrolled(owner, cluster) for _ in range(NODES)]
        token = _project(database, clerk=place_token(owner, "clerk", "clerk of the bench"))
        _plain_table(owner)
        with stage.server(database) as url:
            figures = [_one_round(owner, url, _prepare(nodes, count)) for count in ROUNDS]
            until = time.perf_counter() + IDLE_S
            idle = _quota_times(url, token, lambda: time.perf_counter() < until)
            busy = _quotas_beside_intake(url, token, _prepare(nodes, LONG_ROUND))
    return {
        "intake_rows_per_s": round(statistics.median(f[0] for f in figures)),
        "plain_copy_rows_per_s": round(statistics.median(f[1] for f in figures)),
        "intake_of_plain_copy": round(statistics.median(f[0] / f[1] for f in figures), 2),
        "quota_p50_idle_ms": _percentile(idle, 50),
        "quota_p50_beside_intake_ms": _percentile(busy, 50),
        "quota_p99_beside_intake_ms": _percentile(busy, 99),
        "quotas_measured": len(busy),
    }


def _prepare(nodes: Sequence[Node], count: int) -> list[Prepared]:
    """Each node's next batches: 1,000 windows of its eight GPUs, signed, and as rows."""
    return [
        [_batch(node, number, node.number) for _ in range(count)]
        for number, node in enumerate(nodes)
    ]


def _batch(node: Node, number: int, turn: int) -> tuple[bytes, dict[str, str], list[Row]]:
    windows = [
        window(number * 8 + gpu, turn * 125 + at, held("team-a", util_ppm=600_000 + at))
        for at in range(125)
        for gpu in range(8)
    ]
    body = node.batch(windows)
    place = (node.reporter.cluster, "nvml", node.stream, turn + 1)
    rows = [(w.gpu, w.start, *place, msgspec.json.encode(w)) for w in windows]
    return body, node.headers(body), rows


def _one_round(
    owner: psycopg.Connection, url: str, prepared: Sequence[Prepared]
) -> tuple[float, float]:
    """Every node's batches by HTTP, then their rows by COPY; rows a second of each."""
    rows = sum(len(of_batch) for batches in prepared for _, _, of_batch in batches)
    began = time.perf_counter()
    _wait(_reporting(url, prepared))
    posted_at = time.perf_counter()
    for batches in prepared:
        for _, _, of_batch in batches:
            _copy(owner, of_batch)
    copied_at = time.perf_counter()
    return rows / (posted_at - began), rows / (copied_at - posted_at)


def _reporting(url: str, prepared: Sequence[Prepared]) -> list[ForkProcess]:
    """Each node in a process of its own."""
    processes = [FORK.Process(target=_report, args=(url, batches)) for batches in prepared]
    for process in processes:
        process.start()
    return processes


def _wait(processes: Sequence[ForkProcess]) -> None:
    for process in processes:
        process.join()
        assert process.exitcode == 0


def _report(url: str, batches: Prepared) -> None:
    with httpx2.Client(timeout=60) as client:
        for body, headers, _ in batches:
            answer = client.post(f"{url}/api/v1/batches", content=body, headers=headers)
            assert answer.json()["kept"] == wire.WINDOWS_MAX, answer.text


def _plain_table(owner: psycopg.Connection) -> None:
    owner.execute(
        "CREATE TABLE plain (gpu text, start timestamptz, cluster bigint, source text,"
        " stream uuid, number bigint, body jsonb, PRIMARY KEY (gpu, start))"
    )


def _copy(owner: psycopg.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    with owner.cursor() as cursor, cursor.copy("COPY plain FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(("text", "timestamptz", "int8", "text", "uuid", "int8", "jsonb"))
        for row in rows:
            copy.write_row((*row[:-1], Jsonb(row[-1], dumps=bytes)))


_REGISTRY = """
clusters: [{name: c1, centre: centre of c1, billing: [{source: nvml, from: 2026-01-01}]}]
catalogue: [{model: H100, names: [{nvml: H100}]}]
projects: [{code: p1, name: 大模型, kind: model, organisation: 91640100MA7600001J, drill: true}]
contracts:
  - number: k1
    centre: centre of c1
    project: p1
    from: 2026-01-01
    prices: [{unit: gpu-hour, yuan: "8.5", tax_included: true, tax_rate: "0.06"}]
bindings: [{cluster: c1, holder: {static: team-a}, project: p1, from: 2026-01-01}]
"""


def _project(database: Database, clerk: str) -> str:
    """A project with a voucher that pays for `team-a`; a builder's token to look at it."""
    engine = database.engine()
    with Session(engine) as db, db.begin():
        report = register(db, *read_file(_REGISTRY), actor=clerk, now=START)
        assert not report.findings, report.findings
        project = project_by_code(db, "p1").id
        assert project
    with Session(database.owner_engine()) as db, db.begin():
        # The owner opens it: nobody of a bench is there to decide.
        db.execute(text("ALTER TABLE vouchers DISABLE TRIGGER decided"))
        db.execute(text("ALTER TABLE voucher_versions DISABLE TRIGGER decided"))
        open_voucher(
            db, project=project, clause=CLAUSE, policy=POLICY, facts={}, actor="bench", now=START
        )
    with Session(database.owner_engine()) as db, db.begin():
        token = issue_token(
            db,
            role="builder",
            person="bench",
            project=project,
            centre=None,
            actor="machine:bench",
            now=START,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
    engine.dispose()
    return token


def _quota_times(url: str, token: str, going_on: Callable[[], bool]) -> list[float]:
    """Seconds of each quota answer, one every 50 ms."""
    times = []
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(headers=headers) as client:
        while going_on():
            began = time.perf_counter()
            answer = client.get(f"{url}/api/v1/projects/p1/quota")
            times.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            time.sleep(QUOTAS_EVERY_S)
    return times


def _quotas_beside_intake(url: str, token: str, prepared: Sequence[Prepared]) -> list[float]:
    """Quota answers while batches come in as fast as they are taken."""
    reporters = _reporting(url, prepared)
    times = _quota_times(url, token, lambda: all(r.is_alive() for r in reporters))
    _wait(reporters)
    return times


def _percentile(seconds: Sequence[float], rank: int) -> float:
    by_length = sorted(seconds)
    return round(1000 * by_length[math.ceil(len(by_length) * rank / 100) - 1], 1)
