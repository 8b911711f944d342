"""The kubelet's answers, read straight from their bytes: which container was given what.

Only the few fields that are needed are read, and all of them are texts or messages; everything
else (CPUs, memory, topology, fields of later versions) is skipped. Bytes that are no such message
are a ValueError.

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


class Claimed(NamedTuple):
    """A device that a DRA driver prepared for a ResourceClaim, by the name of that moment."""

    claim: str  # namespace/name of the ResourceClaim
    driver: str
    device: str
    share: str  # the share's id, where claims share a device by capacity; else empty


class Container(NamedTuple):
    """A container, and what the kubelet gave it."""

    namespace: str
    pod: str
    name: str
    devices: tuple[tuple[str, str], ...]  # resource name, device id
    claimed: tuple[Claimed, ...]


def containers(answer: bytes) -> list[Container]:
    """The containers of a ListPodResourcesResponse that were given devices. Raises ValueError.

    PodResources {1 name 2 namespace 3 containers* 4 cpu_ids* 5 memory*}, ContainerResources {1 name
    2 devices* 3 cpu_ids* 4 memory* 5 dynamic_resources*}.
    """
    found: list[Container] = []
    for pod_message in _fields(answer)[1]:
        pod = _fields(pod_message)
        for message in pod[3]:
            given = _fields(message)
            devices = tuple(pair for each in given[2] for pair in _devices(each))
            claimed = tuple(one for each in given[5] for one in _claimed(each))
            if devices or claimed:
                names = _name(pod[2]), _name(pod[1]), _name(given[1])
                found.append(Container(*names, devices, claimed))
    return found


def allocatable(answer: bytes) -> list[str]:
    """The device ids of an AllocatableResourcesResponse. Raises ValueError."""
    return [device for each in _fields(answer)[1] for _, device in _devices(each)]


def _devices(message: bytes) -> Iterator[tuple[str, str]]:
    """ContainerDevices {1 resource_name 2 device_ids* 3 topology}."""
    given = _fields(message)
    resource = _text(given[1])
    for device in given[2]:
        yield resource, device.decode()


def _claimed(message: bytes) -> Iterator[Claimed]:
    """DynamicResource {2 claim_name 3 claim_namespace 4 claim_resources*}.

    Of these each is a ClaimResource {1 cdi_devices* 2 driver_name 3 pool_name 4 device_name
    5 share_id}.
    """
    given = _fields(message)
    claim = f"{_text(given[3])}/{_text(given[2])}"
    for resource in given[4]:
        parts = _fields(resource)
        yield Claimed(claim, _text(parts[2]), _text(parts[4]), _text(parts[5]))


def _text(values: list[bytes]) -> str:
    return values[-1].decode() if values else ""


def _name(values: list[bytes]) -> str:
    name = _text(values)
    if not 0 < len(name) <= _NAME_MAX:
        raise ValueError("a pod or container without a name that Kubernetes would allow")
    return name


def _fields(message: bytes) -> defaultdict[int, list[bytes]]:
    """The texts and messages in a message, by field number, in their order."""
    found: defaultdict[int, list[bytes]] = defaultdict(list)
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
            found[key >> 3].append(message[at : at + length])
        at += length
    return found


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
