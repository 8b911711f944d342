"""From what each container was given to who holds which device, with which share.

A device is held in *slots*. A whole GPU or MIG slice is one; time-slicing and MPS offer several of
one device; a ResourceClaim is one, whoever uses it. The containers that use a slot share it
equally, and the slots of a device share the device by one of two rules, which the contract names:

- `held`: a slot is 1 of the slots held at this moment. Alone on a device is all of it.
- `replicas`: a slot is 1 of the slots on offer. What nobody holds of the device is free.

Two pods on one slot, or a whole device beside slots of it, cannot be: the kubelet (or an admin's
claim, which looks like any other here) says so all the same, and then nobody is believed. The
device is held by someone unknown, which is never billed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from agents import wire
from agents.holders.devices import Absent, Device, Devices, Resolved, Unreadable
from agents.holders.podresources import Container
from agents.observations import Held, Holding, Shares

Slot = tuple[str, str]  # «whole» or «slot» or «claim», and which
Slots = dict[Slot, set[wire.Pod]]


def holding(
    containers: Iterable[Container],
    devices: Devices,
    rule: Shares = Shares.HELD,
    replicas: Mapping[str, int] | None = None,
) -> tuple[Holding, set[Absent | Unreadable]]:
    """Who holds what, and the ids that name no device here.

    `replicas` are the slots on offer by device, which only the rule of that name asks for.
    """
    used: defaultdict[str, Slots] = defaultdict(lambda: defaultdict(set))
    strange: set[Absent | Unreadable] = set()
    for container in containers:
        pod = wire.Pod(container.namespace, container.pod, container.name)
        for kind, which, found in _uses(container, devices):
            if isinstance(found, Device):
                slot = ("slot", found.slot) if found.slot else (kind, which)
                used[found.uuid][slot].add(pod)
                if not devices.shows(found.uuid):
                    strange.add(Absent(found.uuid))
            elif found is not None:
                strange.add(found)
    on_offer = replicas or {}
    told = Holding(
        devices={uuid: _shared(slots, rule, on_offer.get(uuid)) for uuid, slots in used.items()},
        others=_others(strange),
        rules={uuid: f"shares_{rule}" for uuid, slots in used.items() if _is_sliced(slots)},
    )
    return told, strange


def slots_on_offer(names: Iterable[str], devices: Devices) -> dict[str, int]:
    """How many slots each shared device offers, from the ids of all that there are to give."""
    offered: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        found = devices.plain(name)
        if isinstance(found, Device) and found.slot:
            offered[found.uuid].add(found.slot)
    return {uuid: len(slots) for uuid, slots in offered.items()}


def _uses(container: Container, devices: Devices) -> Iterator[tuple[str, str, Resolved | None]]:
    for resource, name in container.devices:
        yield "whole", "", devices.given(resource, name)
    for claimed in container.claimed:
        yield "claim", claimed.claim, devices.claimed(claimed)


def _others(strange: set[Absent | Unreadable]) -> Held:
    """Who holds the devices that nobody was named for."""
    reasons = [one.reason for one in strange if isinstance(one, Unreadable)]
    return Held(wire.Unattributed(min(reasons)) if reasons else wire.Unallocated())


def _is_sliced(slots: Slots) -> bool:
    return any(kind == "slot" for kind, _ in slots)


def _shared(slots: Slots, rule: Shares, replicas: int | None) -> tuple[Held, ...]:
    if not _agree(slots):
        return _nobody("claimed_twice")
    of = len(slots)
    if rule is Shares.REPLICAS and _is_sliced(slots):
        if replicas is None or replicas < of:
            return _nobody("replicas_unknown")
        of = replicas
    users = math.lcm(*map(len, slots.values()))
    whole = of * users  # the device, in units that every share is a whole number of
    weights: defaultdict[wire.Pod, int] = defaultdict(int)
    for pods in slots.values():
        for pod in pods:
            weights[pod] += users // len(pods)
    held = [_held(pod, weights[pod], whole) for pod in sorted(weights, key=_by_name)]
    if math.lcm(*(one.den for one in held)) > wire.SHARE_MAX:
        return _nobody("shares_too_fine")
    free = whole - sum(weights.values())
    return (*held, *([_held(wire.Unallocated(), free, whole)] if free else []))


def _agree(slots: Slots) -> bool:
    """Whether these uses of one device can all be true."""
    pods = {(pod.namespace, pod.pod) for users in slots.values() for pod in users}
    if len(pods) == 1:
        return True  # an init container's device goes on to the pod's others
    kinds = {kind for kind, _ in slots}
    if kinds == {"claim"}:
        return len(slots) == 1  # one claim may serve several pods
    one_each = all(len({(p.namespace, p.pod) for p in users}) == 1 for users in slots.values())
    return kinds == {"slot"} and one_each


def _nobody(reason: str) -> tuple[Held, ...]:
    return (Held(wire.Unattributed(reason)),)


def _held(holder: wire.Holder, part: int, whole: int) -> Held:
    common = math.gcd(part, whole)
    return Held(holder, part // common, whole // common)


def _by_name(pod: wire.Pod) -> tuple[str, str, str]:
    return pod.namespace, pod.pod, pod.container
