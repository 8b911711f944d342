"""NVIDIA's dcgm-exporter, from the first releases with `uuid` and `pod_name` to those with DRA.

A MIG instance has no UUID here and no placement: it is `MIG-GPU-<parent>/<instance>/0`, as drivers
before R470 called it. Energy and power are repeated on each instance and belong to the whole GPU.

Sources: NVIDIA/dcgm-exporter, internal/pkg/rendermetrics and etc/default-counters.csv;
NVIDIA/DCGM, dcgmlib/dcgm_fields.h (the blank values, and the names that DCGM 4.6 gave).
"""

from __future__ import annotations

import re

from agents import wire
from agents.exporters.vendor import Labels, Unit, Vendor, first_label

_PPM = 1_000_000
_PROFILE = re.compile(r"[\w.+-]{1,32}", re.ASCII)
_BLANK_INT32 = range(0x7FFFFFF0, 0x80000000)
_BLANK_INT64 = 2**63 - 16  # and above: blank, not found, not supported, not permitted
_BLANK_FP64 = range(140_737_488_355_328, 140_737_488_355_340)


def _device(labels: Labels) -> str | None:
    uuid = first_label(labels, "UUID", "uuid")
    uuid = f"GPU-{uuid[4:].lower()}" if uuid[:4] in ("GPU-", "gpu-") else uuid
    return uuid if wire.is_device(uuid, "nvidia") else None


def _slice(labels: Labels, uuid: str) -> wire.Mig | None:
    instance = labels.get("GPU_I_ID", "").strip()
    if not instance:
        return None
    if not (instance.isascii() and instance.isdigit() and len(instance) < 4):  # noqa: PLR2004
        raise ValueError(f"GPU_I_ID {instance[:20]!r}")
    profile = labels.get("GPU_I_PROFILE", "").strip()
    if not _PROFILE.fullmatch(profile):
        raise ValueError(f"GPU_I_PROFILE {profile[:40]!r}")
    gi = int(instance)
    return wire.Mig(gi, 0, profile, f"MIG-{uuid}/{gi}/0")


def _slot(labels: Labels) -> tuple[str, str, str]:
    if vgpu := labels.get("vgpu", "").strip():
        return "slot", "", vgpu
    if claim := labels.get("dra_claim_name", "").strip():
        return "claim", f"{labels.get('dra_claim_namespace', '')}/{claim}", ""
    return "whole", "", ""


def _unnamed_use(_family: str, labels: Labels) -> str:
    return "hpc_job" if first_label(labels, "hpc_job", "jobid") else ""


def _is_blank(value: float) -> bool:
    return value in _BLANK_INT32 or value >= _BLANK_INT64 or int(value) in _BLANK_FP64


DCGM_EXPORTER = Vendor(
    name="nvidia",
    device=_device,
    model=lambda labels: first_label(labels, "modelName"),
    units={
        "DCGM_FI_DEV_GPU_UTIL": Unit("util_ppm", 10_000, _PPM),
        "DCGM_FI_DEV_GPU_UTIL_RATIO": Unit("util_ppm", _PPM, _PPM),
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": Unit("engine_ppm", _PPM, _PPM),
        "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO": Unit("engine_ppm", _PPM, _PPM),
        "DCGM_FI_DEV_FB_USED": Unit("memory_mib", 1),
        "DCGM_FI_DEV_POWER_USAGE": Unit("power_mw", 1000, 10_000_000),
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": Unit("energy_mj", 1),
    },
    names={
        "namespace": ("namespace", "pod_namespace"),
        "pod": ("pod", "pod_name"),
        "container": ("container", "container_name"),
        "uid": ("pod_uid",),
    },
    slice_of=_slice,
    slot_of=_slot,
    unnamed_use=_unnamed_use,
    blanks=_is_blank,
    xids="DCGM_FI_DEV_XID_ERRORS",
    more_families=frozenset(
        {"DCGM_FI_DEV_SM_CLOCK", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_FB_FREE"}
    ),
)
