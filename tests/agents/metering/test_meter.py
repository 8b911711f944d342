"""What the meter says of one minute, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from agents import wire
from agents.metering.meter import ClosedMinutes, Meter
from agents.metering.minute import Minute
from agents.observations import HolderShare, Holdings, Instant, Look
from tests.support.agents.node_world import FREE, GPUS, NOON, World, check_exact, minutes, slices


def test_the_first_minute_begins_with_a_gap() -> None:
    world = World(now=20_000)
    world.run(41)
    (first,) = minutes(world)
    assert [(g.from_ms, g.reason) for g in first.gaps] == [(0, wire.GapReason.AGENT_DOWN)]
    assert first.gaps[0].to_ms == first.parts[0].from_ms == 21_160  # of the first look
    assert first.start == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert first.boot == "boot"


def test_a_full_minute_is_one_part_with_its_evidence_and_energy() -> None:
    world = World(holder={GPUS[0]: "model-a"})
    world.run(125)
    second = minutes(world)[1]
    (part,) = second.parts
    assert (part.holder, part.from_ms, part.to_ms) == (wire.Static("model-a"), 0, 60_000)
    assert part.readings is not None
    assert (part.readings.samples, part.readings.util_ppm) == (6, 500_000)
    assert part.readings.missing["power_max_mw"] == "not_read"
    assert second.energy_mj == 6_000
    assert second.missing == {}


def test_a_device_that_is_shared_gives_its_evidence_to_none() -> None:
    world = World()
    shared = (HolderShare(wire.Static("a"), 1, 2), HolderShare(wire.Static("b"), 1, 2))
    meter, at = Meter(world.instant(), None), world.instant()
    closed = ClosedMinutes()
    for second in range(121):
        at = Instant(NOON + second * 1_000, second * 1_000)
        looks = world.looks() if meter.due(at) else None
        closed = meter.see(at, Holdings({GPUS[0]: shared}), looks)
    window = next(w for w in closed.windows if w.gpu == GPUS[0])
    assert [(p.num, p.den) for p in window.parts] == [(1, 2), (1, 2)]
    for part in window.parts:
        assert part.readings is not None
        assert part.readings.util_ppm is None
        assert part.readings.missing["util_ppm"] == "shared"


@pytest.mark.parametrize(
    ("counter", "reason"),
    [
        ([100, 90, 200], "counter_went_back"),
        ([100, 100 + 10_000 * 60_001], "implausible"),
        ([100, None], "not_supported"),
        ([None, 100], "not_supported"),
    ],
)
def test_energy_that_is_doubtful_is_null_with_the_reason(
    counter: list[int | None], reason: str
) -> None:
    minute = Minute(0, energy_start=50, energy_now=50)
    for place, value in enumerate(counter, 1):
        minute.hold(place * 60_000 // len(counter), [(GPUS[0], None, (FREE,))])
        missing = "not_supported" if value is None else ""
        minute.read(Look("H100", False, (), {}, value, missing))  # noqa: FBT003
    window = minute.window(GPUS[0], "H100", None)
    assert (window.energy_mj, window.missing) == (None, {"energy_mj": reason})


def test_energy_of_a_gap_is_unknown() -> None:
    world = World()
    world.run(70)
    world.kill(5_000)
    world.run(50)
    assert minutes(world)[1].energy_mj is None
    assert minutes(world)[1].missing == {"energy_mj": "gap"}


def test_a_lost_gpu_is_its_own_gap() -> None:
    world = World()
    world.run(70)
    world.lose(0)
    world.run(60)
    world.find(0)
    world.run(120)
    assert {g.reason for w in minutes(world, 0)[1:3] for g in w.gaps} == {wire.GapReason.GPU_LOST}
    assert not any(w.gaps for w in minutes(world, 1)[1:])
    lost = sum(g.to_ms - g.from_ms for w in minutes(world, 0)[1:] for g in w.gaps)
    assert 60_000 <= lost <= 60_000 + 2 * 11_000  # from the last look before to the first after
    check_exact(world)


def test_a_gpu_sliced_anew_is_unknown_between_two_looks() -> None:
    world = World()
    world.run(75)
    world.cut(0, 2)
    world.run(46)
    window = minutes(world)[1]
    assert {g.reason for g in window.gaps} == {wire.GapReason.MIG_RECONFIG}
    (gap,) = window.gaps
    assert gap.to_ms - gap.from_ms <= 11_000
    assert [p.mig is None for p in window.parts] == [True] + [False] * 7
    assert window.parts[0].to_ms == gap.from_ms
    check_exact(world)


@pytest.mark.parametrize("gpu", [0, 1])
def test_a_gpu_sliced_anew_during_a_slow_look_is_unknown_until_its_end(gpu: int) -> None:
    """Of one it is seen before, of the other after it was cut; neither may be taken as whole."""
    world = World()
    world.run(70)
    world.slow(4_000)
    while world.meter is None or not world.is_asked:
        world.run(1)
    world.run(1)
    world.cut(gpu, 2)
    world.events.clear()  # not every driver says so
    world.run(130)
    (gap,) = [g for w in minutes(world, gpu)[1:] for g in w.gaps]
    assert gap.reason == wire.GapReason.MIG_RECONFIG
    check_exact(world)


def test_a_slow_look_holds_no_second_back() -> None:
    world = World()
    world.run(70)
    world.slow(7_000)
    world.hold(0, 0, "model-a")
    world.run(130)
    assert not any(w.gaps for w in minutes(world)[1:])
    assert sum(len(w.parts) for w in minutes(world)[1:3]) == 3
    check_exact(world)


def test_a_map_that_names_a_sliced_gpu_whole_does_not_guess() -> None:
    world = World(holder={GPUS[0]: "model-a"})
    world.cut(0, 1)
    world.holder = {GPUS[0]: "model-a", slices(GPUS[0], 1)[0].uuid: "model-b"}
    world.run(125)
    holders = {part.holder for part in minutes(world)[1].parts}
    assert holders == {wire.Static("model-b"), wire.Unattributed("named_whole_but_sliced")}


def test_a_driver_that_is_away_is_a_gap_of_every_gpu_and_no_gpu_is_forgotten() -> None:
    world = World()
    world.run(60)
    assert world.meter is not None
    for _ in range(130):
        world.now += 1_000
        at = world.instant()
        looks = wire.GapReason.DRIVER_RELOAD if world.meter.due(at) else None
        world.take(world.meter.see(at, Holdings({}), looks))
    for gpu in (0, 1):
        (gap,) = minutes(world, gpu)[1].gaps
        assert (gap.from_ms, gap.to_ms, gap.reason) == (0, 60_000, wire.GapReason.DRIVER_RELOAD)


def test_holders_that_cannot_be_asked_are_a_gap() -> None:
    world = World()
    world.run(70)
    world.reach(reachable=False)
    world.run(10)
    world.reach(reachable=True)
    world.run(50)
    (gap,) = minutes(world)[1].gaps
    assert gap.reason == wire.GapReason.KUBELET_UNREACHABLE
    assert 9_000 <= gap.to_ms - gap.from_ms <= 11_500
    check_exact(world)


def test_days_of_absence_are_runs_of_gaps_and_bounded() -> None:
    world = World()
    world.run(61)
    world.kill(5 * 24 * 3_600_000)
    world.run(2)
    runs = {run.gpu: run for run in world.runs}
    assert set(runs) == set(GPUS)
    assert all(run.last_ms - run.first_ms == (72 * 60 - 1) * 60_000 for run in runs.values())
    assert len(world.runs) == 2


@pytest.mark.parametrize("step", [3_000, 3_600_000])
def test_a_clock_set_forward_is_a_gap(step: int) -> None:
    world = World()
    world.run(70)
    world.set_clock(step)
    world.run(55)
    gaps = [g for w in minutes(world)[1:] for g in w.gaps]
    assert {g.reason for g in gaps} == {wire.GapReason.CLOCK_STEP}
    assert sum(g.to_ms - g.from_ms for g in gaps) == step


@pytest.mark.parametrize("step", [-3_000, -100_000])
def test_a_clock_set_back_writes_no_minute_again(step: int) -> None:
    world = World()
    world.run(130)
    before = len(world.windows())
    world.set_clock(step)
    world.run(-step // 1_000 + 130)
    after = minutes(world)[before // 2 :]
    assert after[0].gaps[-1].reason == wire.GapReason.CLOCK_STEP
    assert after[0].gaps[-1].to_ms == 60_000
    assert [w.start for w in minutes(world)] == sorted({w.start for w in minutes(world)})
    assert not after[1].gaps


def test_an_hour_in_a_wrong_year_does_not_silence_the_meter() -> None:
    """A machine that boots with a broken clock: NTP puts it right a minute later."""
    century = 74 * 365 * 24 * 3_600_000
    world = World(clock_error=NOON + century)
    world.run(65)
    world.set_clock(-century)
    world.run(125)
    sane = [w for w in minutes(world) if w.start.year == 2026]
    assert len(sane) >= 2
    assert not sane[-1].gaps


def test_less_than_a_second_is_no_step() -> None:
    world = World()
    world.run(70)
    world.set_clock(900)
    world.run(60)
    assert not minutes(world)[1].gaps


def test_what_the_driver_cannot_mean_is_a_gap_with_a_flag(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two slices on one place: nobody can be billed for that minute."""
    world = World()
    world.cut(0, 1)
    first, second = slices(GPUS[0], 1)
    overlap = msgspec.structs.replace(second, placement=(2, 4))
    meter, closed = Meter(world.instant(), None), ClosedMinutes()
    for tick in range(121):
        at = Instant(NOON + tick * 1_000, tick * 1_000)
        look = Look("H100", True, (first, overlap), {})  # noqa: FBT003
        closed = meter.see(at, Holdings({}), {GPUS[0]: look} if meter.due(at) else None)
    (window,) = closed.windows
    assert wire.faults(window) == []
    assert (window.parts, window.flags) == ((), ("inconsistent",))
    assert "overlap" in caplog.text


def test_a_checkpoint_that_cannot_be_read_is_a_gap_not_a_crash() -> None:
    world = World(kept=b"{]", now=20_000)
    world.run(101)
    assert minutes(world)[0].gaps[0].from_ms == 0
    check_exact(world)


def test_a_gpu_that_is_gone_stays_a_gap_for_three_days() -> None:
    """Fallen off the bus: after a restart the driver does not even list it."""
    world = World()
    world.run(70)
    world.kill(1_000)
    del world.layout[GPUS[1]]
    world.run(120)
    (gap,) = minutes(world, 1)[2].gaps
    assert (gap.from_ms, gap.to_ms, gap.reason) == (0, 60_000, wire.GapReason.GPU_LOST)
    assert not minutes(world, 0)[2].gaps
    world.kill(73 * 3_600_000)
    world.run(130)
    later = datetime.fromtimestamp((world.now + world.clock_error) // 1_000 - 130, UTC)
    assert max(w.start for w in minutes(world, 0)) > later
    assert max(w.start for w in minutes(world, 1)) < later
