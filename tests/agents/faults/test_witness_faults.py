"""The API server, the cluster's witness and the kubelet fail: nothing is counted that did not run.

Two witnesses are needed, and each pod is metered to the minute; what the witness misses has one
source, and does not count by itself.
"""

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
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import Verdict
from tests.support.faults.witness_site import Watched
from tests.support.town import Town
from tests.support.witness.town import WitnessedTown

MINUTE = 60_000
AGENT = UUID(int=7)


@pytest.fixture
def watched(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Watched:
    return Watched(WitnessedTown(Town(database, engine, owner), owner))


def two_pods(watched: Watched) -> None:
    """One runs for two hours and one for forty minutes, and they are metered so."""
    for gpu, pod, low, high in ((0, "a", 0, 120), (1, "b", 20, 60)):
        watched.run_pod(gpu, pod, low, high)
        watched.meter(gpu, pod, low, high)


@pytest.mark.parametrize(("key", "status"), [("api_away", 0), ("api_504", 504)])
def test_the_api_server_is_away(watched: Watched, check_row: Tell, key: str, status: int) -> None:
    two_pods(watched)
    watched.answer(status, 30, 45)
    watched.witness(130)
    verdict = watched.judge()
    assert verdict.true == verdict.counted + verdict.gaps["single"]
    check_row(key, verdict)


def test_the_version_of_a_watch_is_gone(watched: Watched, check_row: Tell) -> None:
    """The API server was away, and compacted what happened: a pod came and went unseen."""
    two_pods(watched)
    watched.run_pod(1, "c", 62, 70)
    watched.meter(1, "c", 62, 70)
    watched.answer(503, 61, 71)
    watched.at(71, watched.api.compact)
    watched.at(71, lambda: watched.api.delete("pods", "uid-c"))
    watched.at(72, watched.api.compact)
    watched.witness(130)
    verdict = watched.judge()
    assert verdict.true == verdict.counted + verdict.gaps["single"]
    check_row("api_410", verdict)


def test_the_witness_is_killed(watched: Watched, check_row: Tell) -> None:
    two_pods(watched)
    watched.witness(130, killed_at=40, back_at=48)
    verdict = watched.judge()
    check_row("witness_killed", verdict)


def test_the_witness_reports_hours_late(watched: Watched, check_row: Tell) -> None:
    two_pods(watched)
    watched.at(10, lambda: setattr(watched, "is_cut_off", True))
    watched.witness(130)
    before = watched.judge()
    assert (before.counted, before.gaps) == (before.true, {})  # pending counts for now
    assert {row.verdict for row in watched.site.sums()} == {"agreeing", "pending"}
    watched.is_cut_off = False
    watched.witness(131)
    assert {row.verdict for row in watched.site.sums()} == {"agreeing"}
    check_row("witness_late", watched.judge())


def test_a_pod_is_metered_that_never_ran(watched: Watched, check_row: Tell) -> None:
    """The kubelet gave it a GPU, and its image could not be pulled; another is not known at all."""
    watched.meter(0, "waits", 0, 60)
    watched.meter(1, "phantom", 0, 60)
    watched.at(0, lambda: watched.put_waiting("waits"))
    watched.witness(70)
    verdict = watched.judge()
    assert (verdict.true, verdict.counted) == (0, 0)
    check_row("never_ran", verdict)


def test_a_pod_is_metered_after_its_end(watched: Watched, check_row: Tell) -> None:
    """An older kubelet lists it on; a minute is given at its end."""
    watched.run_pod(0, "a", 0, 30)
    watched.meter(0, "a", 0, 60)
    watched.witness(70)
    verdict = watched.judge()
    assert verdict.counted == verdict.true + MINUTE
    check_row("ended_listed", verdict)


def test_the_name_of_a_pod_is_used_again(watched: Watched, check_row: Tell) -> None:
    """By another UID: the first is metered until the second holds the GPU."""
    watched.run_pod(0, "web-0", 0, 20, "u-1")
    watched.at(21, lambda: watched.api.delete("pods", "u-1"))
    watched.run_pod(0, "web-0", 30, 60, "u-2")
    watched.meter(0, "web-0", 0, 30, "u-1")
    watched.meter(0, "web-0", 30, 60, "u-2")
    watched.witness(70)
    verdict = watched.judge()
    assert verdict.counted == verdict.true + MINUTE
    check_row("name_of_another", verdict)


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
