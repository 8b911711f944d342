"""Compute who holds which device, with which share, from the devices of each container.

A device is held in *slots*. A whole GPU or MIG slice is one slot; time-slicing and MPS offer
several slots of one device; a ResourceClaim is one slot, whoever uses it. The containers of a slot
share it equally, and the slots of a device share the device by a rule that the contract names:

- `held`: a slot is 1 / the slots held now. One slot alone is the whole device.
- `replicas`: a slot is 1 / the slots on offer. The slots that are not held are free.

Slots are counted by the resource they were asked under: after a plugin has renamed its resource,
slot 3 of `gpu` and slot 3 of `gpu.shared` are two slots of one device. Who had a whole device when
it was cut into slots keeps it, often for days, while others get slots: the device's time is then
shared by all of them alike, so that holder counts as one slot more (under `replicas` too, where
more slots are held than were on offer, each is 1 / the slots held).

Two pods on one slot, or a claim beside anything else, are impossible, but the kubelet (or an
admin's claim, which looks like any other) can report them. Then no holder is accepted: the device
is held by someone unknown, which is never billed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from agents import wire
from agents.holders.devices import AbsentDevice, Device, Devices, Resolution, UnresolvedId
from agents.holders.podresources import Container
from agents.observations import HolderShare, Holdings, ShareRule

Slot = tuple[str, str, str]  # «whole» or «slot» or «claim»; of which resource or claim; which
Slots = dict[Slot, set[wire.Pod]]


def holdings(
    containers: Iterable[Container],
    devices: Devices,
    rule: ShareRule = ShareRule.HELD,
    replicas: Mapping[str, int] | None = None,
) -> tuple[Holdings, set[AbsentDevice | UnresolvedId]]:
    """Return who holds what, and the ids that match no device of this node.

    `replicas` are the slots on offer by device, which only the rule of that name needs.
    """
    uses: defaultdict[str, Slots] = defaultdict(lambda: defaultdict(set))
    failures: set[AbsentDevice | UnresolvedId] = set()
    for container in containers:
        pod = wire.Pod(container.namespace, container.pod, container.name, container.uid)
        for kind, name, resolution in _uses(container, devices):
            if isinstance(resolution, Device):
                slot = ("slot" if resolution.slot else kind, name, resolution.slot)
                uses[resolution.uuid][slot].add(pod)
                if not devices.shows(resolution.uuid):
                    failures.add(AbsentDevice(resolution.uuid))
            elif resolution is not None:
                failures.add(resolution)
    on_offer = replicas or {}
    result = Holdings(
        devices={uuid: shares_of(slots, rule, on_offer.get(uuid)) for uuid, slots in uses.items()},
        default=_default(failures),
        rules={uuid: f"shares_{rule}" for uuid, slots in uses.items() if is_sliced(slots)},
    )
    return result, failures


def slots_on_offer(names: Iterable[str], devices: Devices) -> dict[str, int]:
    """Count the slots of each shared device, from the ids of all allocatable devices."""
    by_device: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        resolution = devices.resolve_id(name)
        if isinstance(resolution, Device) and resolution.slot:
            by_device[resolution.uuid].add(resolution.slot)
    return {uuid: len(slots) for uuid, slots in by_device.items()}


def _uses(container: Container, devices: Devices) -> Iterator[tuple[str, str, Resolution | None]]:
    for resource, name in container.devices:
        resolution = devices.resolve_plugin(resource, name)
        is_slot = isinstance(resolution, Device) and resolution.slot
        yield "whole", resource if is_slot else "", resolution
    for device in container.claims:
        yield "claim", device.claim, devices.resolve_claim(device)


def _default(failures: set[AbsentDevice | UnresolvedId]) -> HolderShare:
    """Return who holds the devices that the kubelet does not name."""
    reasons = [item.reason for item in failures if isinstance(item, UnresolvedId)]
    return HolderShare(wire.Unattributed(min(reasons)) if reasons else wire.Unallocated())


def is_sliced(slots: Slots) -> bool:
    """Return whether the device is held in slots of it, not as a whole."""
    return any(kind == "slot" for kind, _, _ in slots)


def shares_of(
    slots: Slots, rule: ShareRule, replicas: int | None = None
) -> tuple[HolderShare, ...]:
    """Return the holders of one device that is held in these slots; `replicas` are on offer."""
    if not _are_consistent(slots):
        return _unattributed("claimed_twice")
    slot_count = len(slots)
    if rule is ShareRule.REPLICAS and is_sliced(slots):
        if replicas is None or replicas < sum(kind == "slot" for kind, _, _ in slots):
            return _unattributed("replicas_unknown")
        slot_count = max(slot_count, replicas)
    users = math.lcm(*map(len, slots.values()))
    units = slot_count * users  # the device, in units that every share is a whole number of
    weights: defaultdict[wire.Pod, int] = defaultdict(int)
    for pods in slots.values():
        for pod in pods:
            weights[pod] += users // len(pods)
    shares = [_share(pod, weights[pod], units) for pod in sorted(weights, key=_by_name)]
    if math.lcm(*(share.den for share in shares)) > wire.SHARE_MAX:
        return _unattributed("shares_too_fine")
    free = units - sum(weights.values())
    return (*shares, *([_share(wire.Unallocated(), free, units)] if free else []))


def _are_consistent(slots: Slots) -> bool:
    """Return whether these uses of one device are possible together."""
    pods = {_pod(pod) for users in slots.values() for pod in users}
    if len(pods) == 1:
        return True  # an init container passes its device on to the pod's others
    kinds = {kind for kind, _, _ in slots}
    if kinds == {"claim"}:
        return len(slots) == 1  # one claim may serve several pods
    one_each = all(len({_pod(pod) for pod in users}) == 1 for users in slots.values())
    return "claim" not in kinds and one_each


def _pod(container: wire.Pod) -> tuple[str, str, str | None]:
    return container.namespace, container.pod, container.uid


def _unattributed(reason: str) -> tuple[HolderShare, ...]:
    return (HolderShare(wire.Unattributed(reason)),)


def _share(holder: wire.Holder, part: int, whole: int) -> HolderShare:
    common = math.gcd(part, whole)
    return HolderShare(holder, part // common, whole // common)


def _by_name(pod: wire.Pod) -> tuple[str, str, str, str]:
    return pod.namespace, pod.pod, pod.container, pod.uid or ""
