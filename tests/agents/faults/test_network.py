"""Answers are lost, batches come twice, the server is away, older, and killed at every step."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from agents.reporting.report import BATCH_PATH
from agents.reporting.server import Request, Response, Server
from api.door.batch_decoder import read_batch, verify
from ledger.metering.steps.intake import Reporter, take_batch
from tests.support.agents.mortal import each_wait, in_a_process
from tests.support.agents.tiny_server import TinyServer
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import GPUS, Shown, Site, judge
from tests.support.simulation import EVER


def test_requests_and_answers_are_lost(site: Site, server: TinyServer, check_row: Tell) -> None:
    life = site.start()
    assert life.send()  # it enrols
    for fate in ("drop", "lose", "500", "503", "200", "serve"):
        site.run(60)
        server.plan = [fate] * 3
        assert life.send()
    site.run(1)
    assert life.send()
    assert server.conflicts == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("lost_answers", verdict)


def test_an_older_server_cannot_read_a_nodes_windows(
    site: Site, server: TinyServer, check_row: Tell
) -> None:
    life = site.start(driver=Shown())
    server.unknown = "readings"
    for _ in range(3):
        site.run(61)
        assert life.send()
    assert server.windows == {}
    server.unknown = ""
    site.run(1_200, step_ms=3_000)
    assert life.send()
    verdict = judge(site)
    assert (verdict.silent, verdict.gaps, life.spool.refused()) == (0, {}, 0)
    check_row("older_node", verdict)


def test_the_share_of_a_day_is_spent(real: tuple[Site, Books], check_row: Tell) -> None:
    """Nothing that was taken is lost, and what was not stays on the node."""
    site, books = real
    life = site.start()
    site.run(120)
    assert life.send()
    books.owner.execute("UPDATE agent_shares SET bytes = 2::bigint ^ 40")
    site.run(180)
    assert not life.send()
    before = len(books.windows_kept())
    books.owner.execute("UPDATE agent_shares SET day = day - 1")
    site.run(60)
    assert life.send()
    assert len(books.windows_kept()) > before
    verdict = judge(site)
    assert not verdict.gaps
    check_row("share_spent", verdict)


def requests(books: Books) -> list[Request]:
    """Every batch that ever came, as it came."""
    rows = books.owner.execute(
        "SELECT agent_id AS agent, bytes, signature FROM batches ORDER BY stream, number"
    )
    return [
        Request(
            BATCH_PATH,
            body,
            {wire.AGENT_HEADER: str(agent), wire.SIGNATURE_HEADER: base64.b64encode(raw).decode()},
        )
        for agent, body, raw in rows
    ]


def test_old_batches_are_replayed(real: tuple[Site, Books], check_row: Tell) -> None:
    """Somebody recorded the traffic and sends it again, forwards, backwards, four at a time."""
    site, books = real
    life = site.start()
    for _ in range(5):
        site.run(61)
        assert life.send()
    message = requests(books)
    assert len(message) == 5

    def again(batches: list[Request]) -> list[int]:
        with Server(books.url) as server:
            return [answer.status for batch in batches if (answer := server.post(batch))]

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(again, [message, message[::-1], message * 2, message]))
    assert {status for codes in statuses for status in codes} == {200}
    assert sum(map(len, statuses)) == 25
    assert requests(books) == message
    assert books.count("conflicts") == books.count("forks") == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("replay", verdict)


def test_a_batch_comes_twice_at_the_same_moment(real: tuple[Site, Books], check_row: Tell) -> None:
    """A proxy that repeats what it is slow to forward: four copies at once, each time."""
    site, books = real

    def four_times(request: Request) -> Response | None:
        def once(_: int) -> Response | None:
            with Server(books.url) as server:
                return server.post(request)

        with ThreadPoolExecutor(4) as threads:
            first, *default = threads.map(once, range(4))
        assert first is not None
        assert {answer.body for answer in default if answer} == {first.body}
        return first

    life = site.start()
    for _ in range(5):
        site.run(61)
        assert life.send(four_times)
    assert books.count("batches") == 5
    verdict = judge(site)
    assert not verdict.gaps
    check_row("duplicates", verdict)


def test_the_server_is_away_for_72_hours(real: tuple[Site, Books], check_row: Tell) -> None:
    """Every minute of three days waits on the disk and arrives, at the hour of each change."""
    site, _ = real
    life = site.start(driver=Shown())
    site.run(60)
    assert life.send()
    for hour in range(72):
        site.held = {GPUS[0]: f"a{hour % 5}", GPUS[1]: "b"}
        site.run(1_200, step_ms=3_000)
        assert not life.send(lambda _: None)
    assert life.spool.depth() >= 2 * 72 * 60
    site.run(61)
    assert life.send()
    verdict = judge(site)
    assert not verdict.gaps
    assert verdict.windows == 2 * (72 * 60 + 2)
    check_row("away_72h", verdict)


def test_the_server_is_killed_at_every_step(real: tuple[Site, Books], check_row: Tell) -> None:
    """Before and after each word with the database, and after the commit, before the answer."""
    site, books = real
    life = site.start()
    steps, survived = 0, False
    while not survived:
        steps += 1
        site.run(60)
        site.run(1 if steps == 1 else 0)
        survived = _killed_at(life, books, steps)
    assert steps > 15
    assert books.count("forks") == books.count("conflicts") == 0
    verdict = judge(site)
    assert not verdict.gaps
    assert verdict.windows == 2 * steps
    check_row("server_killed", verdict)


def _killed_at(life: Any, books: Books, step: int) -> bool:
    """The server takes the batch in a process that dies at the step; then another server."""
    survived: list[bool] = []

    def post(request: Request) -> Response | None:
        if not survived:
            survived.append(in_a_process(lambda countdown: _take(request, books, countdown), step))
            return None  # if it came to its end, its answer is lost
        with Server(books.url) as server:
            return server.post(request)

    assert life.send(post)
    return survived[0]


def _take(request: Request, books: Books, countdown: Callable[[], None]) -> None:
    """One request, as the server takes it; counted before and after each wait for PostgreSQL."""
    engine = sa.create_engine(books.engine.url)
    with engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT public_key, cluster_id AS cluster FROM agents WHERE id = :agent"),
            {"agent": request.headers[wire.AGENT_HEADER]},
        ).one()
    head = msgspec.json.decode(request.body, type=wire.Batch)
    digest = sha256(request.body).digest()
    signature = verify(row.public_key, digest, request.headers[wire.SIGNATURE_HEADER])
    reporter = Reporter(
        head.agent, row.cluster, "c1", "n1", "nvml", books.now(), EVER, is_approved=True
    )
    submission = read_batch(request.body, digest, reporter, signature)
    with each_wait(countdown), Session(engine) as db:
        take_batch(db, submission, books.now())
        db.commit()
        countdown()
