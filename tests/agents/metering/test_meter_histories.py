"""The meter through random histories: no millisecond is lost, doubled, or given to another."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import wire
from tests.support.agents.node_world import World, check_exact

CLOCK_STEPS = [-3_600_000, -61_000, -3_000, -700, 700, 3_000, 61_000, 3_600_000]
STEPS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 150)),
    st.tuples(
        st.just("hold"), st.integers(0, 1), st.integers(0, 6), st.sampled_from(["", "a", "b"])
    ),
    st.tuples(st.just("kill"), st.sampled_from([0, 400, 8_000, 61_000, 400_000])),
    st.tuples(st.just("term"), st.sampled_from([0, 400, 8_000, 61_000, 400_000])),
    st.tuples(st.just("stall"), st.sampled_from([2_500, 3_500, 31_000, 130_000])),
    st.tuples(st.just("lose"), st.integers(0, 1)),
    st.tuples(st.just("find"), st.integers(0, 1)),
    st.tuples(st.just("cut"), st.integers(0, 1), st.integers(0, 2)),
    st.tuples(st.just("reach"), st.booleans()),
    st.tuples(st.just("slow"), st.sampled_from([0, 0, 900, 4_000, 8_000])),
)
WITH_A_SET_CLOCK = st.one_of(STEPS, st.tuples(st.just("set_clock"), st.sampled_from(CLOCK_STEPS)))
History = list[tuple[Any, ...]]


def play(history: History) -> World:
    """Live through a history, with a full minute before and after it."""
    world = World()
    world.run(61)
    for name, *how in history:
        getattr(world, name)(*how)
    world.run(61)
    return world


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_no_millisecond_is_lost_or_doubled(history: History) -> None:
    check_exact(play(history))


@settings(max_examples=40, deadline=None)
@given(st.lists(WITH_A_SET_CLOCK, max_size=14))
def test_a_set_clock_doubles_no_minute_and_no_use(history: History) -> None:
    check_never_doubled(play(history))


@pytest.mark.torture
@pytest.mark.timeout(3600)
@settings(max_examples=2_000, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_no_millisecond_is_lost_or_doubled_for_long(history: History) -> None:
    check_exact(play(history))


@pytest.mark.torture
@pytest.mark.timeout(3600)
@settings(max_examples=2_000, deadline=None)
@given(st.lists(WITH_A_SET_CLOCK, max_size=30))
def test_a_set_clock_doubles_no_minute_and_no_use_for_long(history: History) -> None:
    check_never_doubled(play(history))


def check_never_doubled(world: World) -> None:
    """Each minute once, and nobody is said to have held a device for longer than was seen."""
    windows = world.windows()
    assert all(wire.faults(window) == [] for window in windows)
    assert max(Counter((window.gpu, window.start) for window in windows).values()) == 1
    counter: Counter[tuple[str, str]] = Counter()
    for _, from_, to, holdings in world.record:
        for device, name in (holdings or {}).items():
            counter[device, name] += to - from_
    totals: Counter[tuple[str, str]] = Counter()
    for window in windows:
        for part in window.parts:
            device = part.mig.uuid if part.mig else window.gpu
            name = part.holder.name if isinstance(part.holder, wire.Static) else ""
            totals[device, name] += part.to_ms - part.from_ms
    assert all(ms <= counter[key] for key, ms in totals.items())
