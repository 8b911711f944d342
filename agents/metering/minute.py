"""One GPU's open minute: it is filled from left to right with holders and gaps, then closed.

Everything is in milliseconds from the minute's start. A run is one set of holders on one device
without a break; each of its holders becomes a part of the window, with the run's evidence. The
evidence is the device's: when several share the device it is given to none of them, because a copy
for each would count it twice.

Energy belongs to the whole GPU and is the difference of its counter between the looks at both ends
of the minute. Whatever makes that difference doubtful (a gap, a counter that went back or is
absent, more than a GPU can draw) makes it null with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from agents import wire
from agents.observations import Held, Look, Reading

_WATT_MAX = 10_000  # no GPU draws this: more is a broken counter
_FLAGS_MAX = 32  # a GPU that fails may announce hundreds of XIDs a minute
_NAMES = ("util_ppm", "engine_ppm", "memory_mib", "power_mw")
_ON_THE_WIRE = {"memory_mib": "memory_max_mib", "power_mw": "power_max_mw"}

Device = tuple[str, wire.Mig | None, tuple[Held, ...]]  # UUID, slice, who holds it


class Tally(msgspec.Struct):
    """The readings of one run, added up."""

    samples: int = 0
    sums: dict[str, int] = {}
    counts: dict[str, int] = {}
    most: dict[str, int] = {}
    missing: dict[str, str] = {}

    def add(self, reading: Reading) -> None:
        """Take one more reading in."""
        self.samples += 1
        for name in _NAMES:
            value = getattr(reading, name)
            if value is None:
                self.missing[name] = reading.missing.get(name, "not_read")
            else:
                self.sums[name] = self.sums.get(name, 0) + value
                self.counts[name] = self.counts.get(name, 0) + 1
                self.most[name] = max(self.most.get(name, 0), value)

    def readings(self, *, shared: bool) -> wire.Readings:
        """The evidence for one holder."""
        if shared:
            return wire.Readings(self.samples, missing=_missing(dict.fromkeys(_NAMES, "shared")))
        absent = {
            name: self.missing.get(name, "no_sample") for name in _NAMES if name not in self.counts
        }
        return wire.Readings(
            samples=self.samples,
            util_ppm=self._mean("util_ppm"),
            engine_ppm=self._mean("engine_ppm"),
            memory_max_mib=self.most.get("memory_mib"),
            power_max_mw=self.most.get("power_mw"),
            missing=_missing(absent),
        )

    def _mean(self, name: str) -> int | None:
        if name not in self.counts:
            return None
        return (2 * self.sums[name] + self.counts[name]) // (2 * self.counts[name])


class Run(msgspec.Struct):
    """One set of holders on one device, without a break."""

    device: str
    mig: wire.Mig | None
    held: tuple[Held, ...]
    from_ms: int
    to_ms: int
    tally: Tally = msgspec.field(default_factory=Tally)


class Minute(msgspec.Struct):
    """The open minute of one GPU; `filled_ms` of it are spoken for."""

    start_ms: int
    energy_start: int | None = None
    energy_now: int | None = None
    energy_missing: str = ""
    xid_missing: str = ""
    filled_ms: int = 0
    runs: list[Run] = []
    gaps: list[wire.Gap] = []
    flags: list[str] = []

    def hold(self, to_ms: int, devices: Iterable[Device]) -> None:
        """From where it is filled up to `to_ms`, these devices were held so."""
        if to_ms <= self.filled_ms:
            return
        for device, mig, held in devices:
            run = self._running(device)
            if run is not None and run.held == held and run.mig == mig:
                run.to_ms = to_ms
            else:
                self.runs.append(Run(device, mig, held, self.filled_ms, to_ms))
        self.filled_ms = to_ms

    def flag(self, word: str) -> None:
        """Something that the window says of the whole minute, once."""
        if word not in self.flags and len(self.flags) < _FLAGS_MAX:
            self.flags.append(word)

    def gap(self, to_ms: int, reason: wire.GapReason) -> None:
        """From where it is filled up to `to_ms`, nobody looked."""
        if to_ms <= self.filled_ms:
            return
        last = self.gaps[-1] if self.gaps else None
        if last is not None and last.to_ms == self.filled_ms and last.reason == reason:
            self.gaps[-1] = wire.Gap(last.from_ms, to_ms, reason)
        else:
            self.gaps.append(wire.Gap(self.filled_ms, to_ms, reason))
        self.filled_ms = to_ms

    def read(self, look: Look) -> None:
        """A look taken where the minute is filled to now."""
        for device, reading in look.readings.items():
            run = self._running(device)
            if run is not None:
                run.tally.add(reading)
        self.xid_missing = look.xid_missing or self.xid_missing
        if look.energy_mj is None:
            self.energy_missing = look.energy_missing or "not_read"
        elif self.energy_now is not None and look.energy_mj < self.energy_now:
            self.energy_missing = "counter_went_back"
        self.energy_now = look.energy_mj

    def window(self, gpu: str, model: str, boot: str | None) -> wire.Window:
        """The closed minute. It must be filled to its end."""
        energy_mj, reason = self._energy()
        told = {"energy_mj": reason, "xid": self.xid_missing}
        missing = {name: why for name, why in told.items() if why}
        return wire.Window(
            gpu=gpu,
            model=model,
            start=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.start_ms),
            window_ms=wire.MINUTE_MS,
            parts=tuple(part for run in self.runs for part in _parts(run)),
            gaps=tuple(self.gaps),
            boot=boot,
            energy_mj=energy_mj,
            missing=missing,
            flags=tuple(sorted(self.flags)),
        )

    def _running(self, device: str) -> Run | None:
        for run in reversed(self.runs):
            if run.device == device:
                return run if run.to_ms == self.filled_ms else None
        return None

    def _energy(self) -> tuple[int | None, str]:
        if self.gaps:
            return None, "gap"
        if self.energy_missing:
            return None, self.energy_missing
        if self.energy_start is None or self.energy_now is None:
            return None, "no_reading_at_the_start"
        used = self.energy_now - self.energy_start
        if used > _WATT_MAX * wire.MINUTE_MS:
            return None, "implausible"
        return used, ""


def _parts(run: Run) -> Iterable[wire.Part]:
    readings = run.tally.readings(shared=len(run.held) > 1)
    for held in run.held:
        yield wire.Part(
            holder=held.holder,
            from_ms=run.from_ms,
            to_ms=run.to_ms,
            num=held.num,
            den=held.den,
            mig=run.mig,
            readings=readings,
        )


def _missing(reasons: Mapping[str, str]) -> dict[str, str]:
    return {_ON_THE_WIRE.get(name, name): reason for name, reason in reasons.items()}
