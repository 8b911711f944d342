"""Nodes report to a relay that is killed, full, or without its server: nothing is lost."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from agents import wire as wire_rules
from agents.reporting.report import BATCH_PATH
from agents.reporting.server import Request, Response
from tests.support.agents.relay_process import Relay, Wire, lives
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import GPUS, Shown, Site, judge


@pytest.fixture
def wire(real: tuple[Site, Books]) -> Iterator[Wire]:
    wire = Wire(real[1].url)
    yield wire
    wire.close()


@pytest.fixture
def relay(tmp_path: Path, wire: Wire) -> Iterator[Relay]:
    with lives(Relay(tmp_path, wire.url)) as relay:
        yield relay


def test_the_relay_is_killed(
    real: tuple[Site, Books], wire: Wire, relay: Relay, check_row: Tell
) -> None:
    """With what it took in and could not pass on; the node is told nothing that is not so."""
    site, books = real
    life = site.start()
    assert life.send(relay.post)
    for _ in range(3):
        site.run(60)
        assert life.send(relay.post)
        wire.cut()
        site.run(60)
        assert life.send(relay.post)
        assert relay.figure("queue_batches") == 1
        depth = life.spool.depth()
        assert depth >= 2
        relay.stop(signal.SIGKILL)
        site.run(60)
        assert not life.send(relay.post)
        assert life.spool.depth() > depth
        wire.mend()
        relay.start()
        relay.until_empty()
        assert life.send(relay.post)
    site.run(1)
    assert life.send(relay.post)
    assert life.spool.depth() == 0
    assert books.count("conflicts") == books.count("forks") == 0
    verdict = judge(site)
    assert not verdict.gaps
    assert verdict.silent == 0
    check_row("relay_killed", verdict)


def test_the_relays_disk_is_lost(
    real: tuple[Site, Books], wire: Wire, relay: Relay, check_row: Tell
) -> None:
    """With batches that it had promised to pass on: the node still has them."""
    site, books = real
    life = site.start()
    site.run(61)
    assert life.send(relay.post)
    wire.cut()
    for _ in range(3):
        site.run(60)
        assert life.send(relay.post)
    relay.stop(signal.SIGKILL)
    for file in relay.data.iterdir():
        file.unlink()
    wire.mend()
    relay.start()
    site.run(60)
    assert life.send(relay.post)
    assert life.spool.depth() == 0
    assert books.count("conflicts") == books.count("forks") == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("relay_lost", verdict)


def test_the_relays_disk_is_full(
    real: tuple[Site, Books], wire: Wire, relay: Relay, check_row: Tell
) -> None:
    """A stranger fills it: the node gets 503 and keeps what it has, until the line is back."""
    site, books = real
    life = site.start()
    site.run(61)
    assert life.send(relay.post)
    relay.stop()
    relay.variables["SUANQUAN_RELAY_MIB"] = "1"
    relay.start()
    wire.cut()
    site.run(60)
    assert life.send(relay.post)
    garbage = os.urandom(wire_rules.BATCH_BYTES_MAX - 60_000)
    stranger = Request(
        BATCH_PATH,
        garbage,
        {
            wire_rules.AGENT_HEADER: str(uuid4()),
            wire_rules.SIGNATURE_HEADER: base64.b64encode(bytes(64)).decode(),
        },
    )
    answer = relay.post(stranger)
    assert answer is not None
    assert answer.status == 202
    depth, statuses = life.spool.depth(), list[int]()
    for _ in range(90):
        site.run(60)
        if not life.send(lambda request: _counted(relay, request, statuses)):
            break
    assert statuses[-1] == 503
    assert life.spool.depth() > depth
    assert relay.figure("turned_away_total") > 0
    wire.mend()
    relay.until_empty()
    assert life.send(relay.post)
    assert life.spool.depth() == 0
    assert relay.figure("refused_total") == 1
    assert books.count("conflicts") == books.count("forks") == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("relay_full", verdict)


def test_the_relays_server_is_away_for_twelve_hours(
    real: tuple[Site, Books], wire: Wire, relay: Relay, check_row: Tell
) -> None:
    """The node hands over what it has each hour and keeps it too; then it dies with its disk."""
    site, books = real
    life = site.start(driver=Shown())
    site.run(61)
    assert life.send(relay.post)
    wire.cut()
    for hour in range(12):
        site.held = {GPUS[0]: f"a{hour % 5}", GPUS[1]: "b"}
        site.run(1_200, step_ms=3_000)
        assert life.send(relay.post)
    assert relay.figure("queue_batches") == 12
    assert relay.figure("server_up") == 0
    assert life.spool.depth() >= 2 * (12 * 60 - 1)
    life.kill()
    (life.folder / "spool.db").unlink()
    wire.mend()
    relay.until_empty()
    assert books.count("conflicts") == books.count("forks") == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("relay_away", verdict)


def _counted(relay: Relay, request: Request, statuses: list[int]) -> Response | None:
    answer = relay.post(request)
    statuses.append(0 if answer is None else answer.status)
    return answer
