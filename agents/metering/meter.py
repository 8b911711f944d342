"""The meter turns looks and holders into windows, one for each GPU and minute.

Holders are sampled every second, the driver every ten. A holder at one sample is taken to hold the
device until the next; a sample is valid for three seconds at most. The time between two looks at a
GPU counts only if both saw the same GPU with the same slices; otherwise it is a gap. So an edge is
exact to one interval, and time that was not observed is never usage.

Durations come from the monotonic clock; the wall clock only places them. When the wall clock is set
by more than a second and a half, the open minute ends in a gap `clock_step`. The meter remembers
which minutes it has closed, so a clock that was set back cannot close one of them again: that time
is left out, and metering continues with the first new minute.

After a restart the open minute continues from its checkpoint, and the time in between is a gap. The
meter reads no disk, no driver and no clock: everything is an argument, so that tests can drive it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgspec

from agents import wire
from agents.metering.cadence import NODE, Cadence, common_holdings
from agents.metering.minute import Minute
from agents.metering.ranges import Ranges, claim
from agents.observations import MIG_CHANGED, HolderShare, Holdings, Instant, Look, Looks
from agents.reporting.gap_runs import GapRun

SAMPLE_MS = 1_000
LOOK_MS = 10_000
_STEP_MS = 1_500  # more than a leap second: that one moves nothing
_ABSENT_MAX_MS = 72 * wire.HOUR_MS
_log = logging.getLogger(__name__)

_WHOLE_IS_NAMED = (HolderShare(wire.Unattributed("named_whole_but_sliced")),)
_NO_EVENTS: Mapping[str, tuple[str, ...]] = {}
Sample = Holdings | wire.GapReason


class Gpu(msgspec.Struct):
    """State of one GPU."""

    model: str
    minute: Minute
    mig: bool = False
    slices: tuple[wire.Mig, ...] = ()
    epoch: str = ""
    fault: wire.GapReason | None = None  # of the last look
    absent_since_ms: int | None = None
    vendor: str = "nvidia"


class State(msgspec.Struct):
    """State of the meter that survives a restart."""

    start_ms: int  # of the open minute
    seen_ms: int  # everything up to here is in the minutes
    gpus: dict[str, Gpu] = {}
    ranges: Ranges = []


class ClosedMinutes(msgspec.Struct):
    """Windows and gaps that one look completed."""

    windows: list[wire.Window] = []
    gaps: list[GapRun] = []
    left_out_ms: int = (
        0  # of minutes that came again, by a clock that was set back, and are written
    )


class Meter:
    """The meter of one node. `checkpoint` comes from the process before, if there was one."""

    def __init__(
        self,
        at: Instant,
        boot: str | None,
        checkpoint: bytes | None = None,
        cadence: Cadence = NODE,
    ) -> None:
        self._boot, self._cadence = boot, cadence
        self._anchor = at
        start = at.wall_ms - at.wall_ms % wire.MINUTE_MS
        self._state = _decode(checkpoint) or State(start_ms=start, seen_ms=start)
        self._pieces: list[tuple[int, Sample]] = []  # end in ms, and who held what until then
        self._last_sample: tuple[int, Sample] | None = None
        self._before: Sample | None = None  # what the samples before the last one agreed on
        self._looked_ms: int | None = None  # when the last look began
        self._answered_ms = 0  # and when it ended
        self._doubts: dict[str, wire.GapReason] = {}  # GPUs that changed during the last look

    def due(self, at: Instant) -> bool:
        """Return whether to start a look: in each new ten seconds, and after the clock was set.

        While a GPU cannot be read it is five, so that it is back soon after it is well again.
        """
        now = self._place(at)
        has_fault = any(gpu.fault is not None for gpu in self._state.gpus.values())
        every_ms = LOOK_MS // 2 if has_fault else LOOK_MS
        return (
            self._looked_ms is None
            or now // every_ms != self._looked_ms // every_ms
            or abs(at.wall_ms - now) > _STEP_MS
        )

    def see(
        self,
        at: Instant,
        holdings: Sample,
        looks: Looks | None,
        *,
        begun_at: Instant | None = None,
        events: Mapping[str, tuple[str, ...]] = _NO_EVENTS,
    ) -> ClosedMinutes:
        """Add one sample of the holders and, if there is one, a look.

        A look takes some seconds, from `begun_at` until now, and each GPU was read at an unknown
        moment within them. An unchanged GPU was unchanged until `begun_at`; a changed one may have
        changed at any moment until now. `events` are the driver's events before the look.
        """
        result = ClosedMinutes()
        now = self._place(at)
        begun_ms = now if begun_at is None else self._place(begun_at)
        if self._cadence.needs_both_ends:
            self._record_scrape(begun_ms, now, holdings)
        else:
            self._record_sample(now, holdings)
        if looks is None:
            return result
        if self._looked_ms is None and not self._cadence.needs_both_ends:
            begun_ms = now
        if self._looked_ms is None:
            self._skip(begun_ms, wire.GapReason.AGENT_DOWN, result)
        self._commit(begun_ms, looks, events, result)
        self._looked_ms, self._answered_ms = begun_ms, now
        if abs(at.wall_ms - now) > _STEP_MS:
            _log.error("the clock was set by %d ms", at.wall_ms - now)
            self._skip(at.wall_ms, wire.GapReason.CLOCK_STEP, result)
            self._pieces.clear()
            self._anchor, self._last_sample = at, (at.wall_ms, holdings)
            self._before = None
            self._looked_ms = self._answered_ms = at.wall_ms
        return result

    @property
    def seen_ms(self) -> int:
        """Everything up to here is in the minutes; milliseconds since 1970."""
        return self._state.seen_ms

    @property
    def gpus(self) -> Iterable[str]:
        """The GPUs of the open minute."""
        return self._state.gpus.keys()

    def checkpoint(self) -> bytes:
        """Encode the state for the next process."""
        return msgspec.json.encode(self._state)

    def _place(self, at: Instant) -> int:
        return self._anchor.wall_ms + at.mono_ms - self._anchor.mono_ms

    def _record_sample(self, now: int, holdings: Sample) -> None:
        """Extend the pieces: since the last sample its holders held their devices."""
        if self._last_sample is not None:
            sample_ms, before = self._last_sample
            fresh = now - sample_ms <= self._cadence.holds_ms
            self._append(now, before if fresh else wire.GapReason.AGENT_DOWN)
        self._last_sample = (now, holdings)

    def _record_scrape(self, begun: int, now: int, holdings: Sample) -> None:
        """Extend the pieces: who held at both ends of a span held in it, others are unknown.

        A scrape was answered at an unknown moment from `begun` until `now`, so the time in which it
        lasted lies between the scrapes before and after it, and all three must agree.
        """
        if self._last_sample is not None:
            sample_ms, last = self._last_sample
            fresh = begun - sample_ms <= self._cadence.holds_ms
            between = common_holdings(last, holdings) if fresh else wire.GapReason.AGENT_DOWN
            before = wire.GapReason.AGENT_DOWN if self._before is None else self._before
            self._append(sample_ms, common_holdings(before, between))
            self._append(begun, between)
            self._before = between
        self._last_sample = (now, holdings)

    def _append(self, to_ms: int, sample: Sample) -> None:
        if self._pieces and self._pieces[-1][1] == sample:
            self._pieces[-1] = (to_ms, sample)
        else:
            self._pieces.append((to_ms, sample))

    def _commit(
        self, now: int, looks: Looks, events: Mapping[str, tuple[str, ...]], result: ClosedMinutes
    ) -> None:
        """Fill the minutes from the last look to this one."""
        doubts = self._find_doubts(looks, events, now)
        fresh = True
        for to_ms, holdings in self._segments(now):
            self._write(to_ms, holdings, doubts)
            self._state.seen_ms = to_ms
            if to_ms == self._state.start_ms + wire.MINUTE_MS:
                if fresh:
                    self._read(looks)
                fresh = False
                self._close(result)
                self._open(to_ms)
        if fresh:
            self._read(looks)
        self._doubts = {uuid: reason for uuid, reason in doubts.items() if reason is not None}
        self._store_look(looks)

    def _write(
        self, to_ms: int, holdings: Sample, doubts: Mapping[str, wire.GapReason | None]
    ) -> None:
        """Add one piece to every GPU's minute."""
        late = self._doubts if to_ms <= self._answered_ms else {}
        for uuid, gpu in self._state.gpus.items():
            reason = doubts[uuid] or late.get(uuid)
            if isinstance(holdings, wire.GapReason):
                reason = reason or holdings
            if reason is not None:
                gpu.minute.gap(to_ms - self._state.start_ms, reason)
            elif isinstance(holdings, Holdings):
                devices = list(devices_of(uuid, gpu.slices, holdings))
                gpu.minute.hold(to_ms - self._state.start_ms, devices)
                for device, _, _ in devices if holdings.rules else ():
                    if device in holdings.rules:
                        gpu.minute.flag(holdings.rules[device])

    def _find_doubts(
        self, looks: Looks, events: Mapping[str, tuple[str, ...]], now: int
    ) -> dict[str, wire.GapReason | None]:
        """For each GPU, find why the time since the last look is unknown, or None."""
        by_gpu: Mapping[str, Look | wire.GapReason] = {} if isinstance(looks, str) else looks
        doubts: dict[str, wire.GapReason | None] = {}
        for uuid, look in by_gpu.items():
            if uuid not in self._state.gpus and isinstance(look, Look):
                self._add_gpu(uuid, look)
        for uuid, gpu in list(self._state.gpus.items()):
            look = looks if isinstance(looks, str) else by_gpu.get(uuid, wire.GapReason.GPU_LOST)
            if isinstance(looks, str) or uuid in by_gpu:
                gpu.absent_since_ms = None
            elif gpu.absent_since_ms is None:
                gpu.absent_since_ms = now
            elif now - gpu.absent_since_ms > _ABSENT_MAX_MS:
                del self._state.gpus[uuid]
                continue
            words = events.get(uuid, ())
            doubts[uuid] = _doubt_about(gpu, look, words)
            for word in words:
                gpu.minute.flag(word)
        return doubts

    def _add_gpu(self, uuid: str, look: Look) -> None:
        """Add a new GPU: it was not observed earlier in this minute."""
        first = self._looked_ms is None
        reason = wire.GapReason.AGENT_DOWN if first else self._cadence.late_gpu
        minute = Minute(self._state.start_ms)
        minute.gap(self._state.seen_ms - self._state.start_ms, reason)
        fault = None if first else reason
        self._state.gpus[uuid] = Gpu(
            look.model, minute, look.mig, look.slices, look.epoch, fault, vendor=look.vendor
        )

    def _segments(self, now: int) -> Iterable[tuple[int, Sample]]:
        """Split the pieces up to now at the ends of minutes; keep later pieces."""
        pieces, self._pieces = self._pieces, [piece for piece in self._pieces if piece[0] > now]
        for to_ms, holdings in pieces:
            while (filled_ms := self._state.seen_ms) < min(to_ms, now):
                cuts = [self._answered_ms] if filled_ms < self._answered_ms else []
                yield min(to_ms, now, self._state.start_ms + wire.MINUTE_MS, *cuts), holdings

    def _read(self, looks: Looks) -> None:
        """Add the look's readings at the current end of each minute."""
        for uuid, gpu in self._state.gpus.items():
            look = wire.GapReason.GPU_LOST if isinstance(looks, str) else looks.get(uuid)
            if isinstance(look, Look):
                gpu.minute.read(look)
            else:
                gpu.minute.energy_now = None

    def _store_look(self, looks: Looks) -> None:
        for uuid, gpu in self._state.gpus.items():
            look = looks if isinstance(looks, str) else looks.get(uuid, wire.GapReason.GPU_LOST)
            if isinstance(look, Look):
                gpu.model, gpu.mig, gpu.slices = look.model, look.mig, look.slices
                gpu.epoch, gpu.fault = look.epoch, None
            else:
                gpu.fault = look

    def _close(self, result: ClosedMinutes) -> None:
        """Close the full minute: one window for each GPU, unless that minute was closed before."""
        start = self._state.start_ms
        if not claim(self._state.ranges, start, start):
            for gpu in self._state.gpus.values():
                result.left_out_ms += wire.MINUTE_MS - sum(
                    g.to_ms - g.from_ms for g in gpu.minute.gaps
                )
            return
        for uuid, gpu in self._state.gpus.items():
            window = gpu.minute.window(uuid, gpu.model, self._boot, gpu.vendor)
            faults = wire.faults(window)
            if faults:  # impossible data of the driver is never billed
                _log.error("window %s %s: %s", uuid, window.start.isoformat(), "; ".join(faults))
                whole = wire.Gap(0, wire.MINUTE_MS, wire.GapReason.NVML_ERROR)
                window = msgspec.structs.replace(
                    window, parts=(), gaps=(whole,), energy_mj=None, flags=("inconsistent",)
                )
            result.windows.append(window)

    def _open(self, start_ms: int) -> None:
        """Open the next minute; its first energy reading is the last one of the minute before."""
        self._state.start_ms = start_ms
        for gpu in self._state.gpus.values():
            energy = gpu.minute.energy_now
            gpu.minute = Minute(start_ms, energy_start=energy, energy_now=energy)

    def _skip(self, to_ms: int, reason: wire.GapReason, result: ClosedMinutes) -> None:
        """Record a gap up to `to_ms`, which lies in the past if the clock was set back."""
        end = self._state.start_ms + wire.MINUTE_MS
        if self._state.seen_ms <= to_ms < end:
            self._gap_all(to_ms, reason)
            return
        if self._state.seen_ms > self._state.start_ms:
            self._gap_all(end, reason)
            self._close(result)
        else:
            end = self._state.start_ms  # not observed at all: it belongs to the gap run
        landing = to_ms - to_ms % wire.MINUTE_MS
        first = max(end, landing - _ABSENT_MAX_MS)
        for low, high in claim(self._state.ranges, first, landing - wire.MINUTE_MS):
            for uuid, gpu in self._state.gpus.items():
                result.gaps.append(GapRun(uuid, gpu.vendor, gpu.model, low, high, reason))
        self._state.start_ms = self._state.seen_ms = landing
        for gpu in self._state.gpus.values():
            gpu.minute = Minute(landing)
        self._gap_all(to_ms, reason)

    def _gap_all(self, to_ms: int, reason: wire.GapReason) -> None:
        for gpu in self._state.gpus.values():
            gpu.minute.gap(to_ms - self._state.start_ms, reason)
        self._state.seen_ms = to_ms


def _decode(checkpoint: bytes | None) -> State | None:
    if checkpoint is None:
        return None
    try:
        return msgspec.json.decode(checkpoint, type=State)
    except msgspec.DecodeError:
        _log.exception("the checkpoint cannot be read: the open minute begins with a gap")
        return None


def _doubt_about(
    gpu: Gpu, look: Look | wire.GapReason, events: tuple[str, ...]
) -> wire.GapReason | None:
    if not isinstance(look, Look):
        return look
    if gpu.fault is not None:
        return gpu.fault
    if gpu.epoch and look.epoch and gpu.epoch != look.epoch:
        return wire.GapReason.DRIVER_RELOAD
    if (gpu.mig, gpu.slices) != (look.mig, look.slices) or MIG_CHANGED in events:
        return wire.GapReason.MIG_RECONFIG
    return None


def devices_of(
    uuid: str, slices: tuple[wire.Mig, ...], holdings: Holdings
) -> Iterable[tuple[str, wire.Mig | None, tuple[HolderShare, ...]]]:
    """Return the devices of a GPU with their holders: its slices or the whole GPU, never both."""
    whole_gpu = holdings.devices.get(uuid)
    if not slices:
        yield uuid, None, whole_gpu or (holdings.default,)
    for mig in slices:
        default = _WHOLE_IS_NAMED if whole_gpu else (holdings.default,)
        yield mig.uuid, mig, holdings.devices.get(mig.uuid) or default
