"""The meter against a world that is known to the millisecond.

`World` is a node with two GPUs, driven second by second: it changes holders, slices GPUs anew,
loses them, stalls, kills the meter and starts it again. It keeps its own record of who held what
and of what could be seen; every window that the meter closed must say exactly that.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import wire
from agents.looks import Held, Holding, Instant, Look, Reading
from agents.meter import Closed, Meter
from agents.minute import Minute
from agents.spool import GapRun

GPUS = ("GPU-00000000-0000-4000-8000-000000000000", "GPU-00000000-0000-4000-8000-000000000001")
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
FREE = Held(wire.Unallocated())
LONG = os.environ.get("SUANQUAN_TORTURE") == "1"


def slices(gpu: str, layout: int) -> tuple[wire.Mig, ...]:
    """Layout 0 is a whole GPU; the others cut it in two or in seven."""
    sizes = {0: (), 1: (4, 4), 2: (1,) * 7}[layout]
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return tuple(
        wire.Mig(
            gi=place + 1,
            ci=0,
            profile=f"{size}g.10gb",
            uuid=f"MIG-{layout}{place}000000-0000-4000-8000-{gpu[-12:]}",
            placement=(start, size),
        )
        for place, (start, size) in enumerate(zip(starts, sizes, strict=True))
    )


@dataclass
class World:
    """A node, its clocks, and the record of what could be seen."""

    now: int = 0  # milliseconds of real time
    clock_error: int = NOON  # the wall shows real time plus this
    layout: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GPUS, 0))
    lost: set[str] = field(default_factory=set)
    holder: dict[str, str] = field(default_factory=dict)  # by device, else free
    reachable: bool = True
    energy: int = 0
    meter: Meter | None = None
    kept: bytes | None = None
    closed: list[wire.Window] = field(default_factory=list)
    runs: list[GapRun] = field(default_factory=list)
    # what must come out: (gpu, from, to, {device: holder} or None where nobody could see)
    record: list[tuple[str, int, int, dict[str, str] | None]] = field(default_factory=list)
    _since_look: list[tuple[int, int, Holding | wire.GapReason]] = field(default_factory=list)
    _last_tick: tuple[int, Holding | wire.GapReason] | None = None
    _last_looks: dict[str, Look | wire.GapReason] = field(default_factory=dict)

    def instant(self) -> Instant:
        return Instant(self.now + self.clock_error, self.now)

    def looks(self) -> dict[str, Look | wire.GapReason]:
        self.energy += 1_000
        return {
            gpu: wire.GapReason.GPU_LOST
            if gpu in self.lost
            else Look(
                "NVIDIA H100", layout > 0, slices(gpu, layout), self._readings(gpu), self.energy
            )
            for gpu, layout in self.layout.items()
        }

    def _readings(self, gpu: str) -> dict[str, Reading]:
        return {device: Reading(util_ppm=500_000) for device in self.devices(gpu)}

    def devices(self, gpu: str) -> list[str]:
        return [mig.uuid for mig in slices(gpu, self.layout[gpu])] or [gpu]

    def holding(self) -> Holding | wire.GapReason:
        if not self.reachable:
            return wire.GapReason.KUBELET_UNREACHABLE
        held = {device: (Held(wire.Static(name)),) for device, name in self.holder.items()}
        return Holding(held)

    def tick(self, *, stop: bool = False) -> None:
        """One turn of the agent's loop."""
        if self.meter is None:
            self.meter = Meter(self.instant(), "boot", self.kept)
        at, holding = self.instant(), self.holding()
        looks = self.looks() if stop or self.meter.due(at) else None
        self.take(self.meter.see(at, holding, looks))
        if self._last_tick is not None:
            then, before = self._last_tick
            stalled = self.now - then > 3_000
            seen = wire.GapReason.AGENT_DOWN if stalled else before
            self._since_look.append((then, self.now, seen))
        self._last_tick = (self.now, holding)
        if looks is not None:
            self._write_record(looks)
            self.kept = self.meter.checkpoint()

    def take(self, closed: Closed) -> None:
        self.closed += closed.windows
        self.runs += closed.gaps

    def _write_record(self, looks: dict[str, Look | wire.GapReason]) -> None:
        for gpu, look in looks.items():
            before = self._last_looks.get(gpu)
            same = (
                isinstance(look, Look) and isinstance(before, Look) and before.slices == look.slices
            )
            for from_, to, holding in self._since_look:
                seen = None
                if same and isinstance(look, Look) and isinstance(holding, Holding):
                    seen = {
                        device: self._name(holding, device)
                        for device in ([s.uuid for s in look.slices] or [gpu])
                    }
                self.record.append((gpu, from_, to, seen))
        self._since_look, self._last_looks = [], looks

    def _name(self, holding: Holding, device: str) -> str:
        held = holding.devices.get(device, (FREE,))[0].holder
        return held.name if isinstance(held, wire.Static) else ""

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += (
                1_000 - (self.now % 1_000) + (self.now * 7_919) % 240
            )  # ticks are never even
            self.tick()

    def die(self, down_ms: int, *, kill: bool) -> None:
        if not kill and self.meter is not None:
            self.now += 137
            self.tick(stop=True)
        self.meter, self._last_tick, self._since_look, self._last_looks = None, None, [], {}
        self.now += down_ms

    def hold(self, gpu: int, place: int, name: str) -> None:
        devices = self.devices(GPUS[gpu])
        self.holder.pop(devices[place % len(devices)], None)
        if name:
            self.holder[devices[place % len(devices)]] = name

    def kill(self, down_ms: int) -> None:
        self.die(down_ms, kill=True)

    def term(self, down_ms: int) -> None:
        self.die(down_ms, kill=False)

    def stall(self, ms: int) -> None:
        self.now += ms

    def lose(self, gpu: int) -> None:
        self.lost.add(GPUS[gpu])

    def find(self, gpu: int) -> None:
        self.lost.discard(GPUS[gpu])

    def cut(self, gpu: int, layout: int) -> None:
        for device in self.devices(GPUS[gpu]):
            self.holder.pop(device, None)
        self.layout[GPUS[gpu]] = layout

    def reach(self, reachable: bool) -> None:
        self.reachable = reachable

    def set_clock(self, ms: int) -> None:
        self.clock_error += ms

    def windows(self) -> list[wire.Window]:
        """Everything that leaves the node, the runs of gaps written out."""
        return self.closed + [
            wire.Window(
                run.gpu,
                run.model,
                datetime.fromtimestamp(start // 1000, UTC),
                wire.MINUTE_MS,
                (),
                (wire.Gap(0, wire.MINUTE_MS, run.reason),),
            )
            for run in self.runs
            for start in range(run.first_ms, run.last_ms + 1, wire.MINUTE_MS)
        ]


def said(windows: list[wire.Window], *, offset: int) -> dict[tuple[str, str], set[int]]:
    """(GPU or slice, holder) -> the hundredths of seconds in real time, as the windows have it."""
    spans: dict[tuple[str, str], set[int]] = {}
    for window in windows:
        start = wire.start_ms(window.start) - offset
        for part in window.parts:
            device = part.mig.uuid if part.mig else window.gpu
            name = part.holder.name if isinstance(part.holder, wire.Static) else ""
            span = range(start + part.from_ms, start + part.to_ms)
            spans.setdefault((device, name), set()).update(span)
    return spans


def check_exact(world: World) -> None:
    """Every window says what the world knows; each minute once; nothing outside them is missing."""
    windows = world.windows()
    assert all(wire.faults(window) == [] for window in windows)
    keys = Counter((window.gpu, window.start) for window in windows)
    assert set(keys.values()) <= {1}
    for gpu in GPUS:
        starts = sorted(wire.start_ms(window.start) for window in windows if window.gpu == gpu)
        assert starts == list(range(starts[0], starts[0] + len(starts) * 60_000, 60_000))
    last = max(wire.start_ms(window.start) for window in windows) + 60_000 - world.clock_error
    known: dict[tuple[str, str], set[int]] = {}
    for _, from_, to, seen in world.record:
        for device, name in (seen or {}).items():
            known.setdefault((device, name), set()).update(range(from_, min(to, last)))
    assert said(windows, offset=world.clock_error) == {k: v for k, v in known.items() if v}


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
)


def play(world: World, step: tuple[Any, ...]) -> None:
    """Carry out one step of a history."""
    getattr(world, step[0])(*step[1:])


@settings(max_examples=400 if LONG else 40, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_no_millisecond_is_lost_or_doubled(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    world.run(61)
    for step in steps:
        play(world, step)
    world.run(61)
    check_exact(world)


@settings(max_examples=400 if LONG else 40, deadline=None)
@given(
    st.lists(
        st.one_of(STEPS, st.tuples(st.just("set_clock"), st.sampled_from(CLOCK_STEPS))),
        max_size=14,
    )
)
def test_a_set_clock_doubles_no_minute_and_no_use(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    world.run(61)
    for step in steps:
        play(world, step)
    world.run(61)
    windows = world.windows()
    assert all(wire.faults(window) == [] for window in windows)
    assert max(Counter((window.gpu, window.start) for window in windows).values()) == 1
    seen: Counter[tuple[str, str]] = Counter()
    for _, from_, to, held in world.record:
        for device, name in (held or {}).items():
            seen[device, name] += to - from_
    said = Counter[tuple[str, str]]()
    for window in windows:
        for part in window.parts:
            device = part.mig.uuid if part.mig else window.gpu
            name = part.holder.name if isinstance(part.holder, wire.Static) else ""
            said[device, name] += part.to_ms - part.from_ms
    assert all(ms <= seen[key] for key, ms in said.items())


# What one minute says, case by case.


def minutes(world: World, gpu: int = 0) -> list[wire.Window]:
    return sorted((w for w in world.windows() if w.gpu == GPUS[gpu]), key=lambda w: w.start)


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
    shared = (Held(wire.Static("a"), 1, 2), Held(wire.Static("b"), 1, 2))
    meter, at = Meter(world.instant(), None), world.instant()
    closed = Closed()
    for second in range(121):
        at = Instant(NOON + second * 1_000, second * 1_000)
        looks = world.looks() if meter.due(at) else None
        closed = meter.see(at, Holding({GPUS[0]: shared}), looks)
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
        world.take(world.meter.see(at, Holding({}), looks))
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
    meter, closed = Meter(world.instant(), None), Closed()
    for tick in range(121):
        at = Instant(NOON + tick * 1_000, tick * 1_000)
        look = Look("H100", True, (first, overlap), {})  # noqa: FBT003
        closed = meter.see(at, Holding({}), {GPUS[0]: look} if meter.due(at) else None)
    (window,) = closed.windows
    assert wire.faults(window) == []
    assert (window.parts, window.flags) == ((), ("inconsistent",))
    assert "overlap" in caplog.text


def test_a_checkpoint_that_cannot_be_read_is_a_gap_not_a_crash() -> None:
    world = World(kept=b"{]", now=20_000)
    world.run(101)
    assert minutes(world)[0].gaps[0].from_ms == 0
    check_exact(world)


def test_why_the_agent_was_away_is_remembered() -> None:
    world = World()
    world.run(70)
    assert world.meter is not None
    world.kept = world.meter.checkpoint(wire.GapReason.DRIVER_RELOAD)
    world.kill(5_000)
    world.run(50)
    assert {g.reason for g in minutes(world)[1].gaps} == {wire.GapReason.DRIVER_RELOAD}


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
