"""Objects of the API server, with the few fields that the witness reads; the rest is skipped.

Fields are those of Kubernetes' `v1` and `resource.k8s.io/v1`. A field that is absent, or null, says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Raw, Struct, field


class _Object(Struct, frozen=True, rename="camel"):
    """A part of an object."""


class Owner(_Object, frozen=True):
    """Whose pod it is; the one with `controller` manages it."""

    kind: str
    name: str
    controller: bool | None = None


class Metadata(_Object, frozen=True):
    """What every object has."""

    name: str
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    owner_references: tuple[Owner, ...] | None = None


class Resources(_Object, frozen=True):
    """What a container asks for; quantities are texts."""

    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class Container(_Object, frozen=True):
    """A container as it is asked for."""

    name: str
    resources: Resources | None = None


class ClaimUse(_Object, frozen=True):
    """A claim of the pod, by the pod's own name for it."""

    name: str
    resource_claim_name: str | None = None


class PodSpec(_Object, frozen=True):
    """What is asked for."""

    node_name: str | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] | None = None
    resource_claims: tuple[ClaimUse, ...] | None = None


class StateSpan(_Object, frozen=True):
    """When a container ran."""

    started_at: datetime | None = None
    finished_at: datetime | None = None


class State(_Object, frozen=True):
    """A container waits, runs, or has ended."""

    running: StateSpan | None = None
    terminated: StateSpan | None = None


class ContainerStatus(_Object, frozen=True):
    """A container as it is, and how it was before its last restart."""

    name: str
    state: State | None = None
    last_state: State | None = None


class ExtendedClaim(_Object, frozen=True):
    """The claim that the scheduler made for a pod's extended resources (Kubernetes 1.34 on)."""

    resource_claim_name: str = ""


class PodStatus(_Object, frozen=True):
    """How the pod is."""

    phase: str = "Unknown"
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None
    resource_claim_statuses: tuple[ClaimUse, ...] | None = None
    extended_resource_claim_status: ExtendedClaim | None = None


class PodObject(_Object, frozen=True):
    """A pod."""

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PodStatus()


class NodeStatus(_Object, frozen=True):
    """What a node offers."""

    capacity: dict[str, str] | None = None


class NodeObject(_Object, frozen=True):
    """A node."""

    metadata: Metadata
    status: NodeStatus = NodeStatus()


class AllocationResult(_Object, frozen=True):
    """A device that was given to a claim."""

    driver: str
    pool: str
    device: str
    admin_access: bool | None = None


class AllocationDevices(_Object, frozen=True):
    """The devices that were given to a claim."""

    results: tuple[AllocationResult, ...] | None = None


class Allocation(_Object, frozen=True):
    """What a claim was given."""

    devices: AllocationDevices = AllocationDevices()


class ClaimStatus(_Object, frozen=True):
    """How a claim is."""

    allocation: Allocation | None = None


class ClaimObject(_Object, frozen=True):
    """A ResourceClaim."""

    metadata: Metadata
    status: ClaimStatus = ClaimStatus()


class Attribute(_Object, frozen=True):
    """A device's attribute; of its types only texts are read."""

    string: str | None = None


class SliceDevice(_Object, frozen=True):
    """A device on offer."""

    name: str
    attributes: dict[str, Attribute] | None = None


class Pool(_Object, frozen=True):
    """To which pool the devices belong."""

    name: str


class SliceSpec(_Object, frozen=True):
    """The devices that a driver offers."""

    driver: str
    pool: Pool
    devices: tuple[SliceDevice, ...] | None = None


class SliceObject(_Object, frozen=True):
    """A ResourceSlice."""

    metadata: Metadata
    spec: SliceSpec


class ListMetadata(Struct, frozen=True):
    """Of which version a list is, and the token of its next page."""

    resource_version: str = field(default="", name="resourceVersion")
    token: str | None = field(default=None, name="continue")


class Page(Struct, frozen=True):
    """A page of a list."""

    metadata: ListMetadata
    items: tuple[Raw, ...] | None = None


class Event(Struct, frozen=True):
    """A line of a watch."""

    type: str
    object: Raw


class Status(Struct, frozen=True):
    """An error of the API server."""

    code: int = 0
    message: str = ""


class BareMetadata(Struct, frozen=True, rename="camel"):
    """The version and the identity of any object."""

    resource_version: str = ""
    uid: str = ""


class BareObject(Struct, frozen=True):
    """Any object, to read its version and identity."""

    metadata: BareMetadata


_DEVICE_CLASS = "deviceclass.resource.kubernetes.io"


def is_extended(resource: str) -> bool:
    """Return whether this names a device: an extended resource has a domain of its own.

    Devices of a class (DRA) are asked for in Kubernetes' domain.
    """
    domain, slash, _ = resource.partition("/")
    if domain == _DEVICE_CLASS:
        return True
    return bool(slash) and domain != "kubernetes.io" and not domain.endswith(".kubernetes.io")


def extended(quantities: dict[str, str] | None) -> Iterator[tuple[str, int]]:
    """Yield the extended resources, whole numbers all (the API server refuses others)."""
    for name, quantity in (quantities or {}).items():
        if is_extended(name) and (count := whole(quantity)) is not None:
            yield name, count


def whole(quantity: str) -> int | None:
    """Parse a quantity of devices; None for one that is no whole number. 1k is a thousand."""
    digits, factor = (quantity[:-1], 1000) if quantity.endswith("k") else (quantity, 1)
    return int(digits) * factor if digits.isascii() and digits.isdecimal() else None
