"""Readings of the newest look, for Prometheus, under the names that dcgm-exporter gave them.

Dashboards made for dcgm-exporter work: `gpu`, `UUID`, `device`, `modelName`, `Hostname`, for a MIG
slice `GPU_I_PROFILE` and `GPU_I_ID`, and `namespace`, `pod`, `container` of the holder. A device
that several hold has its reading once, without a holder, because a copy for each would count it
twice; `suanquan_agent_holder_share` says who holds which part of it. Energy and power are of the
whole GPU. What was not measured is left out, never 0.

Source: NVIDIA/dcgm-exporter, internal/pkg/rendermetrics and etc/default-counters.csv.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from agents import wire
from agents.exposition import Family, Sample
from agents.metering.meter import devices_of
from agents.observations import HolderShare, Holdings, Look, Looks, Reading

FAMILIES: dict[str, tuple[Literal["gauge", "counter"], str]] = {
    "DCGM_FI_DEV_GPU_UTIL": ("gauge", "GPU utilization (in %)."),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": ("gauge", "Ratio of time the graphics engine is active."),
    "DCGM_FI_DEV_FB_USED": ("gauge", "Framebuffer memory used (in MiB)."),
    "DCGM_FI_DEV_POWER_USAGE": ("gauge", "Power draw (in W)."),
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": (
        "counter",
        "Energy since the driver was loaded (in mJ).",
    ),
    "suanquan_agent_holder_share": ("gauge", "The part of a device that a holder has, 1 at most."),
}
_Series = tuple[str, dict[str, str], float]  # family, labels, value


class Readings:
    """The readings of this node; the sampling loop writes them, the page reads them."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._looks: Looks = {}
        self._holdings = Holdings({})

    def record_look(self, looks: Looks) -> None:
        """Record the newest look."""
        self._looks = looks

    def record_holdings(self, holdings: Holdings | wire.GapReason) -> None:
        """Record the newest sample of the holders; while it is a gap every holder is unknown."""
        unknown = Holdings({}, HolderShare(wire.Unattributed(str(holdings))))
        self._holdings = holdings if isinstance(holdings, Holdings) else unknown

    def families(self) -> list[Family]:
        """Return what was measured; a family of which nothing was is left out."""
        by_family: defaultdict[str, list[Sample]] = defaultdict(list)
        looks = {} if isinstance(self._looks, str) else self._looks
        for uuid, look in looks.items():
            if isinstance(look, Look):
                for family, labels, value in self._series(uuid, look):
                    by_family[family].append(Sample(value, labels))
        return [
            Family(name, kind, text, by_family[name])
            for name, (kind, text) in FAMILIES.items()
            if name in by_family
        ]

    def _series(self, uuid: str, look: Look) -> Iterator[_Series]:
        gpu = {
            "gpu": "" if look.index is None else str(look.index),
            "UUID": uuid,
            "device": "" if look.minor is None else f"nvidia{look.minor}",
            "modelName": look.model,
            "Hostname": self._node,
        }
        if look.energy_mj is not None:
            yield "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", gpu, look.energy_mj
        for device, mig, shares in devices_of(uuid, look.slices, self._holdings):
            labels = gpu
            if mig is not None:
                labels = {**gpu, "GPU_I_PROFILE": mig.profile, "GPU_I_ID": str(mig.gi)}
            holder = _holder_labels(shares[0].holder) if len(shares) == 1 else {}
            yield from _readings(look.readings.get(device, Reading()), {**labels, **holder})
            for share in shares:
                holder_labels = {**labels, "device_uuid": device, **_holder_labels(share.holder)}
                yield "suanquan_agent_holder_share", holder_labels, share.num / share.den


def _readings(reading: Reading, labels: dict[str, str]) -> Iterator[_Series]:
    values = {
        "DCGM_FI_DEV_GPU_UTIL": _scale(reading.util_ppm, 10_000),
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": _scale(reading.engine_ppm, 1_000_000),
        "DCGM_FI_DEV_FB_USED": _scale(reading.memory_mib, 1),
        "DCGM_FI_DEV_POWER_USAGE": _scale(reading.power_mw, 1_000),
    }
    for family, value in values.items():
        if value is not None:
            yield family, labels, value


def _scale(value: int | None, by: int) -> float | None:
    return None if value is None else value / by


def _holder_labels(holder: wire.Holder) -> dict[str, str]:
    match holder:
        case wire.Pod(namespace=namespace, pod=pod, container=container):
            return {"container": container, "namespace": namespace, "pod": pod}
        case wire.Static(name=name):
            return {"holder": name}
        case wire.Unattributed(reason=reason):
            return {"unattributed": reason}
        case wire.Slurm(job=job):
            return {"hpc_job": job}
        case _:
            return {}
