"""Counts of one process: they end with their minute, and then take no room."""

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from api.door.turns import own_counts as module
from api.door.turns.own_counts import OwnCounts


class Clock:
    now = 1_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_so_many_in_a_minute_and_each_caller_for_herself(clock: Clock) -> None:
    limiter, limit = FixedWindowRateLimiter(OwnCounts()), parse("2/minute")
    assert [limiter.hit(limit, "a") for _ in range(3)] == [True, True, False]
    assert not limiter.test(limit, "a")
    assert limiter.test(limit, "b")
    assert limiter.get_window_stats(limit, "a").reset_time == clock.now + 60
    clock.now += 60
    assert limiter.test(limit, "a")
    assert limiter.hit(limit, "a")


def test_what_is_over_takes_no_room(clock: Clock) -> None:
    counts = OwnCounts()
    for number in range(100):
        counts.incr(f"at:{number}", 60)
    clock.now += module.SWEPT_S
    counts.incr("one", 60)
    assert len(counts._counts) == 1


def test_counts_can_be_forgotten(clock: Clock) -> None:
    counts = OwnCounts()
    for key in ("a", "b"):
        assert counts.incr(key, 60, 3) == 3
    counts.clear("a")
    assert (counts.get("a"), counts.get("b")) == (0, 3)
    assert counts.get_expiry("a") == clock.now
    counts.reset()
    assert counts.get("b") == 0
    assert counts.check()
