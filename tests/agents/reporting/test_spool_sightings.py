"""Sightings in the spool: the newest of each key, in the order of their moments, none lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from agents import sightings, wire
from agents.errors import SpoolError
from agents.reporting.spool import Spool
from agents.sightings import Phase, PodSighting, Run, Watch
from tests.support.agents.windows import window

AGENT = UUID(int=7)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def pod(name: str, minute: int, phase: Phase = Phase.RUNNING) -> PodSighting:
    return PodSighting(name, "lab", name, phase, NOON, at(minute))


def batch(spool: Spool) -> wire.Batch:
    body = spool.next_batch(AGENT, NOON)
    assert body is not None
    return msgspec.json.decode(body, type=wire.Batch)


def test_the_newest_of_a_key_is_sent_once_and_a_watch_after_its_pods(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        spool.add_sightings([Watch(NOON, at(1)), pod("b", 0), pod("a", 1, Phase.PENDING)])
        spool.add_sightings([Watch(NOON, at(2)), pod("a", 2)])
        assert spool.depth() == 3
        assert spool.oldest() == NOON
        first = batch(spool)
        assert first.sightings == (pod("b", 0), pod("a", 2), Watch(NOON, at(2)))
        assert batch(spool) == first  # until it is acknowledged
        spool.acknowledge(first.number)
        assert spool.next_batch(AGENT, NOON) is None


def test_windows_and_sightings_share_a_batch_and_a_thousand_records_are_its_end(
    tmp_path: Path,
) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(n) for n in range(400)])
        spool.add_sightings([pod(f"p{n:04}", 0) for n in range(1000)])
        first = batch(spool)
        assert (len(first.windows), len(first.sightings)) == (400, 600)
        spool.acknowledge(first.number)
        second = batch(spool)
        assert (len(second.windows), len(second.sightings)) == (0, 400)


def test_a_new_stream_sends_again_what_was_sent_but_not_what_is_older(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        spool.add_sightings([pod("a", 0, Phase.PENDING), pod("b", 0)])
        first = batch(spool)
        spool.add_sightings([pod("a", 5)])
        spool.new_stream(first.number)
        again = batch(spool)
        assert (again.number, again.sightings) == (1, (pod("b", 0), pod("a", 5)))


def test_a_full_spool_takes_none_and_keeps_what_it_has(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db", bytes_max=200_000) as spool:
        numbers = count()
        while spool.used_bytes() <= 200_000:
            spool.add_sightings([pod(f"p{next(numbers)}", 0)])
        depth = spool.depth()
        assert depth > 100
        with pytest.raises(SpoolError, match="full"):
            spool.add_sightings([pod("one-more", 0)])
        assert spool.depth() == depth


@pytest.mark.parametrize(
    "wrong",
    [
        Watch(at(1), NOON),
        Watch(datetime(1999, 1, 1, tzinfo=UTC), NOON),
        msgspec.structs.replace(pod("a", 0), runs=(Run("main", at(1), NOON),)),
        msgspec.structs.replace(pod("a", 1), gone_at=NOON),
    ],
)
def test_what_runs_backwards_is_refused_at_the_door(
    tmp_path: Path, wrong: sightings.Sighting
) -> None:
    with Spool(tmp_path / "spool.db") as spool:
        with pytest.raises(ValueError, match=r"backwards|out of range"):
            spool.add_sightings([pod("b", 0), wrong])
        assert spool.depth() == 0
