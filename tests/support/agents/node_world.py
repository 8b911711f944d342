"""A node that is known to the millisecond, and the meter on it.

`World` is a node with two GPUs, driven second by second: it changes holders, slices GPUs anew,
loses them, stalls, kills the meter and starts it again. It keeps its own record of who held what
and of what could be seen; every window that the meter closed must say exactly that.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents import wire
from agents.metering.meter import ClosedMinutes, Meter
from agents.observations import HolderShare, Holdings, Instant, Look, Reading
from agents.reporting.gap_runs import GapRun

GPUS = ("GPU-00000000-0000-4000-8000-000000000000", "GPU-00000000-0000-4000-8000-000000000001")
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
FREE = HolderShare(wire.Unallocated())
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
    lag: int = 0  # milliseconds at least from when a look is asked for until it is there
    timeline: list[tuple[int, str, int]] = field(default_factory=list)  # when it was cut, and how
    energy: int = 0
    epoch: str = ""
    xid_missing: str = ""
    events: dict[str, tuple[str, ...]] = field(default_factory=dict)
    meter: Meter | None = None
    kept: bytes | None = None
    closed: list[wire.Window] = field(default_factory=list)
    runs: list[GapRun] = field(default_factory=list)
    # what must come out: (gpu, from, to, {device: holder} or None where nobody could see)
    record: list[tuple[str, int, int, dict[str, str] | None]] = field(default_factory=list)
    _since_look: list[tuple[int, int, Holdings | wire.GapReason]] = field(default_factory=list)
    _last_tick: tuple[int, Holdings | wire.GapReason] | None = None
    _last_looks: dict[str, Look | wire.GapReason] = field(default_factory=dict)
    _asked: tuple[Instant, dict[str, Look | wire.GapReason], dict[str, tuple[str, ...]]] | None = (
        None
    )
    _answered: int = 0
    _unsure: set[str] = field(default_factory=set)

    def instant(self) -> Instant:
        return Instant(self.now + self.clock_error, self.now)

    def looks(self) -> dict[str, Look | wire.GapReason]:
        self.energy += 1_000
        return {
            gpu: wire.GapReason.GPU_LOST
            if gpu in self.lost
            else Look(
                *("NVIDIA H100", layout > 0, slices(gpu, layout), self._readings(gpu), self.energy),
                epoch=self.epoch,
                xid_missing=self.xid_missing,
            )
            for gpu, layout in self.layout.items()
        }

    def _readings(self, gpu: str) -> dict[str, Reading]:
        return {device: Reading(util_ppm=500_000) for device in self.devices(gpu)}

    def devices(self, gpu: str) -> list[str]:
        return [mig.uuid for mig in slices(gpu, self.layout[gpu])] or [gpu]

    def holding(self) -> Holdings | wire.GapReason:
        if not self.reachable:
            return wire.GapReason.KUBELET_UNREACHABLE
        shares = {device: (HolderShare(wire.Static(name)),) for device, name in self.holder.items()}
        return Holdings(shares)

    def tick(self, *, stop: bool = False) -> None:
        """One turn of the agent's loop."""
        if self.meter is None:
            self.meter = Meter(self.instant(), "boot", self.kept)
        at, holdings = self.instant(), self.holding()
        if self._asked is None and (stop or self.meter.due(at)):
            self._asked = at, self.looks(), self.events
            self.events = {}
        begun_at, looks, events = self._answer(at)
        self.take(self.meter.see(at, holdings, looks, begun_at=begun_at, events=events))
        if self._last_tick is not None:
            then, before = self._last_tick
            stalled = self.now - then > 3_000
            sight = wire.GapReason.AGENT_DOWN if stalled else before
            self._since_look.append((then, self.now, sight))
        self._last_tick = (self.now, holdings)
        if looks is not None and begun_at is not None:
            self._write_record(looks, begun_at.mono_ms, events)
            self.kept = self.meter.checkpoint()

    def _answer(
        self, at: Instant
    ) -> tuple[Instant | None, dict[str, Look | wire.GapReason] | None, dict[str, tuple[str, ...]]]:
        """The look that was asked for: the first GPU as it was then, the other as it is now."""
        if self._asked is None or at.mono_ms - self._asked[0].mono_ms < self.lag:
            return None, None, {}
        (begun_at, early, events), self._asked = self._asked, None
        late = self.looks() if self.lag else early
        looks = {**late, **{gpu: early[gpu] for gpu in GPUS[:1] if gpu in early}}
        return begun_at, looks, events

    @property
    def is_asked(self) -> bool:
        return self._asked is not None

    def take(self, closed: ClosedMinutes) -> None:
        self.closed += closed.windows
        self.runs += closed.gaps

    def _write_record(
        self,
        looks: dict[str, Look | wire.GapReason],
        begun_at: int,
        events: dict[str, tuple[str, ...]],
    ) -> None:
        """What was seen until the look was asked for; what came after it waits for the next."""
        if not self._last_looks:
            begun_at = self.now
        unsure = set()
        for gpu, look in looks.items():
            before = self._last_looks.get(gpu)
            same = (
                isinstance(look, Look)
                and isinstance(before, Look)
                and before.slices == look.slices
                and "mig_changed" not in events.get(gpu, ())
            )
            if not same:
                unsure.add(gpu)
            for from_, to, holdings in self._since_look:
                if to > begun_at:
                    continue
                sight = None
                doubtful = gpu in self._unsure and to <= self._answered
                if same and isinstance(look, Look) and isinstance(holdings, Holdings):
                    sight = (
                        None
                        if doubtful
                        else {
                            device: self._name(holdings, device)
                            for device in ([s.uuid for s in look.slices] or [gpu])
                        }
                    )
                self.record.append((gpu, from_, to, sight))
        self._since_look = [span for span in self._since_look if span[1] > begun_at]
        self._last_looks, self._unsure, self._answered = looks, unsure, self.now

    def _name(self, holdings: Holdings, device: str) -> str:
        holder = holdings.devices.get(device, (FREE,))[0].holder
        return holder.name if isinstance(holder, wire.Static) else ""

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
        self._asked, self._unsure = None, set()
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
        self.timeline.append((self.now, GPUS[gpu], layout))
        self.announce(gpu, "mig_changed")

    def slow(self, ms: int) -> None:
        self.lag = ms

    def announce(self, gpu: int, word: str) -> None:
        self.events[GPUS[gpu]] = (word,)

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


def device_spans(windows: list[wire.Window], *, offset: int) -> dict[tuple[str, str], set[int]]:
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
    truth: dict[tuple[str, str], set[int]] = {}
    for _, from_, to, sight in world.record:
        for device, name in (sight or {}).items():
            truth.setdefault((device, name), set()).update(range(from_, min(to, last)))
    assert device_spans(windows, offset=world.clock_error) == {k: v for k, v in truth.items() if v}
    check_slices(world)


def check_slices(world: World) -> None:
    """Nobody is said to have held a slice, or a whole GPU, while the GPU was cut otherwise."""
    for gpu in GPUS:
        cuts = [(0, 0), *((at, layout) for at, name, layout in world.timeline if name == gpu)]
        for window in (w for w in world.windows() if w.gpu == gpu):
            start = wire.start_ms(window.start) - world.clock_error
            for part in window.parts:
                layout = int(part.mig.uuid[4]) if part.mig else 0
                began = [cut for at, cut in cuts if at <= start + part.from_ms][-1:]
                during = [cut for at, cut in cuts if start + part.from_ms < at < start + part.to_ms]
                assert {*began, *during} == {layout}


def minutes(world: World, gpu: int = 0) -> list[wire.Window]:
    return sorted((w for w in world.windows() if w.gpu == GPUS[gpu]), key=lambda w: w.start)
