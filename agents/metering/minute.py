"""The open minute of one GPU: it is filled from left to right with holders and gaps, then closed.

Times are milliseconds from the minute's start. A run is one set of holders on one device without a
break; each of its holders becomes a part of the window, with the run's readings. Readings belong to
the device: if several holders share it, none of them gets the readings, because a copy for each
would count them twice.

Energy belongs to the whole GPU: it is the difference of its counter between the looks at both ends
of the minute. If that difference is doubtful (a gap, a counter that is missing or went back, more
than a GPU can draw), it is null with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from agents import wire
from agents.observations import HolderShare, Look, Reading

_WATT_MAX = 10_000  # no GPU draws this: more is a broken counter
_FLAGS_MAX = 32  # a GPU that fails may announce hundreds of XIDs a minute
_NAMES = ("util_ppm", "engine_ppm", "memory_mib", "power_mw")
_ON_THE_WIRE = {"memory_mib": "memory_max_mib", "power_mw": "power_max_mw"}

Device = tuple[str, wire.Mig | None, tuple[HolderShare, ...]]  # UUID, slice, who holds it


class Tally(msgspec.Struct):
    """Sums and maxima of the readings of one run."""

    samples: int = 0
    sums: dict[str, int] = {}
    counts: dict[str, int] = {}
    maximum: dict[str, int] = {}
    missing: dict[str, str] = {}

    def add(self, reading: Reading) -> None:
        """Add one reading."""
        self.samples += 1
        for name in _NAMES:
            value = getattr(reading, name)
            if value is None:
                self.missing[name] = reading.missing.get(name, "not_read")
            else:
                self.sums[name] = self.sums.get(name, 0) + value
                self.counts[name] = self.counts.get(name, 0) + 1
                self.maximum[name] = max(self.maximum.get(name, 0), value)

    def readings(self, *, is_shared: bool) -> wire.Readings:
        """Return the readings for one holder; none if the device is shared."""
        if is_shared:
            return wire.Readings(self.samples, missing=_missing(dict.fromkeys(_NAMES, "shared")))
        absent = {
            name: self.missing.get(name, "no_sample") for name in _NAMES if name not in self.counts
        }
        return wire.Readings(
            samples=self.samples,
            util_ppm=self._mean("util_ppm"),
            engine_ppm=self._mean("engine_ppm"),
            memory_max_mib=self.maximum.get("memory_mib"),
            power_max_mw=self.maximum.get("power_mw"),
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
    shares: tuple[HolderShare, ...]
    from_ms: int
    to_ms: int
    tally: Tally = msgspec.field(default_factory=Tally)


class Minute(msgspec.Struct):
    """The open minute of one GPU, filled up to `filled_ms`."""

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
        """Fill up to `to_ms` with these holders of the devices."""
        if to_ms <= self.filled_ms:
            return
        for device, mig, shares in devices:
            run = self._open_run(device)
            if run is not None and run.shares == shares and run.mig == mig:
                run.to_ms = to_ms
            else:
                self.runs.append(Run(device, mig, shares, self.filled_ms, to_ms))
        self.filled_ms = to_ms

    def flag(self, word: str) -> None:
        """Add a flag of the whole minute, once."""
        if word not in self.flags and len(self.flags) < _FLAGS_MAX:
            self.flags.append(word)

    def gap(self, to_ms: int, reason: wire.GapReason) -> None:
        """Fill up to `to_ms` with a gap."""
        if to_ms <= self.filled_ms:
            return
        last = self.gaps[-1] if self.gaps else None
        if last is not None and last.to_ms == self.filled_ms and last.reason == reason:
            self.gaps[-1] = wire.Gap(last.from_ms, to_ms, reason)
        else:
            self.gaps.append(wire.Gap(self.filled_ms, to_ms, reason))
        self.filled_ms = to_ms

    def read(self, look: Look) -> None:
        """Add the readings of a look at the current end of the minute."""
        for device, reading in look.readings.items():
            run = self._open_run(device)
            if run is not None:
                run.tally.add(reading)
        self.xid_missing = look.xid_missing or self.xid_missing
        if look.energy_mj is None:
            self.energy_missing = look.energy_missing or "not_read"
        elif self.energy_now is not None and look.energy_mj < self.energy_now:
            self.energy_missing = "counter_went_back"
        self.energy_now = look.energy_mj

    def window(self, gpu: str, model: str, boot: str | None, vendor: str = "nvidia") -> wire.Window:
        """Return the window. The minute must be filled to its end."""
        energy_mj, reason = self._energy()
        reasons = {"energy_mj": reason, "xid": self.xid_missing}
        missing = {name: why for name, why in reasons.items() if why}
        return wire.Window(
            gpu=gpu,
            model=model,
            start=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.start_ms),
            window_ms=wire.MINUTE_MS,
            parts=tuple(part for run in self.runs for part in _parts(run)),
            gaps=tuple(self.gaps),
            vendor=vendor,
            boot=boot,
            energy_mj=energy_mj,
            missing=missing,
            flags=tuple(sorted(self.flags)),
        )

    def _open_run(self, device: str) -> Run | None:
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
        energy_mj = self.energy_now - self.energy_start
        if energy_mj > _WATT_MAX * wire.MINUTE_MS:
            return None, "implausible"
        return energy_mj, ""


def _parts(run: Run) -> Iterable[wire.Part]:
    readings = run.tally.readings(is_shared=len(run.shares) > 1)
    for share in run.shares:
        yield wire.Part(
            holder=share.holder,
            from_ms=run.from_ms,
            to_ms=run.to_ms,
            num=share.num,
            den=share.den,
            mig=run.mig,
            readings=readings,
        )


def _missing(reasons: Mapping[str, str]) -> dict[str, str]:
    return {_ON_THE_WIRE.get(name, name): reason for name, reason in reasons.items()}
