"""Resolve a device id of the kubelet to a device of this node, by the newest look at the driver.

A device plugin names a GPU or MIG slice by its UUID, a shared one with `::0`, `::1`, … behind it
(each a *slot*). Older ones wrote a GPU's number, or MIG-GPU-<parent>/<gi>/<ci>. A DRA driver writes
`gpu-<minor>` and `gpu-<minor>-mig-…`: names of a place, where another card may be tomorrow, so
they are resolved against the newest look and only the UUID is kept.

There are three results: a device, by its UUID; `AbsentDevice`, a device that the driver does not
show (a lost GPU, a removed slice), which says nothing about the others; or `UnresolvedId` with its
reason: then an unknown device of this node is in use, so no device may be called free.

Sources: NVIDIA/k8s-device-plugin internal/rm/devices.go; NVIDIA/k8s-dra-driver-gpu
cmd/gpu-kubelet-plugin/{deviceinfo,mig}.go; HAMi's and GKE's shapes as in dcgm-exporter
internal/pkg/transformation/kubernetes.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from agents import wire
from agents.holders.podresources import ClaimedDevice
from agents.observations import Look, Looks

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLAIN = re.compile(rf"((?:GPU|MIG)-{_UUID})(?:::(\d+))?")
_OLD_SLICE = re.compile(rf"MIG-(GPU-{_UUID})/(\d+)/(\d+)(?:::(\d+))?")
_NUMBER = re.compile(r"(\d{1,3})(?:::(\d+))?")
_HAMI = re.compile(rf"(?:GPU|MIG)-{_UUID}-\d+")
_GKE = re.compile(r"nvidia\d+(?:/(?:gi|vgpu)\d+)?(?:/vgpu\d+)?")
_NAMES_A_GPU = re.compile(rf"(?:GPU|MIG)-{_UUID}")

_NVIDIA_GPU = re.compile(r"nvidia\.com/(?:gpu(?:\.shared)?|mig-.+)")
_PARTITIONS = ("aliyun.com/gpu-", "tencent.com/vcuda-", "volcano.sh/vgpu-", "volcano.sh/gpu-")

_DRA_DRIVER = "gpu.nvidia.com"
_DRA_GPU = re.compile(r"gpu-(\d+)")
_DRA_PLACE = re.compile(r"gpu-(\d+)-mig-(\d+)-(\d+)-(\d+)")  # GI profile's number, start, size
_DRA_SLICE = re.compile(r"gpu-(\d+)-mig-(.+)-(\d+)-(\d+)")  # profile, its number, start
_DRA_PASSED = re.compile(r"gpu-vfio-\d+")  # passed to a virtual machine: NVML does not show it


class Device(NamedTuple):
    """A GPU or slice, by its UUID; `slot` where it is one of several replicas."""

    uuid: str
    slot: str = ""


class AbsentDevice(NamedTuple):
    """A device that the driver does not show."""

    name: str


class UnresolvedId(NamedTuple):
    """An id that cannot be matched to a device; the reason is one word."""

    reason: str
    name: str


Resolution = Device | AbsentDevice | UnresolvedId


class Devices:
    """The GPUs and slices of this node at the newest look."""

    def __init__(self) -> None:
        self._slices: dict[str, tuple[wire.Mig, ...]] = {}  # by GPU
        self._uuids: set[str] = set()
        self._by_index: dict[int, str] = {}
        self._by_minor: dict[int, str] = {}

    def update(self, looks: Looks) -> None:
        """Take a new look. A GPU that does not answer keeps its numbers."""
        if isinstance(looks, str):
            return
        old = {uuid: slices for uuid, slices in self._slices.items() if uuid in looks}
        fresh = {uuid: look for uuid, look in looks.items() if isinstance(look, Look)}
        self._slices = old | {uuid: look.slices for uuid, look in fresh.items()}
        self._uuids = {*looks, *(mig.uuid for slices in self._slices.values() for mig in slices)}
        indices = {look.index: uuid for uuid, look in fresh.items() if look.index is not None}
        minors = {look.minor: uuid for uuid, look in fresh.items() if look.minor is not None}
        self._by_index = _merge_numbers(self._by_index, indices, set(looks) - set(fresh))
        self._by_minor = _merge_numbers(self._by_minor, minors, set(looks) - set(fresh))

    def shows(self, uuid: str) -> bool:
        """Return whether the driver showed this GPU or slice at the newest look."""
        return uuid in self._uuids

    def resolve_plugin(self, resource: str, name: str) -> Resolution | None:
        """Resolve the id of a device plugin; None if it has nothing to do with NVIDIA's GPUs."""
        if not resource.startswith("nvidia.com/"):
            partition = _NAMES_A_GPU.search(name) or resource.startswith(_PARTITIONS)
            return UnresolvedId("vendor_partition", name) if partition else None
        resolution = self.resolve_id(name)
        if isinstance(resolution, UnresolvedId) and not _NVIDIA_GPU.fullmatch(resource):
            return None  # a network card, say: nvidia.com/hostdev
        return resolution

    def resolve_claim(self, device: ClaimedDevice) -> Resolution | None:
        """Resolve a DRA device; None if it belongs to another driver."""
        if device.driver != _DRA_DRIVER:
            return None
        name = device.device
        if device.share:
            return UnresolvedId("dra_share", name)
        if match := _DRA_GPU.fullmatch(name):
            return _by_number(self._by_minor, match[1], name)
        if match := _DRA_PLACE.fullmatch(name):
            place = int(match[3]), int(match[4])
            return self._slice(match[1], name, lambda mig: mig.placement == place)
        if match := _DRA_SLICE.fullmatch(name):
            start, profile = int(match[4]), match[2]
            return self._slice(
                match[1],
                name,
                lambda mig: (
                    (mig.placement and mig.placement[0], _dns(mig.profile)) == (start, profile)
                ),
            )
        return (
            AbsentDevice(name) if _DRA_PASSED.fullmatch(name) else UnresolvedId("unknown_id", name)
        )

    def resolve_id(self, name: str) -> Resolution:
        """Resolve an id, whatever the resource is called."""
        if match := _PLAIN.fullmatch(name):
            return Device(match[1], match[2] or "")
        if match := _OLD_SLICE.fullmatch(name):
            instance = int(match[2]), int(match[3])
            matches = [s.uuid for s in self._slices.get(match[1], ()) if (s.gi, s.ci) == instance]
            return Device(matches[0], match[4] or "") if matches else AbsentDevice(name)
        if match := _NUMBER.fullmatch(name):
            return _by_number(self._by_index, match[1], name, match[2])
        if _HAMI.fullmatch(name):
            return UnresolvedId("hami_id", name)
        return UnresolvedId("gke_id" if _GKE.fullmatch(name) else "unknown_id", name)

    def _slice(self, minor: str, name: str, predicate: Callable[[wire.Mig], bool]) -> Resolution:
        slices = self._slices.get(self._by_minor.get(int(minor), ""), ())
        matches = [mig.uuid for mig in slices if predicate(mig)]
        if len(matches) > 1:  # compute instances that share one place
            return UnresolvedId("ambiguous_id", name)
        return Device(matches[0]) if matches else AbsentDevice(name)


def _by_number(
    numbers: dict[int, str], number: str, name: str, slot: str | None = None
) -> Resolution:
    uuid = numbers.get(int(number))
    return AbsentDevice(name) if uuid is None else Device(uuid, slot or "")


def _merge_numbers(old: dict[int, str], new: dict[int, str], silent: set[str]) -> dict[int, str]:
    return {number: uuid for number, uuid in old.items() if uuid in silent} | new


def _dns(profile: str) -> str:
    """A profile as the DRA driver writes it into a name: 1g.10gb+me is 1g10gb-me."""
    return re.sub(r"[^a-z0-9-]", "-", profile.lower().replace(".", "")).strip("-")
