"""Huawei's npu-exporter for Ascend chips.

A chip is its `vdie_id`, which stays with it; `id` is only its place in the node. An exporter that
writes no vdie_id (before 5.0) names no device, and nothing is metered by it. Each sample bears its
own time. The container labels come from the devices that the runtime gave to a container, so they
are the chips really used, as the pod's annotation `huawei.com/AscendReal` has them, not those that
the kubelet allotted. A chip that is cut into virtual ones (`vnpu_pod_…`) has a holder whom we
cannot give a share: it is unattributed.

NOT TRIED: there was no Ascend chip, and no capture with a filled container label. The families and
labels are those of Huawei's page «Prometheus Metrics接口» (MindCluster 6.0, 7.0 RC1); the test's
exposition is made by that page. «AI Core» utilisation stands for utilisation; energy is not
exposed; whether a chip of a 910C (two dies) is billed as one or two is for the contract to say.
"""

from __future__ import annotations

from agents import wire
from agents.exporters.vendor import Labels, Unit, Vendor, first_label

_PPM = 1_000_000


def _device(labels: Labels) -> str | None:
    device = f"NPU-{first_label(labels, 'vdie_id', 'vdieID').lower()}"
    return device if wire.is_device(device, "huawei") else None


def _model(labels: Labels) -> str:
    return first_label(labels, "model_name", "modelName")


def _unnamed_use(family: str, _labels: Labels) -> str:
    return "vendor_partition" if family.startswith("vnpu_pod_") else ""


NPU_EXPORTER = Vendor(
    name="huawei",
    device=_device,
    model=_model,
    units={
        "npu_chip_info_utilization": Unit("util_ppm", 10_000, _PPM),
        "npu_chip_info_hbm_used_memory": Unit("memory_mib", 1),
        "npu_chip_info_used_memory": Unit("memory_mib", 1),  # of chips without HBM
        "npu_chip_info_power": Unit("power_mw", 1000, 10_000_000),
    },
    names={
        "namespace": ("namespace",),
        "pod": ("pod_name", "podName"),
        "container": ("container_name", "containerName"),
        "uid": (),
    },
    unnamed_use=_unnamed_use,
    index="id",
    more_families=frozenset(
        {
            "container_npu_utilization",
            "container_npu_used_memory",
            "container_npu_total_memory",
            "vnpu_pod_aicore_utilization",
            "vnpu_pod_total_memory",
            "vnpu_pod_used_memory",
        }
    ),
)
