"""Engine activity of a GPU and of each MIG instance: NVML's GPM counters, from Hopper on.

Utilisation is the share of time in which some kernel ran on the whole GPU; a slice has none. GPM
counts inside the chip, for a whole GPU and for each GPU instance. A value is the difference of two
samples, so the first look at a device has none, and each later one covers the time since the look
before. Compute instances that share a GPU instance share its counter, so none of them gets it.

Source: nvml.h, group GPM: two samples lie more than 100 ms apart; values are 0.0 to 100.0.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, NamedTuple

import pynvml

from agents.driver.nvml_call import GPU_LOST, NvmlFailed, ask

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
        self._no_gpm_reason: str | None = None  # why this GPU has no GPM; empty if it has

    def engine_ppm(self, missing: dict[str, str], instance: int | None = None) -> int | None:
        """Return the mean activity since the last look in ppm, of the GPU or of one GPU instance.

        None, with the reason in `missing`, if there is none. Raises NvmlFailed for a lost GPU, and
        DriverLost.
        """
        try:
            value = self._difference(instance)
        except NvmlFailed as error:
            self._forget(instance)
            if error.code in GPU_LOST:
                raise
            value = str(error)
        if isinstance(value, str):
            missing["engine_ppm"] = value
            return None
        if not 0.0 <= value <= _PERCENT_MAX:  # also what is not a number
            missing["engine_ppm"] = "implausible"
            return None
        return round(value * _PPM_A_PERCENT)

    def keep(self, instances: Collection[int | None]) -> None:
        """Forget all other instances: their numbers may be reused."""
        for instance in set(self._samples) - set(instances):
            self._forget(instance)

    def _difference(self, instance: int | None) -> float | str:
        if self._no_gpm_reason is None:
            support = ask(pynvml.nvmlGpmQueryDeviceSupport, self._handle)
            self._no_gpm_reason = "" if support.isSupportedDevice else "not_supported"
        if self._no_gpm_reason:
            return self._no_gpm_reason
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


_metrics_request = pynvml.c_nvmlGpmMetricsGet_t()  # 20 kB: one for all


def _graphics_percent(before: Any, after: Any) -> float:  # noqa: ANN401
    _metrics_request.version = pynvml.NVML_GPM_METRICS_GET_VERSION
    _metrics_request.numMetrics = 1
    _metrics_request.sample1, _metrics_request.sample2 = before, after
    metric = _metrics_request.metrics[0]
    metric.metricId = pynvml.NVML_GPM_METRIC_GRAPHICS_UTIL
    ask(pynvml.nvmlGpmMetricsGet, _metrics_request)
    if metric.nvmlReturn:
        raise NvmlFailed(metric.nvmlReturn)
    return float(metric.value)
