"""Runs of jobs, and their windows.

A run is one stay of a job on its GPUs. Slurm numbers jobs, and a number comes again: after a
requeue, a resize, a crash, at the end of the numbers. So a run is named by cluster, JobIDRaw and
Submit. Which GPUs it had is not recorded: each gets a name of its own,
`job/<cluster>/<run>/0/<k>`.

A window states one whole hour, not what has been added since: said again it is the same window. A
run that goes on is told up to the last full hour; its last hour follows when it has ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from agents import wire
from agents.sources.slurm.tres import Devices
from agents.values import TEXT_MAX

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNMEASURED = {"energy_mj": "job_trace", "readings": "job_trace"}
_USER = re.compile(rf"[^/\s]{{1,{TEXT_MAX}}}")
_NO_ACCOUNT = "no_account"


class Run(msgspec.Struct, frozen=True, gc=False):
    """What one run held from `start_ms` to `until_ms` (since 1970, UTC).

    Of a run that goes on, `until_ms` is the last moment at which it was seen to.
    """

    key: str
    account: str
    devices: tuple[Devices, ...]
    start_ms: int
    until_ms: int
    is_final: bool
    partition: str | None = None
    qos: str | None = None
    user: str | None = None
    suspended_ms: int = 0

    @property
    def stated_ms(self) -> int:
        """Up to when it is told: its end, or the last full hour."""
        return self.until_ms if self.is_final else self.until_ms - self.until_ms % wire.HOUR_MS


def windows(run: Run, cluster: str, *, since_ms: int = 0) -> Iterator[wire.Window]:
    """Yield the windows of the hours that begin at `since_ms` or later, by GPU and time."""
    spans = [hour for hour in hours(run) if hour >= since_ms]
    number = 0
    for kind in run.devices if spans else ():
        for place in range(number, number + kind.count):
            gpu = _gpu(run, cluster, place)
            for hour in spans:
                yield _window(run, kind, gpu, hour)
        number += kind.count


def bodies(
    run: Run, cluster: str, *, since_ms: int = 0, before_ms: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield (start in ms, JSON) of the same windows, those that begin before `before_ms`.

    The windows of one kind differ in nothing but their GPU's name, so that one is written and the
    others are copied. Raises ValueError for one that breaks a rule of the wire.
    """
    spans = [
        hour for hour in hours(run) if hour >= since_ms and (before_ms is None or hour < before_ms)
    ]
    number = 0
    for kind in run.devices if spans else ():
        shared: list[tuple[int, bytes, bytes]] = []
        for place in range(number, number + kind.count):
            if kind.mig_profile is not None or not shared:
                shared = [(hour, *_row_of(run, kind, cluster, place, hour)) for hour in spans]
            name = b'%d"' % place
            for hour, head, tail in shared:
                yield hour, head + name + tail
        number += kind.count


def _row_of(run: Run, kind: Devices, cluster: str, place: int, hour: int) -> tuple[bytes, bytes]:
    """Return the JSON of a window before and after the number of its GPU."""
    gpu = _gpu(run, cluster, place)
    window = _window(run, kind, gpu, hour)
    if faults := wire.faults(window):
        raise ValueError(f"window {gpu} {window.start.isoformat()}: {'; '.join(faults)}")
    head, mark, tail = msgspec.json.encode(window).partition(b'/0/%d"' % place)
    return head + mark[:3], tail


def hours(run: Run) -> range:
    """Return the hours to tell, by their first millisecond."""
    if run.start_ms >= run.stated_ms:
        return range(0)
    return range(run.start_ms - run.start_ms % wire.HOUR_MS, run.stated_ms, wire.HOUR_MS)


def _gpu(run: Run, cluster: str, place: int) -> str:
    return f"job/{cluster}/{run.key}/0/{place}"


def _window(run: Run, kind: Devices, gpu: str, hour: int) -> wire.Window:
    parts = _parts(run, kind, gpu, hour)
    return wire.Window(gpu, kind.model, _moment(hour), wire.HOUR_MS, parts, missing=_UNMEASURED)


def _parts(run: Run, kind: Devices, gpu: str, hour_ms: int) -> tuple[wire.Part, ...]:
    low = max(run.start_ms - hour_ms, 0)
    high = min(run.stated_ms - hour_ms, wire.HOUR_MS)
    mig = _slice(kind, gpu)
    spans: tuple[tuple[wire.Holder, int, int], ...] = (
        (wire.Unallocated(), 0, low),
        (_holder(run), low, high),
        (wire.Unallocated(), high, wire.HOUR_MS),
    )
    return tuple(
        wire.Part(holder, start, stop, mig=mig)
        if isinstance(holder, wire.Unallocated)
        else wire.Part(holder, start, stop, kind.num, kind.den, mig)
        for holder, start, stop in spans
        if start < stop
    )


def _holder(run: Run) -> wire.Holder:
    if not run.account:
        return wire.Unattributed(_NO_ACCOUNT)
    return wire.Slurm(run.account, run.key, run.partition, run.qos, _user(run))


def _user(run: Run) -> str | None:
    """Return whose job it was, as far as a binding can name it."""
    return run.user if run.user and _USER.fullmatch(run.user) else None


def _slice(kind: Devices, gpu: str) -> wire.Mig | None:
    """Return the slice, alone on a GPU of its own name: where it lay is not recorded."""
    if kind.mig_profile is None:
        return None
    return wire.Mig(0, 0, kind.mig_profile, gpu, (0, 1))


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
