"""From a device id of the kubelet's to one device of this node, by what the driver shows now.

A device plugin names a GPU or MIG slice by its UUID, a shared one with `::0`, `::1`, … behind it
(each a *slot*). Older ones wrote a GPU's number, or MIG-GPU-<parent>/<gi>/<ci>. A DRA driver writes
`gpu-<minor>` and `gpu-<minor>-mig-…`: names of a place, which another card may take tomorrow, so
they are resolved against the newest look and only the UUID is kept.

Three outcomes: a device, by its UUID; `Absent`, the plain name of a device that the driver does not
show (a lost GPU, a slice that is gone), which says nothing about the others; or `Unreadable` with
its reason. Somebody then holds a device of this node and nobody can say which, so none may be
called free.

Sources: NVIDIA/k8s-device-plugin internal/rm/devices.go; NVIDIA/k8s-dra-driver-gpu
cmd/gpu-kubelet-plugin/{deviceinfo,mig}.go; HAMi's and GKE's shapes as in dcgm-exporter
internal/pkg/transformation/kubernetes.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from agents import wire
from agents.holders.podresources import Claimed
from agents.observations import Look, Looks

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLAIN = re.compile(rf"((?:GPU|MIG)-{_UUID})(?:::(\d+))?")
_OLD_SLICE = re.compile(rf"MIG-(GPU-{_UUID})/(\d+)/(\d+)(?:::(\d+))?")
_NUMBER = re.compile(r"(\d{1,3})(?:::(\d+))?")
_HAMI = re.compile(rf"(?:GPU|MIG)-{_UUID}-\d+")
_GKE = re.compile(r"nvidia\d+(?:/(?:gi|vgpu)\d+)?(?:/vgpu\d+)?")
_NAMES_A_GPU = re.compile(rf"(?:GPU|MIG)-{_UUID}")

_OURS = re.compile(r"nvidia\.com/(?:gpu(?:\.shared)?|mig-.+)")
_PARTITIONS = ("aliyun.com/gpu-", "tencent.com/vcuda-", "volcano.sh/vgpu-", "volcano.sh/gpu-")

_DRA_DRIVER = "gpu.nvidia.com"
_DRA_GPU = re.compile(r"gpu-(\d+)")
_DRA_PLACE = re.compile(r"gpu-(\d+)-mig-(\d+)-(\d+)-(\d+)")  # GI profile's number, start, size
_DRA_SLICE = re.compile(r"gpu-(\d+)-mig-(.+)-(\d+)-(\d+)")  # profile, its number, start
_DRA_PASSED = re.compile(r"gpu-vfio-\d+")  # given to a virtual machine: NVML cannot see it


class Device(NamedTuple):
    """A GPU or slice, by its UUID; `slot` where it is one of several replicas."""

    uuid: str
    slot: str = ""


class Absent(NamedTuple):
    """A device that the driver does not show."""

    name: str


class Unreadable(NamedTuple):
    """An id that names no device that we could find; the reason is one word."""

    reason: str
    name: str


Resolved = Device | Absent | Unreadable


class Devices:
    """The GPUs and slices of this node as they were last seen."""

    def __init__(self) -> None:
        self._slices: dict[str, tuple[wire.Mig, ...]] = {}  # by GPU
        self._known: set[str] = set()
        self._by_index: dict[int, str] = {}
        self._by_minor: dict[int, str] = {}

    def seen(self, looks: Looks) -> None:
        """Take in a look. A GPU that did not answer keeps the numbers it had."""
        if isinstance(looks, str):
            return
        kept = {uuid: slices for uuid, slices in self._slices.items() if uuid in looks}
        found = {uuid: look for uuid, look in looks.items() if isinstance(look, Look)}
        self._slices = kept | {uuid: look.slices for uuid, look in found.items()}
        self._known = {*looks, *(mig.uuid for each in self._slices.values() for mig in each)}
        indices = {look.index: uuid for uuid, look in found.items() if look.index is not None}
        minors = {look.minor: uuid for uuid, look in found.items() if look.minor is not None}
        self._by_index = _renewed(self._by_index, indices, set(looks) - set(found))
        self._by_minor = _renewed(self._by_minor, minors, set(looks) - set(found))

    def shows(self, uuid: str) -> bool:
        """Whether the driver showed this GPU or slice at the last look."""
        return uuid in self._known

    def given(self, resource: str, name: str) -> Resolved | None:
        """What a device plugin's id means; None where it is no matter of NVIDIA's GPUs."""
        if not resource.startswith("nvidia.com/"):
            partition = _NAMES_A_GPU.search(name) or resource.startswith(_PARTITIONS)
            return Unreadable("vendor_partition", name) if partition else None
        found = self.plain(name)
        if isinstance(found, Unreadable) and not _OURS.fullmatch(resource):
            return None  # a network card, say: nvidia.com/hostdev
        return found

    def claimed(self, claimed: Claimed) -> Resolved | None:
        """What a DRA device means; None where it is another driver's."""
        if claimed.driver != _DRA_DRIVER:
            return None
        name = claimed.device
        if claimed.share:
            return Unreadable("dra_share", name)
        if match := _DRA_GPU.fullmatch(name):
            return _numbered(self._by_minor, match[1], name)
        if match := _DRA_PLACE.fullmatch(name):
            place = int(match[3]), int(match[4])
            return self._slice(match[1], name, lambda mig: mig.placement == place)
        if match := _DRA_SLICE.fullmatch(name):
            start, profile = int(match[4]), match[2]
            return self._slice(
                match[1],
                name,
                lambda mig: (mig.placement[0], _dns(mig.profile)) == (start, profile),
            )
        return Absent(name) if _DRA_PASSED.fullmatch(name) else Unreadable("unknown_id", name)

    def plain(self, name: str) -> Resolved:
        """What an id means, whatever the resource is called."""
        if match := _PLAIN.fullmatch(name):
            return Device(match[1], match[2] or "")
        if match := _OLD_SLICE.fullmatch(name):
            instance = int(match[2]), int(match[3])
            named = [s.uuid for s in self._slices.get(match[1], ()) if (s.gi, s.ci) == instance]
            return Device(named[0], match[4] or "") if named else Absent(name)
        if match := _NUMBER.fullmatch(name):
            return _numbered(self._by_index, match[1], name, match[2])
        if _HAMI.fullmatch(name):
            return Unreadable("hami_id", name)
        return Unreadable("gke_id" if _GKE.fullmatch(name) else "unknown_id", name)

    def _slice(self, minor: str, name: str, is_it: Callable[[wire.Mig], bool]) -> Resolved:
        there = self._slices.get(self._by_minor.get(int(minor), ""), ())
        found = [mig.uuid for mig in there if is_it(mig)]
        if len(found) > 1:  # compute instances that share one place
            return Unreadable("ambiguous_id", name)
        return Device(found[0]) if found else Absent(name)


def _numbered(numbers: dict[int, str], number: str, name: str, slot: str | None = None) -> Resolved:
    uuid = numbers.get(int(number))
    return Absent(name) if uuid is None else Device(uuid, slot or "")


def _renewed(old: dict[int, str], new: dict[int, str], silent: set[str]) -> dict[int, str]:
    return {number: uuid for number, uuid in old.items() if uuid in silent} | new


def _dns(profile: str) -> str:
    """A profile as the DRA driver writes it into a name: 1g.10gb+me is 1g10gb-me."""
    return re.sub(r"[^a-z0-9-]", "-", profile.lower().replace(".", "")).strip("-")
