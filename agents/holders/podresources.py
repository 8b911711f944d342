"""Decode the kubelet's answers: which pods there are, and which container has which devices.

Only the needed fields are decoded, all of them texts or messages; everything else (CPUs, memory,
topology, fields of later versions) is skipped. Malformed bytes raise ValueError.

Source: kubernetes/kubelet, pkg/apis/podresources/v1/api.proto, whose field numbers stand below;
the encoding is Protocol Buffers' (protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

_NAME_MAX = 253  # of Kubernetes; a window takes no longer text either
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BITS = 64


class ClaimedDevice(NamedTuple):
    """A device that a DRA driver prepared for a ResourceClaim, by its name at that moment."""

    claim: str  # namespace/name of the ResourceClaim
    driver: str
    device: str
    share: str  # the share's id, where claims share a device by capacity; else empty


class Container(NamedTuple):
    """A container and its devices."""

    namespace: str
    pod: str
    name: str
    devices: tuple[tuple[str, str], ...]  # resource name, device id
    claims: tuple[ClaimedDevice, ...]
    uid: str | None = None  # of the pod; the answer does not have it (agents/holders/checkpoint.py)


class Listing(NamedTuple):
    """One answer: the names of all active pods, and the containers that have devices."""

    pods: frozenset[tuple[str, str]]  # namespace, name
    containers: tuple[Container, ...]


def listing(answer: bytes) -> Listing:
    """Decode a ListPodResourcesResponse; devices come in order. Raises ValueError.

    PodResources {1 name 2 namespace 3 containers* 4 cpu_ids* 5 memory*}, ContainerResources {1 name
    2 devices* 3 cpu_ids* 4 memory* 5 dynamic_resources*}.
    """
    pods: set[tuple[str, str]] = set()
    containers: list[Container] = []
    for pod_message in _fields(answer)[1]:
        pod = _fields(pod_message)
        names = _name(pod[2]), _name(pod[1])
        pods.add(names)
        for message in pod[3]:
            container = _fields(message)
            devices = sorted(pair for part in container[2] for pair in _devices(part))
            claims = sorted(claim for part in container[5] for claim in _claims(part))
            if devices or claims:
                name = _name(container[1])
                containers.append(Container(*names, name, tuple(devices), tuple(claims)))
    return Listing(frozenset(pods), tuple(sorted(containers)))


def allocatable(answer: bytes) -> list[str]:
    """Decode the device ids of an AllocatableResourcesResponse. Raises ValueError."""
    return [device for part in _fields(answer)[1] for _, device in _devices(part)]


def _devices(message: bytes) -> Iterator[tuple[str, str]]:
    """Decode ContainerDevices {1 resource_name 2 device_ids* 3 topology}."""
    fields = _fields(message)
    resource = _text(fields[1])
    for device in fields[2]:
        yield resource, device.decode()


def _claims(message: bytes) -> Iterator[ClaimedDevice]:
    """Decode DynamicResource {2 claim_name 3 claim_namespace 4 claim_resources*}.

    Of these each is a ClaimResource {1 cdi_devices* 2 driver_name 3 pool_name 4 device_name
    5 share_id}.
    """
    fields = _fields(message)
    claim = f"{_text(fields[3])}/{_text(fields[2])}"
    for resource in fields[4]:
        parts = _fields(resource)
        yield ClaimedDevice(claim, _text(parts[2]), _text(parts[4]), _text(parts[5]))


def _text(values: list[bytes]) -> str:
    return values[-1].decode() if values else ""


def _name(values: list[bytes]) -> str:
    name = _text(values)
    if not 0 < len(name) <= _NAME_MAX:
        raise ValueError("a pod or container without a name that Kubernetes would allow")
    return name


def _fields(message: bytes) -> defaultdict[int, list[bytes]]:
    """Return the texts and messages in a message by field number, in their order."""
    fields: defaultdict[int, list[bytes]] = defaultdict(list)
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + length > len(message):
            raise ValueError("cut off")
        if kind == _BYTES:
            fields[key >> 3].append(message[at : at + length])
        at += length
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < _VARINT_BITS:
        if at >= len(message):
            raise ValueError("cut off")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004  the highest bit says that another byte follows
            return value, at
    raise ValueError("a number without an end")
