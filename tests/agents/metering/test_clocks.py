"""Clocks: a leap second, summer time that Beijing does not have, a step while the driver hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from agents import wire
from tests.support.agents.node_world import NOON, World, check_exact, minutes

BEIJING = timezone(timedelta(hours=8))


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose administrator set a time zone with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def world_at(year: int, month: int, day: int, hour: int, minute: int) -> World:
    start = int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1_000
    return World(clock_error=start)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_summer_time_begins_and_ends_and_no_minute_knows(month: int, day: int) -> None:
    world = world_at(2026, month, day, 0, 55)  # at 01:00 UTC the clocks of Berlin jump
    world.run(601)
    windows = minutes(world)
    assert [w.start for w in windows] == [
        datetime(2026, month, day, 0, 55, tzinfo=UTC) + timedelta(minutes=n) for n in range(10)
    ]
    assert not any(w.gaps for w in windows[1:])
    check_exact(world)


def test_a_beijing_day_is_1440_minutes_and_begins_at_16_utc() -> None:
    world = world_at(2026, 2, 28, 15, 58)
    world.run(24 * 3_600 + 241)
    day = [w for w in minutes(world) if w.start.astimezone(BEIJING).day == 1]
    assert len(day) == 1_440
    assert day[0].start == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert sum(p.to_ms - p.from_ms for w in day for p in w.parts) == 24 * wire.HOUR_MS


@pytest.mark.parametrize("step", [-1_000, 1_000])
def test_a_leap_second_is_no_step(step: int) -> None:
    """Linux repeats the second (or leaves one out) where the UTC day ends: 08:00 in Beijing."""
    world = world_at(2026, 12, 31, 23, 58)
    world.run(119)
    world.set_clock(step)
    world.run(182)
    assert not any(w.gaps for w in minutes(world)[1:])
    starts = [w.start for w in minutes(world)]
    assert starts == [starts[0] + timedelta(minutes=n) for n in range(len(starts))]


def test_the_clock_is_set_while_the_driver_does_not_answer() -> None:
    world = World()
    world.run(70)
    world.slow(8_000)
    while not world.is_asked:
        world.run(1)
    world.set_clock(3_600_000)
    world.run(65)
    gaps = [g for w in minutes(world)[1:] for g in w.gaps]
    assert {g.reason for g in gaps} == {wire.GapReason.CLOCK_STEP}
    assert 3_600_000 <= sum(g.to_ms - g.from_ms for g in gaps) <= 3_600_000 + 10_000
    assert all(wire.faults(w) == [] for w in world.windows())


def test_the_minute_of_a_step_ends_in_a_gap_and_the_next_is_whole() -> None:
    world = World()
    world.run(90)
    world.set_clock(-3_600_000)
    world.run(3_600 + 125)
    after = [w for w in minutes(world) if wire.start_ms(w.start) > NOON]
    assert [w.start for w in after] == sorted({w.start for w in after})
    (stepped,) = [w for w in after if w.gaps]
    assert [g.reason for g in stepped.gaps] == [wire.GapReason.CLOCK_STEP]
    assert stepped.gaps[-1].to_ms == wire.MINUTE_MS
