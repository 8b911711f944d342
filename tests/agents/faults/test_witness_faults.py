"""The API server, the cluster's witness and the kubelet fail: nothing is counted that did not run.

Two witnesses are needed, and each pod is metered to the minute; what the witness misses has one
source, and does not count by itself.
"""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support.faults.fault_books import Tell
from tests.support.faults.witness_site import Watched
from tests.support.town import Town
from tests.support.witness.town import WitnessedTown

MINUTE = 60_000


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
