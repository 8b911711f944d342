"""From looks and holders to windows: the clerk who writes down each minute of each GPU, once.

Holders are asked every second, the driver every ten. Whoever holds a device at one second is taken
to hold it until the next; a sample speaks for at most three seconds. What lies between two looks at
a GPU counts only when both saw the same GPU, sliced in the same way; otherwise it is a gap. So an
edge is true to one interval, and what nobody saw is never usage.

Durations come from the monotonic clock; the wall clock only says where they lie. When that is set
(by more than a second and a half), the open minute ends in a gap `clock_step`. The meter remembers
which minutes it has written, and a clock that was set back cannot make it write one of them again:
what falls on such a minute is left out, and with the first new one it goes on.

After a restart the open minute goes on from its checkpoint, and the time in between is a gap. The
meter touches no disk, no driver and no clock: it is told everything, so that tests can drive it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgspec

from agents import wire
from agents.metering.minute import Minute
from agents.observations import MIG_CHANGED, Held, Holding, Instant, Look, Looks
from agents.reporting.spool import GapRun

SAMPLE_MS = 1_000
LOOK_MS = 10_000
_SPEAKS_FOR_MS = 3 * SAMPLE_MS
_STEP_MS = 1_500  # more than a leap second: that one moves nothing
_ABSENT_MAX_MS = 72 * wire.HOUR_MS
_RUNS_KEPT = 32
_log = logging.getLogger(__name__)

_WHOLE_IS_NAMED = (Held(wire.Unattributed("named_whole_but_sliced")),)
_NOTHING: Mapping[str, tuple[str, ...]] = {}
Seen = Holding | wire.GapReason
Ranges = list[tuple[int, int]]  # of minutes, by the start of the first and of the last, sorted


class Gpu(msgspec.Struct):
    """What the meter knows of one GPU."""

    model: str
    minute: Minute
    mig: bool = False
    slices: tuple[wire.Mig, ...] = ()
    epoch: str = ""
    fault: wire.GapReason | None = None  # of the last look
    absent_since_ms: int | None = None


class State(msgspec.Struct):
    """All that outlives the process."""

    start_ms: int  # of the open minute
    seen_ms: int  # up to here everything is written down
    gpus: dict[str, Gpu] = {}
    written: Ranges = []


class Closed(msgspec.Struct):
    """What one look brought to an end."""

    windows: list[wire.Window] = []
    gaps: list[GapRun] = []
    left_out_ms: int = (
        0  # of minutes that came again, by a clock that was set back, and are written
    )


class Meter:
    """The meter of one node. `kept` is the checkpoint of the process before, if there was one."""

    def __init__(self, at: Instant, boot: str | None, kept: bytes | None = None) -> None:
        self._boot = boot
        self._anchor = at
        start = at.wall_ms - at.wall_ms % wire.MINUTE_MS
        self._state = _decode(kept) or State(start_ms=start, seen_ms=start)
        self._pieces: list[tuple[int, Seen]] = []  # up to when, and who held what
        self._ticked: tuple[int, Seen] | None = None
        self._looked_ms: int | None = None  # when the last look was asked for
        self._answered_ms = 0  # and when it was there
        self._unsure: dict[str, wire.GapReason] = {}  # GPUs that it found changed, and how

    def due(self, at: Instant) -> bool:
        """Whether this moment calls for a look: the first of each ten seconds, or a set clock."""
        now = self._place(at)
        return (
            self._looked_ms is None
            or now // LOOK_MS != self._looked_ms // LOOK_MS
            or abs(at.wall_ms - now) > _STEP_MS
        )

    def see(
        self,
        at: Instant,
        holding: Seen,
        looks: Looks | None,
        *,
        asked: Instant | None = None,
        announced: Mapping[str, tuple[str, ...]] = _NOTHING,
    ) -> Closed:
        """Take in one sample of the holders and, when there is one, a look.

        A look may take some seconds, from when it was `asked` for until now, and nobody can say
        when within them each GPU was seen. One that is as it was has been so until it was asked
        for; one that has changed may have done so until now. `announced` is what the driver said
        of itself before the look.
        """
        closed = Closed()
        now = self._place(at)
        self._note(now, holding)
        if looks is None:
            return closed
        then = now if asked is None or self._looked_ms is None else self._place(asked)
        if self._looked_ms is None:
            self._skip(then, wire.GapReason.AGENT_DOWN, closed)
        self._commit(then, looks, announced, closed)
        self._looked_ms, self._answered_ms = then, now
        if abs(at.wall_ms - now) > _STEP_MS:
            _log.error("the clock was set by %d ms", at.wall_ms - now)
            self._skip(at.wall_ms, wire.GapReason.CLOCK_STEP, closed)
            self._pieces.clear()
            self._anchor, self._ticked = at, (at.wall_ms, holding)
            self._looked_ms = self._answered_ms = at.wall_ms
        return closed

    def checkpoint(self) -> bytes:
        """All that the next process needs."""
        return msgspec.json.encode(self._state)

    def _place(self, at: Instant) -> int:
        return self._anchor.wall_ms + at.mono_ms - self._anchor.mono_ms

    def _note(self, now: int, holding: Seen) -> None:
        """Since the last sample everything was as that sample said."""
        if self._ticked is not None:
            then, before = self._ticked
            held = before if now - then <= _SPEAKS_FOR_MS else wire.GapReason.AGENT_DOWN
            if self._pieces and self._pieces[-1][1] == held:
                self._pieces[-1] = (now, held)
            else:
                self._pieces.append((now, held))
        self._ticked = (now, holding)

    def _commit(
        self, now: int, looks: Looks, announced: Mapping[str, tuple[str, ...]], closed: Closed
    ) -> None:
        """Write down what lies between the last look and this one."""
        doubts = self._judge(looks, announced, now)
        fresh = True
        for to_ms, holding in self._segments(now):
            self._write(to_ms, holding, doubts)
            self._state.seen_ms = to_ms
            if to_ms == self._state.start_ms + wire.MINUTE_MS:
                if fresh:
                    self._read(looks)
                fresh = False
                self._close(closed)
                self._open(to_ms)
        if fresh:
            self._read(looks)
        self._unsure = {uuid: reason for uuid, reason in doubts.items() if reason is not None}
        self._remember(looks)

    def _write(
        self, to_ms: int, holding: Seen, doubts: Mapping[str, wire.GapReason | None]
    ) -> None:
        """One piece, in every GPU's minute."""
        unsure = self._unsure if to_ms <= self._answered_ms else {}
        for uuid, gpu in self._state.gpus.items():
            reason = doubts[uuid] or unsure.get(uuid)
            if isinstance(holding, wire.GapReason):
                reason = reason or holding
            if reason is not None:
                gpu.minute.gap(to_ms - self._state.start_ms, reason)
            elif isinstance(holding, Holding):
                devices = list(devices_of(uuid, gpu.slices, holding))
                gpu.minute.hold(to_ms - self._state.start_ms, devices)
                for device, _, _ in devices if holding.rules else ():
                    if device in holding.rules:
                        gpu.minute.flag(holding.rules[device])

    def _judge(
        self, looks: Looks, announced: Mapping[str, tuple[str, ...]], now: int
    ) -> dict[str, wire.GapReason | None]:
        """For each GPU: why the time since the last look cannot be known, or None."""
        found: Mapping[str, Look | wire.GapReason] = {} if isinstance(looks, str) else looks
        doubts: dict[str, wire.GapReason | None] = {}
        for uuid, look in found.items():
            if uuid not in self._state.gpus and isinstance(look, Look):
                self._welcome(uuid, look)
        for uuid, gpu in list(self._state.gpus.items()):
            look = looks if isinstance(looks, str) else found.get(uuid, wire.GapReason.GPU_LOST)
            if isinstance(looks, str) or uuid in found:
                gpu.absent_since_ms = None
            elif gpu.absent_since_ms is None:
                gpu.absent_since_ms = now
            elif now - gpu.absent_since_ms > _ABSENT_MAX_MS:
                del self._state.gpus[uuid]
                continue
            words = announced.get(uuid, ())
            doubts[uuid] = _doubt(gpu, look, words)
            for word in words:
                gpu.minute.flag(word)
        return doubts

    def _welcome(self, uuid: str, look: Look) -> None:
        """A GPU not known before: nobody looked at it earlier in this minute."""
        first = self._looked_ms is None
        reason = wire.GapReason.AGENT_DOWN if first else wire.GapReason.DRIVER_RELOAD
        minute = Minute(self._state.start_ms)
        minute.gap(self._state.seen_ms - self._state.start_ms, reason)
        fault = None if first else reason
        self._state.gpus[uuid] = Gpu(look.model, minute, look.mig, look.slices, look.epoch, fault)

    def _segments(self, now: int) -> Iterable[tuple[int, Seen]]:
        """The pieces from the last look to this one, cut at the minutes; what follows stays."""
        pieces, self._pieces = self._pieces, [piece for piece in self._pieces if piece[0] > now]
        for to_ms, holding in pieces:
            while (seen := self._state.seen_ms) < min(to_ms, now):
                cuts = [self._answered_ms] if seen < self._answered_ms else []
                yield min(to_ms, now, self._state.start_ms + wire.MINUTE_MS, *cuts), holding

    def _read(self, looks: Looks) -> None:
        """Put the look's readings where each minute is filled to."""
        for uuid, gpu in self._state.gpus.items():
            look = wire.GapReason.GPU_LOST if isinstance(looks, str) else looks.get(uuid)
            if isinstance(look, Look):
                gpu.minute.read(look)
            else:
                gpu.minute.energy_now = None

    def _remember(self, looks: Looks) -> None:
        for uuid, gpu in self._state.gpus.items():
            look = looks if isinstance(looks, str) else looks.get(uuid, wire.GapReason.GPU_LOST)
            if isinstance(look, Look):
                gpu.model, gpu.mig, gpu.slices = look.model, look.mig, look.slices
                gpu.epoch, gpu.fault = look.epoch, None
            else:
                gpu.fault = look

    def _close(self, closed: Closed) -> None:
        """The open minute is full: one window for each GPU, unless it was written before."""
        start = self._state.start_ms
        if not _claim(self._state.written, start, start):
            for gpu in self._state.gpus.values():
                closed.left_out_ms += wire.MINUTE_MS - sum(
                    g.to_ms - g.from_ms for g in gpu.minute.gaps
                )
            return
        for uuid, gpu in self._state.gpus.items():
            window = gpu.minute.window(uuid, gpu.model, self._boot)
            found = wire.faults(window)
            if found:  # the driver told us something impossible: nobody can be billed for it
                _log.error("window %s %s: %s", uuid, window.start.isoformat(), "; ".join(found))
                whole = wire.Gap(0, wire.MINUTE_MS, wire.GapReason.NVML_ERROR)
                window = msgspec.structs.replace(
                    window, parts=(), gaps=(whole,), energy_mj=None, flags=("inconsistent",)
                )
            closed.windows.append(window)

    def _open(self, start_ms: int) -> None:
        """The next minute; the look that ended the last one is its first reading of energy."""
        self._state.start_ms = start_ms
        for gpu in self._state.gpus.values():
            energy = gpu.minute.energy_now
            gpu.minute = Minute(start_ms, energy_start=energy, energy_now=energy)

    def _skip(self, to_ms: int, reason: wire.GapReason, closed: Closed) -> None:
        """Nobody looked from where we are to `to_ms`, which a set clock may have put behind us."""
        end = self._state.start_ms + wire.MINUTE_MS
        if self._state.seen_ms <= to_ms < end:
            self._gap_all(to_ms, reason)
            return
        if self._state.seen_ms > self._state.start_ms:
            self._gap_all(end, reason)
            self._close(closed)
        else:
            end = self._state.start_ms  # nothing of it was seen: it is a whole missed minute
        landing = to_ms - to_ms % wire.MINUTE_MS
        first = max(end, landing - _ABSENT_MAX_MS)
        for low, high in _claim(self._state.written, first, landing - wire.MINUTE_MS):
            for uuid, gpu in self._state.gpus.items():
                closed.gaps.append(GapRun(uuid, "nvidia", gpu.model, low, high, reason))
        self._state.start_ms = self._state.seen_ms = landing
        for gpu in self._state.gpus.values():
            gpu.minute = Minute(landing)
        self._gap_all(to_ms, reason)

    def _gap_all(self, to_ms: int, reason: wire.GapReason) -> None:
        for gpu in self._state.gpus.values():
            gpu.minute.gap(to_ms - self._state.start_ms, reason)
        self._state.seen_ms = to_ms


def _decode(kept: bytes | None) -> State | None:
    if kept is None:
        return None
    try:
        return msgspec.json.decode(kept, type=State)
    except msgspec.DecodeError:
        _log.exception("the checkpoint cannot be read: the open minute begins with a gap")
        return None


def _doubt(
    gpu: Gpu, look: Look | wire.GapReason, announced: tuple[str, ...]
) -> wire.GapReason | None:
    if not isinstance(look, Look):
        return look
    if gpu.fault is not None:
        return gpu.fault
    if gpu.epoch and look.epoch and gpu.epoch != look.epoch:
        return wire.GapReason.DRIVER_RELOAD
    if (gpu.mig, gpu.slices) != (look.mig, look.slices) or MIG_CHANGED in announced:
        return wire.GapReason.MIG_RECONFIG
    return None


def devices_of(
    uuid: str, slices: tuple[wire.Mig, ...], holding: Holding
) -> Iterable[tuple[str, wire.Mig | None, tuple[Held, ...]]]:
    """The devices of a GPU with their holders: its slices, or itself; never both."""
    whole = holding.devices.get(uuid)
    if not slices:
        yield uuid, None, whole or (holding.others,)
    for mig in slices:
        others = _WHOLE_IS_NAMED if whole else (holding.others,)
        yield mig.uuid, mig, holding.devices.get(mig.uuid) or others


def _claim(written: Ranges, first_ms: int, last_ms: int) -> Ranges:
    """Mark these minutes as written; answer those that were not."""
    free: Ranges = []
    at = first_ms
    for low, high in written:
        if low > at and at <= last_ms:
            free.append((at, min(last_ms, low - wire.MINUTE_MS)))
        at = max(at, high + wire.MINUTE_MS)
    if at <= last_ms:
        free.append((at, last_ms))
    merged: Ranges = []
    for low, high in sorted([*written, *free]):
        if merged and low <= merged[-1][1] + wire.MINUTE_MS:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    written[:] = merged[-_RUNS_KEPT:]
    return free
