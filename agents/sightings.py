"""What is seen besides use: pods, nodes, when the witness watched; Slurm's partitions.

A sighting is an absolute fact, as the API server told it, and replaces the one before it under the
same key (`key`). Only pods that ask for devices are reported. What the witness missed it does not
know: outside a `Watch` it was blind, and nobody may conclude that a pod was not there.

A Slurm agent says how many GPUs the partitions have, by `sinfo`; it bounds what jobs can have held.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from agents.values import YEARS, Aware, Count, Frozen, Text

ITEMS_MAX = 200  # labels, requests, claimed devices, container runs: of one sighting each
KEY_MAX = 320  # characters: a label's key is a domain of 253, a slash, and a name of 63

Key = Annotated[str, Meta(min_length=1, max_length=KEY_MAX)]


class Phase(StrEnum):
    """The phase of a pod, as Kubernetes names it."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


Labels = Annotated[dict[Key, Annotated[str, Meta(max_length=KEY_MAX)]], Meta(max_length=ITEMS_MAX)]
Amounts = Annotated[dict[Key, Count], Meta(max_length=ITEMS_MAX)]


class Run(Frozen, frozen=True):
    """When a container ran, by the kubelet's clock; `end` is null while it runs or restarts."""

    container: Text
    start: Aware
    end: Aware | None = None


class ClaimDevice(Frozen, frozen=True):
    """A device that a ResourceClaim of the pod was given; an admin's access is no use."""

    driver: Text
    pool: Text
    device: Text
    uuid: Text | None = None  # by the ResourceSlice that offers it
    admin: bool = False


class PodSighting(Frozen, frozen=True, tag_field="kind", tag="pod"):
    """A pod that asks for devices, as it was at `seen_at`; at `gone_at` it was there no more."""

    uid: Text
    namespace: Text
    name: Text
    phase: Phase
    created_at: Aware
    seen_at: Aware
    node: Text | None = None
    owner: Key | None = None  # Kind/name of its controller
    labels: Labels = {}
    requests: Amounts = {}  # extended resources, all containers together
    devices: Annotated[tuple[ClaimDevice, ...], Meta(max_length=ITEMS_MAX)] = ()
    runs: Annotated[tuple[Run, ...], Meta(max_length=ITEMS_MAX)] = ()
    gone_at: Aware | None = None


class NodeSighting(Frozen, frozen=True, tag_field="kind", tag="node"):
    """A node as it was at `seen_at`; `capacity` is of extended resources."""

    uid: Text
    name: Text
    seen_at: Aware
    labels: Labels = {}
    capacity: Amounts = {}
    gone_at: Aware | None = None


class Watch(Frozen, frozen=True, tag_field="kind", tag="watch"):
    """The witness missed no change from `since` to `until`; it saw every pod again since then."""

    since: Aware
    until: Aware


class Partitions(Frozen, frozen=True, tag_field="kind", tag="partitions"):
    """Whole GPUs of each Slurm partition; `gpus` of all nodes together, each counted once."""

    seen_at: Aware
    gpus: Count
    partitions: Amounts = {}


Sighting = PodSighting | NodeSighting | Watch | Partitions


def key(sighting: Sighting) -> str:
    """Return the key under which a later sighting replaces this one."""
    match sighting:
        case Watch(since):
            return f"watch/{since.astimezone(UTC).isoformat()}"
        case PodSighting(uid):
            return f"pod/{uid}"
        case NodeSighting(uid):
            return f"node/{uid}"
        case Partitions():
            return "partitions"


def at(sighting: Sighting) -> datetime:
    """Return the moment of which the sighting speaks."""
    return sighting.until if isinstance(sighting, Watch) else sighting.seen_at


def faults(sighting: Sighting) -> list[str]:
    """Return what is wrong with one sighting; an empty list if it may be kept."""
    spans = [(sighting.since, sighting.until)] if isinstance(sighting, Watch) else []
    if isinstance(sighting, PodSighting):
        spans += [(run.start, run.end or run.start) for run in sighting.runs]
        spans.append((sighting.created_at, sighting.created_at))
    if isinstance(sighting, Partitions):
        spans.append((sighting.seen_at, sighting.seen_at))
    elif not isinstance(sighting, Watch):
        spans.append((sighting.seen_at, sighting.gone_at or sighting.seen_at))
    years = {moment.year for span in spans for moment in span}
    if out := sorted(year for year in years if year not in YEARS):
        return [f"the year {out[0]} is out of range"]
    return [f"{low.isoformat()}..{high.isoformat()} runs backwards" for low, high in spans
            if high < low]  # fmt: skip
