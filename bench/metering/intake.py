"""Intake beside plain COPY, and the quota's answer beside intake.

The path measured is the whole one: HTTP, signature, reading, conservation, COPY, fold, the batch's
bytes, commit; agents report at once to the agents' door, people ask a process of theirs. The
yardstick is binary COPY of the same facts, as durable, by one connection: the rows of a batch's
windows into a plain table with the same columns and key, the batch with its bytes and signature
into another, and a commit for each batch. Without the bytes, which are the evidence, it is given as
`windows_alone`. Both in turns on one database, with batches of 1,000 windows of four agents, and of
8 windows of 48, which is what nodes send each minute. Microseconds of the processor are for the
server and PostgreSQL, without the agents; of COPY its own Python is in them.

    python -m bench intake --workers=2   so many processes of the agents' door; else one
"""

import base64
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import httpx2
import msgspec
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlmodel import Session

from agents import wire
from api.settings import Door
from bench import stage
from bench.metering.reporters import Request, reporting, request, wait
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.registry.steps.register import read_file, register
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.people import make_payable, place_token
from tests.support.simulation import START, Node, enrolled, held, place, window

AGENTS = 48  # report at once, of the small batches; of the large ones four
LARGE, SMALL = (4, 125), (AGENTS, 1)  # agents, and minutes of a batch
ROUNDS = 3
BATCHES = {LARGE: 15, SMALL: 25}  # of each agent, in a round
LONG = {LARGE: 60, SMALL: 100}  # while quotas are asked for
PROCESSES = 2  # of the agents
QUOTAS_EVERY_S = 0.05
IDLE_S = 2.0
POLICY, CLAUSE = "yinchuan-2024-drill", "09-1"

Row = tuple[Any, ...]
Size = tuple[int, int]


class Prepared(NamedTuple):
    """The batches of each agent; of every batch its own row, and those of its windows."""

    requests: list[list[Request]]
    batches: list[Row]
    rows: list[list[Row]]


class Round(NamedTuple):
    """Windows a second of intake, and of COPY without the batches and with; microseconds each."""

    intake: float
    windows_alone: float
    copy: float
    intake_us: float
    copy_us: float


def run() -> dict[str, object]:
    """The figures of one run."""
    with ExitStack() as stack:
        database = stack.enter_context(stage.database())
        owner = stack.enter_context(stage.owner(database))
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        make_payable(owner)
        cluster = place(owner, gpus=8 * AGENTS)
        nodes = [enrolled(owner, cluster) for _ in range(AGENTS)]
        token = _project(database, clerk=place_token(owner, "clerk", "clerk of the bench"))
        _plain_tables(owner)
        agents = stack.enter_context(_agents_door(database))
        people = stack.enter_context(stage.server(database, Door.PEOPLE))
        turns = [0] * AGENTS  # minutes that each node has reported
        figures: dict[str, object] = {}
        for name, size in (("", LARGE), ("small_", SMALL)):
            rounds = [
                _one_round(owner, agents, _prepare(nodes, turns, size, BATCHES[size]))
                for _ in range(ROUNDS)
            ]
            busy = _quotas_beside_intake(
                agents, people, token, _prepare(nodes, turns, size, LONG[size]).requests
            )
            figures |= {name + key: value for key, value in _figures(rounds, busy).items()}
        until = time.perf_counter() + IDLE_S
        idle = _quota_times(people, token, lambda: time.perf_counter() < until)
    return figures | {"quota_p50_idle_ms": _percentile(idle, 50)}


def _figures(rounds: Sequence[Round], busy: Sequence[float]) -> dict[str, object]:
    median = statistics.median
    return {
        "intake_rows_per_s": round(median(r.intake for r in rounds)),
        "plain_copy_rows_per_s": round(median(r.copy for r in rounds)),
        "intake_of_plain_copy": round(median(r.intake / r.copy for r in rounds), 2),
        "intake_of_windows_alone": round(median(r.intake / r.windows_alone for r in rounds), 2),
        "processor_us_a_window": round(median(r.intake_us for r in rounds), 1),
        "plain_copy_us_a_window": round(median(r.copy_us for r in rounds), 1),
        "quota_p50_beside_intake_ms": _percentile(busy, 50),
        "quota_p99_beside_intake_ms": _percentile(busy, 99),
        "quotas_measured": len(busy),
    }


def _prepare(nodes: Sequence[Node], turns: list[int], size: Size, count: int) -> Prepared:
    """The next batches of the first so many nodes, signed, and their rows."""
    agents, minutes = size
    prepared = Prepared([], [], [])
    for number, node in enumerate(nodes[:agents]):
        own = []
        for _ in range(count):
            batch, row, its_rows = _batch(
                node, number, range(turns[number], turns[number] + minutes)
            )
            turns[number] += minutes
            own.append(batch)
            prepared.batches.append(row)
            prepared.rows.append(its_rows)
        prepared.requests.append(own)
    return prepared


def _batch(node: Node, number: int, minutes: range) -> tuple[Request, Row, list[Row]]:
    windows = [
        window(number * 8 + gpu, at, held("team-a", util_ppm=600_000 + at % 1_000))
        for at in minutes
        for gpu in range(8)
    ]
    body = node.batch(windows)
    origin = (node.reporter.cluster, "nvml", node.stream, node.number)
    rows = [(w.gpu, w.start, *origin, msgspec.json.encode(w)) for w in windows]
    headers = node.headers(body)
    signature = base64.b64decode(headers[wire.SIGNATURE_HEADER])
    row = (node.stream, node.number, sha256(body).digest(), signature, node.reporter.agent, body)
    return request(body, headers), row, rows


def _one_round(owner: psycopg.Connection, url: str, prepared: Prepared) -> Round:
    """Every batch by HTTP, then its rows by COPY, without the batch itself and with it."""
    count = sum(map(len, prepared.rows))

    def post() -> None:
        wait(reporting(url, prepared.requests, PROCESSES))

    def copy(*, with_batches: bool) -> None:
        for batch, rows in zip(prepared.batches, prepared.rows, strict=True):
            with owner.transaction():
                _copy(owner, WINDOWS, ((*row[:-1], Jsonb(row[-1], dumps=bytes)) for row in rows))
                if with_batches:
                    _copy(owner, BATCHES_TABLE, [batch])

    intake_s, intake_used_s = _seconds(post)
    windows_s, _ = _seconds(lambda: copy(with_batches=False))
    owner.execute("TRUNCATE plain_windows")
    copy_s, copy_used_s = _seconds(lambda: copy(with_batches=True))
    owner.execute("TRUNCATE plain_windows, plain_batches")
    return Round(
        count / intake_s, count / windows_s, count / copy_s,
        1e6 * intake_used_s / count, 1e6 * copy_used_s / count,
    )  # fmt: skip


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    """By the clock, and of the processor."""
    used_s, began = stage.processor_s(), time.perf_counter()
    work()
    return time.perf_counter() - began, stage.processor_s() - used_s


class Table(NamedTuple):
    """A plain table, by its name and the types of its columns."""

    name: str
    types: tuple[str, ...]


WINDOWS = Table("plain_windows", ("text", "timestamptz", "int8", "text", "uuid", "int8", "jsonb"))
BATCHES_TABLE = Table("plain_batches", ("uuid", "int8", "bytea", "bytea", "uuid", "bytea"))


def _plain_tables(owner: psycopg.Connection) -> None:
    owner.execute(
        "CREATE TABLE plain_windows (gpu text, start timestamptz, cluster bigint, source text,"
        " stream uuid, number bigint, body jsonb, PRIMARY KEY (gpu, start))"
    )
    owner.execute(
        "CREATE TABLE plain_batches (stream uuid, number bigint, hash bytea, signature bytea,"
        " agent uuid, bytes bytea, PRIMARY KEY (stream, number))"
    )


def _copy(owner: psycopg.Connection, table: Table, rows: Iterable[Row]) -> None:
    statement = f"COPY {table.name} FROM STDIN (FORMAT binary)".encode()
    with owner.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)


def _agents_door(database: Database) -> AbstractContextManager[str]:
    """One process of it, or as many as are asked for."""
    given = [word.removeprefix("--workers=") for word in sys.argv if word.startswith("--workers=")]
    if not given:
        return stage.server(database, Door.AGENTS)
    return stage.workers(database, Door.AGENTS, int(given[0]))


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
        for table in ("vouchers", "voucher_versions"):
            db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER decided"))
        open_voucher(
            db, project=project, clause=CLAUSE, policy=POLICY, facts={}, actor="bench", now=START
        )
    with Session(database.owner_engine()) as db, db.begin():
        for table in ("vouchers", "voucher_versions"):  # a server that lacks them writes nothing
            db.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER decided"))
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


def _quotas_beside_intake(
    agents: str, people: str, token: str, requests: Sequence[Sequence[Request]]
) -> list[float]:
    """Quota answers while batches come in as fast as they are taken."""
    reporters = reporting(agents, requests, PROCESSES)
    times = _quota_times(people, token, lambda: all(r.is_alive() for r in reporters))
    wait(reporters)
    return times


def _percentile(seconds: Sequence[float], rank: int) -> float:
    by_length = sorted(seconds)
    return round(1000 * by_length[math.ceil(len(by_length) * rank / 100) - 1], 1)
