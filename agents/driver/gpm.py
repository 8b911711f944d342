"""How busy a GPU's engine was, and each MIG instance's: NVML's GPM counters, from Hopper on.

Utilisation says in which share of the time some kernel ran on the whole GPU; a slice has none. GPM
counts inside the chip, for a whole GPU and for each GPU instance. A figure is the difference of two
samples, so the first look at a device has none, and each later one speaks of the time since the one
before. Compute instances that share one GPU instance share its counter: it is given to none.

Source: nvml.h, group GPM: two samples lie more than 100 ms apart; values are 0.0 to 100.0.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, NamedTuple

import pynvml

from agents.driver.nvml_call import GPU_LOST, Failed, ask

_APART_S = 0.1
_PERCENT_MAX = 100.0
_PPM_A_PERCENT = 10_000


class _Samples(NamedTuple):
    before: Any
    taken_s: float
    spare: Any  # the buffer for the next one


class Gpm:
    """The GPM counters of one GPU and of its instances."""

    def __init__(self, handle: Any) -> None:  # noqa: ANN401  an opaque pointer of the driver
        self._handle = handle
        self._samples: dict[int | None, _Samples] = {}
        self._lacking: str | None = None  # why this GPU has no GPM; empty when it has

    def engine_ppm(self, missing: dict[str, str], instance: int | None = None) -> int | None:
        """Mean activity since the look before, of the GPU or of one GPU instance.

        None with the reason in `missing` where there is none. Raises Failed for a lost GPU, Gone.
        """
        try:
            found = self._difference(instance)
        except Failed as error:
            self._forget(instance)
            if error.code in GPU_LOST:
                raise
            found = str(error)
        if isinstance(found, str):
            missing["engine_ppm"] = found
            return None
        if not 0.0 <= found <= _PERCENT_MAX:  # also what is not a number
            missing["engine_ppm"] = "implausible"
            return None
        return round(found * _PPM_A_PERCENT)

    def keep(self, instances: Collection[int | None]) -> None:
        """Forget every instance but these: their numbers may be given to others."""
        for instance in set(self._samples) - set(instances):
            self._forget(instance)

    def _difference(self, instance: int | None) -> float | str:
        if self._lacking is None:
            support = ask(pynvml.nvmlGpmQueryDeviceSupport, self._handle)
            self._lacking = "" if support.isSupportedDevice else "not_supported"
        if self._lacking:
            return self._lacking
        old = self._samples.get(instance)
        if old is None:
            fresh = ask(pynvml.nvmlGpmSampleAlloc)
            self._take(instance, fresh)
            spare = ask(pynvml.nvmlGpmSampleAlloc)
            self._samples[instance] = _Samples(fresh, time.monotonic(), spare)
            return "first_look"
        now = time.monotonic()
        if now - old.taken_s <= _APART_S:
            return "too_soon"
        self._take(instance, old.spare)
        self._samples[instance] = _Samples(old.spare, now, old.before)
        return _graphics_percent(old.before, old.spare)

    def _take(self, instance: int | None, sample: Any) -> None:  # noqa: ANN401
        if instance is None:
            ask(pynvml.nvmlGpmSampleGet, self._handle, sample)
        else:
            ask(pynvml.nvmlGpmMigSampleGet, self._handle, instance, sample)

    def _forget(self, instance: int | None) -> None:
        samples = self._samples.pop(instance, None)
        if samples is not None:
            pynvml.nvmlGpmSampleFree(samples.before)
            pynvml.nvmlGpmSampleFree(samples.spare)


_wanted = pynvml.c_nvmlGpmMetricsGet_t()  # 20 kB: one for all


def _graphics_percent(before: Any, after: Any) -> float:  # noqa: ANN401
    _wanted.version = pynvml.NVML_GPM_METRICS_GET_VERSION
    _wanted.numMetrics = 1
    _wanted.sample1, _wanted.sample2 = before, after
    metric = _wanted.metrics[0]
    metric.metricId = pynvml.NVML_GPM_METRIC_GRAPHICS_UTIL
    ask(pynvml.nvmlGpmMetricsGet, _wanted)
    if metric.nvmlReturn:
        raise Failed(metric.nvmlReturn)
    return float(metric.value)
