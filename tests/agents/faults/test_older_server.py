"""A server that is older than its agents: what it cannot read is kept and told again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest
import sqlalchemy as sa

from agents import wire
from agents.reporting.spool import Spool
from agents.sightings import PodSighting, Watch
from ledger.postgres.database import Database
from tests.support.agents.tiny_server import TinyServer
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import Shown, Site, Verdict, judge
from tests.support.faults.witness_site import Watched
from tests.support.town import Town
from tests.support.witness.town import WitnessedTown

AGENT = UUID(int=7)


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


@dataclass
class Queued(Watched):
    """The witness's words go through its spool, to a ledger that reads no pods for a while."""

    spool: Spool | None = None
    is_older: bool = False

    def _report(self) -> None:
        assert self.spool is not None
        self.spool.add_sightings(self._view.take())
        while self._say_next() or self.spool.tell_again(AGENT, self.now):
            pass

    def _say_next(self) -> bool:
        assert self.spool is not None
        body = self.spool.next_batch(AGENT, self.now)
        if body is None:
            return False
        batch = msgspec.json.decode(body, type=wire.Batch)
        unread = [
            index
            for index, sighting in enumerate(batch.sightings)
            if self.is_older and isinstance(sighting, PodSighting)
        ]
        if unread:  # as the server does (api/door/batch_decoder.py)
            watches = enumerate(batch.sightings)
            unread += [index for index, sighting in watches if isinstance(sighting, Watch)]
        if readable := [s for index, s in enumerate(batch.sightings) if index not in unread]:
            self.site.say(*readable)
        self.spool.acknowledge(batch.number, unread, now_ms=wire.start_ms(self.now))
        return True


@pytest.fixture
def queued(
    tmp_path: Path, database: Database, engine: sa.Engine, owner: psycopg.Connection
) -> Iterator[Queued]:
    with Spool(tmp_path / "spool.db") as spool:
        yield Queued(WitnessedTown(Town(database, engine, owner), owner), spool=spool)


def test_an_older_server_cannot_read_what_the_witness_says(queued: Queued, check_row: Tell) -> None:
    queued.is_older = True
    for gpu, pod, low, high in ((0, "a", 0, 40), (1, "b", 20, 130)):
        queued.run_pod(gpu, pod, low, high)
        queued.meter(gpu, pod, low, high)
    queued.at(60, lambda: setattr(queued, "is_older", False))
    before: list[Verdict] = []
    queued.at(59, lambda: before.append(queued.judge()))
    queued.witness(140)
    assert [(then.counted, then.gaps) for then in before] == [(before[0].true, {})]  # pending
    verdict = queued.judge()
    assert verdict.counted == verdict.true
    check_row("older_witness", verdict)
