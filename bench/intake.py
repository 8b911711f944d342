"""Intake beside plain COPY, and the quota's answer beside intake.

The path measured is the whole one: HTTP, signature, reading, conservation, COPY, fold, the batch's
bytes, commit. The yardstick is binary COPY of the same rows into a plain table with the same
columns and key, one commit for 1,000 rows. Both in one run on one database, in turns.
"""

import math
import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx2
import psycopg
from psycopg.types.json import Jsonb
from sqlmodel import Session

from agents import wire
from bench import stage
from ledger.books.db import Database
from ledger.books.quotas import project_by_code
from ledger.steps.doors import issue_token
from ledger.steps.policies import load_policies
from ledger.steps.register import register
from ledger.steps.voucher import open_voucher
from tests.simulation import START, Node, enrolled, held, place, window

NODES = 4
BATCHES = 30  # of each node
QUOTAS_EVERY_S = 0.05
POLICY, CLAUSE = "yinchuan-2024-drill", "09-1"

Prepared = list[tuple[bytes, dict[str, str], list[tuple[Any, ...]]]]


def run() -> dict[str, object]:
    """The figures of one run."""
    with stage.database() as database, stage.owner(database) as owner:
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        cluster = place(owner, gpus=8 * NODES)
        prepared = [_prepare(enrolled(owner, cluster), n) for n in range(NODES)]
        token = _project(database)
        _plain_table(owner)
        with stage.server(database) as url:
            ratios, intakes, copies = _in_turns(owner, url, prepared[:-1])
            idle = _quota_times(url, token, 2.0)
            busy = _quotas_beside_intake(url, token, prepared[-1])
    return {
        "intake_rows_per_s": round(statistics.median(intakes)),
        "plain_copy_rows_per_s": round(statistics.median(copies)),
        "intake_of_plain_copy": round(statistics.median(ratios), 2),
        "quota_p50_idle_ms": _percentile(idle, 50),
        "quota_p50_beside_intake_ms": _percentile(busy, 50),
        "quota_p99_beside_intake_ms": _percentile(busy, 99),
        "quotas_measured": len(busy),
    }


def _prepare(node: Node, number: int) -> Prepared:
    """Signed batches of 1,000 windows of eight GPUs, and the rows that they become."""
    made: Prepared = []
    for turn in range(BATCHES):
        windows = [
            window(number * 8 + gpu, turn * 125 + at, held("team-a", util_ppm=600_000 + at))
            for at in range(125)
            for gpu in range(8)
        ]
        body = node.batch(windows)
        rows = [
            (w.gpu, w.start, node.reporter.cluster, "nvml", node.stream, turn + 1, w.body)
            for _, w in node.read(body).windows
        ]
        made.append((body, node.headers(body), rows))
    return made


def _in_turns(
    owner: psycopg.Connection, url: str, prepared: Sequence[Prepared]
) -> tuple[list[float], list[float], list[float]]:
    """One node's batches by HTTP, its rows by COPY, and so on; rows a second of each."""
    ratios, intakes, copies = [], [], []
    with httpx2.Client() as client:
        for batches in prepared:
            rows = sum(len(r) for _, _, r in batches)
            began = time.perf_counter()
            for body, headers, _ in batches:
                answer = client.post(f"{url}/api/v1/batches", content=body, headers=headers)
                assert answer.json()["kept"] == wire.WINDOWS_MAX, answer.text
            posted = time.perf_counter()
            for _, _, of_batch in batches:
                _copy(owner, of_batch)
            copied = time.perf_counter()
            intakes.append(rows / (posted - began))
            copies.append(rows / (copied - posted))
            ratios.append(intakes[-1] / copies[-1])
    return ratios, intakes, copies


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


def _project(database: Database) -> str:
    """A project with a voucher that pays for `team-a`; a builder's token to look at it."""
    engine = database.engine()
    with Session(engine) as db, db.begin():
        registered = register(db, _REGISTRY, actor="bench", now=START)
        assert not registered.findings, registered.findings
        project = project_by_code(db, "p1").id
        assert project
        open_voucher(
            db, project=project, clause=CLAUSE, policy=POLICY, facts={}, actor="bench", now=START
        )
        token = issue_token(
            db, role="builder", person="bench", project=project, centre=None, actor="bench",
            now=START,
        )  # fmt: skip
    engine.dispose()
    return token


def _quota_times(url: str, token: str, seconds: float) -> list[float]:
    """Seconds of each quota answer, one every 50 ms."""
    times = []
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(headers=headers) as client:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            began = time.perf_counter()
            answer = client.get(f"{url}/api/v1/projects/p1/quota")
            times.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            time.sleep(QUOTAS_EVERY_S)
    return times


def _quotas_beside_intake(url: str, token: str, batches: Prepared) -> list[float]:
    """Quota answers while batches come in as fast as they are taken."""
    done = threading.Event()

    def report() -> None:
        with httpx2.Client() as client:
            while not done.is_set():
                for body, headers, _ in batches:  # new ones first, then known ones, over and over
                    client.post(f"{url}/api/v1/batches", content=body, headers=headers)

    thread = threading.Thread(target=report)
    thread.start()
    times = _quota_times(url, token, 10.0)
    done.set()
    thread.join()
    return times


def _percentile(seconds: Sequence[float], rank: int) -> float:
    ordered = sorted(seconds)
    return round(1000 * ordered[math.ceil(len(ordered) * rank / 100) - 1], 1)
