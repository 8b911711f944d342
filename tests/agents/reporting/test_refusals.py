"""What the server refused is kept and told again: after an hour, at a start, never twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from agents import wire
from agents.reporting.spool import Spool
from agents.sightings import Phase, PodSighting, Watch
from tests.support.agents.windows import NOON, window

AGENT = UUID(int=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool.db") as spool:
        yield spool


def next_batch(spool: Spool, now: datetime = NOON) -> wire.Batch | None:
    body = spool.next_batch(AGENT, now)
    return None if body is None else msgspec.json.decode(body, type=wire.Batch)


def refuse(spool: Spool, *indexes: int, now: datetime = NOON) -> wire.Batch:
    """The server takes the next batch but for these records of it."""
    batch = next_batch(spool, now)
    assert batch is not None
    spool.acknowledge(batch.number, indexes, now_ms=wire.start_ms(now))
    return batch


def told_again(spool: Spool, now: datetime) -> wire.Batch:
    assert spool.tell_again(AGENT, now)
    batch = next_batch(spool, now)
    assert batch is not None
    return batch


def pod(name: str, minute: int = 0) -> PodSighting:
    return PodSighting(name, "lab", name, Phase.RUNNING, NOON, NOON + timedelta(minutes=minute))


def test_what_was_refused_is_told_again_an_hour_later(spool: Spool) -> None:
    spool.add([window(0), window(1), window(2)])
    spool.add_sightings([pod("a"), pod("b")])
    refuse(spool, 1, 4)
    assert (spool.depth(), spool.refused()) == (0, 2)
    assert not spool.tell_again(AGENT, NOON + HOUR - timedelta(seconds=1))
    batch = told_again(spool, NOON + HOUR)
    assert (batch.number, batch.windows, batch.sightings) == (2, (window(1),), (pod("b"),))
    spool.acknowledge(batch.number)
    assert (spool.depth(), spool.refused()) == (0, 0)
    assert not spool.tell_again(AGENT, NOON + 9 * HOUR)


def test_an_agent_that_starts_tells_it_at_once(spool: Spool, tmp_path: Path) -> None:
    spool.add([window(0)])
    refuse(spool, 0)
    spool.close()
    with Spool(tmp_path / "spool.db") as again:
        assert told_again(again, NOON).windows == (window(0),)


def test_it_is_a_batch_an_hour_until_one_is_taken_and_then_the_rest(spool: Spool) -> None:
    for first in range(0, 3_000, 1_000):
        spool.add([window(first + n) for n in range(1_000)])
        refuse(spool, *range(1_000))
    told_again(spool, NOON + HOUR)
    refuse(spool, *range(1_000), now=NOON + HOUR)
    assert not spool.tell_again(AGENT, NOON + HOUR)
    batches = [told_again(spool, NOON + 2 * HOUR)]  # another thousand than the hour before
    assert batches[0].windows[0] == window(1_000)
    refuse(spool, 999, now=NOON + 2 * HOUR)
    while spool.tell_again(AGENT, NOON + 2 * HOUR):
        batches.append(refuse(spool, now=NOON + 2 * HOUR))
    assert sum(len(batch.windows) for batch in batches) == 3_001
    assert spool.refused() == 0


def test_a_trickle_of_refusals_does_not_put_it_off(spool: Spool) -> None:
    for minute in range(60):
        spool.add([window(minute)])
        refuse(spool, 0, now=NOON + timedelta(minutes=minute))
    assert len(told_again(spool, NOON + HOUR).windows) == 60


def test_a_newer_word_replaces_what_was_refused(spool: Spool) -> None:
    spool.add([window(0)])
    spool.add_sightings([pod("a"), pod("b")])
    refuse(spool, 0, 1, 2)
    spool.add_sightings([pod("a", 5)])
    body = msgspec.json.encode(window(0))
    spool.add_bound([(wire.start_ms(NOON), body)], AGENT, NOON)
    assert spool.refused() == 1  # pod b
    assert told_again(spool, NOON + HOUR).windows == (window(0),)  # the newer one, in its batch


def test_a_pod_that_was_seen_again_meanwhile_is_not_told_as_it_was(spool: Spool) -> None:
    spool.add_sightings([pod("a")])
    batch = next_batch(spool)
    assert batch is not None
    spool.add_sightings([pod("a", 5)])
    spool.acknowledge(batch.number, [0])
    assert spool.refused() == 0
    newest = next_batch(spool)
    assert newest is not None
    assert newest.sightings == (pod("a", 5),)


def test_no_watch_is_told_while_a_pod_is_not(spool: Spool) -> None:
    """It would say that there is no such pod."""
    watch, longer = (Watch(NOON, NOON + timedelta(minutes=minute)) for minute in (1, 9))
    spool.add_sightings([pod("a"), watch])
    refuse(spool, 0, 1)
    spool.add_sightings([pod("b", 5), longer])
    assert refuse(spool).sightings == (pod("b", 5),)
    assert told_again(spool, NOON + HOUR).sightings == (pod("a"),)
    refuse(spool)
    assert refuse(spool).sightings == (longer,)


def test_a_courier_takes_it_along_whenever_he_goes(spool: Spool) -> None:
    spool.add([window(0)])
    refuse(spool, 0)
    spool.add([window(1)])
    spool.bind_all(AGENT, NOON)
    bodies = [msgspec.json.decode(body, type=wire.Batch) for _, body in spool.unanswered()]
    assert [batch.windows for batch in bodies] == [(window(1),), (window(0),)]


def test_where_there_is_no_room_it_becomes_a_gap_before_what_was_never_told(
    tmp_path: Path,
) -> None:
    with Spool(tmp_path / "spool.db", bytes_max=150_000) as spool:
        spool.add([window(n) for n in range(300)])
        refuse(spool, *range(300))
        assert spool.refused() == 300
        minute = 300
        while spool.refused() == 300:
            spool.add([window(minute)])
            minute += 1
        batch = next_batch(spool)
        assert batch is not None
        gaps = [w for w in batch.windows if w.gaps]
        assert [w.gaps[0].reason for w in gaps[:1]] == [wire.GapReason.SPOOL_OVERFLOW]
        assert max(w.start for w in gaps) < NOON + timedelta(minutes=300)


def test_a_file_of_an_earlier_version_is_taken_as_it_is(spool: Spool, tmp_path: Path) -> None:
    spool.add([window(0)])
    spool.close()
    older = sqlite3.connect(tmp_path / "spool.db")
    older.executescript("DROP TABLE refused; DROP TABLE again")
    older.close()
    with Spool(tmp_path / "spool.db", beside=True) as beside:
        beside.bind_all(AGENT, NOON)
        assert beside.depth() == 1
