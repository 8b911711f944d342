"""Read objects of the API server as sightings; pure.

A pod's containers run from their first start that is known until the kubelet says that they have
ended. One that waits to be started again has not ended: it keeps its devices meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from agents.sightings import ClaimDevice, NodeSighting, Phase, PodSighting, Run
from agents.witness.objects import (
    ClaimObject,
    Container,
    ContainerStatus,
    NodeObject,
    PodObject,
    SliceObject,
    extended,
)

UUID_ATTRIBUTES = ("uuid", "gpu.nvidia.com/uuid")
DeviceName = tuple[str, str, str]  # driver, pool, device


def pod_sighting(
    pod: PodObject, labels: Collection[str], now: datetime, *, is_gone: bool = False
) -> PodSighting:
    """Read a pod, without the devices of its claims."""
    about = pod.metadata
    statuses = (
        *(pod.status.init_container_statuses or ()),
        *(pod.status.container_statuses or ()),
    )
    phases = set(Phase)
    return PodSighting(
        uid=about.uid,
        namespace=about.namespace,
        name=about.name,
        phase=Phase(pod.status.phase) if pod.status.phase in phases else Phase.UNKNOWN,
        created_at=about.creation_timestamp or now,
        seen_at=now,
        node=pod.spec.node_name,
        owner=next(
            (f"{o.kind}/{o.name}" for o in about.owner_references or () if o.controller), None
        ),
        labels=_pick(about.labels, labels),
        requests=_requests(pod),
        runs=tuple(run for status in statuses if (run := _run(status)) is not None),
        gone_at=now if is_gone else None,
    )


def asks_for_devices(pod: PodObject) -> bool:
    """Return whether the pod asks for an extended resource or has a claim."""
    return bool(pod.spec.resource_claims) or bool(_requests(pod))


def claim_names(pod: PodObject) -> tuple[str, ...]:
    """Return the ResourceClaims of a pod: named by it, or made for it.

    They are made from a template, or by the scheduler for its extended resources.
    """
    statuses = pod.status.resource_claim_statuses or ()
    by_template = {use.name: use.resource_claim_name for use in statuses}
    names = (
        use.resource_claim_name or by_template.get(use.name)
        for use in pod.spec.resource_claims or ()
    )
    extended_claim = pod.status.extended_resource_claim_status
    made = extended_claim.resource_claim_name if extended_claim else ""
    return tuple(name for name in (*names, made) if name)


def claim_devices(claim: ClaimObject) -> tuple[ClaimDevice, ...]:
    """Read the devices that a claim was given."""
    allocation = claim.status.allocation
    results = allocation.devices.results if allocation else None
    return tuple(
        ClaimDevice(r.driver, r.pool, r.device, admin=bool(r.admin_access)) for r in results or ()
    )


def device_uuids(offer: SliceObject) -> Mapping[DeviceName, str]:
    """Read the UUIDs of the devices that a slice offers."""
    spec = offer.spec
    return {
        (spec.driver, spec.pool.name, device.name): attribute.string
        for device in spec.devices or ()
        for name in UUID_ATTRIBUTES
        if (attribute := (device.attributes or {}).get(name)) is not None and attribute.string
    }


def node_sighting(
    node: NodeObject, labels: Collection[str], now: datetime, *, is_gone: bool = False
) -> NodeSighting:
    """Read a node."""
    return NodeSighting(
        uid=node.metadata.uid,
        name=node.metadata.name,
        seen_at=now,
        labels=_pick(node.metadata.labels, labels),
        capacity=dict(sorted(extended(node.status.capacity))),
        gone_at=now if is_gone else None,
    )


def _pick(labels: Mapping[str, str] | None, names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in sorted((labels or {}).items()) if name in names}


def _requests(pod: PodObject) -> dict[str, int]:
    """Add up the containers; an init container runs before them, so the larger counts."""
    together: Counter[str] = Counter()
    for container in pod.spec.containers:
        together.update(dict(_asks(container)))
    for container in pod.spec.init_containers or ():
        for name, count in _asks(container):
            together[name] = max(together[name], count)
    return {name: count for name, count in sorted(together.items()) if count}


def _asks(container: Container) -> Iterable[tuple[str, int]]:
    resources = container.resources
    if resources is None:
        return ()
    return {**dict(extended(resources.limits)), **dict(extended(resources.requests))}.items()


def _run(status: ContainerStatus) -> Run | None:
    states = [state for state in (status.last_state, status.state) if state is not None]
    spans = [span for state in states for span in (state.running, state.terminated) if span]
    starts = [span.started_at for span in spans if span.started_at is not None]
    if not starts:
        return None
    current = status.state.terminated if status.state else None
    start, end = min(starts), current.finished_at if current else None
    return Run(status.name, start, None if end is None else max(end, start))
