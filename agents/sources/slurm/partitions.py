"""How many GPUs each partition has, as `sinfo` says, and how many its jobs held at once.

A node may be in several partitions, and its GPUs are counted in each; of the cluster, once. Slices
are no GPUs, and are counted nowhere here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from agents.sightings import ITEMS_MAX, Partitions
from agents.sources.slurm.fault import BadCell
from agents.sources.slurm.times import moment_ms
from agents.sources.slurm.tres import devices

SINFO = ("sinfo", "-h", "-N", "-o", "%R|%N|%G")
SACCT = ("sacct", "-aXDnP", "-S", "now-1days", "--format=Partition,Submit,Start,End,AllocTRES")
_GPUS = re.compile(r"\bgpu(?::([^:(),\s]+))?:(\d{1,6})(?=[(,]|$)", re.ASCII)
_SLICE = re.compile(r"\d+g\.\d+gb", re.ASCII)

Nodes = Mapping[str, Mapping[str, int]]
"""GPUs of each node, by partition."""


def nodes_of(text: str) -> Nodes:
    """Read what `SINFO` prints; a node without GPUs has none, and other lines are left out."""
    partitions: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in text.splitlines():
        partition, _, rest = line.partition("|")
        node, bar, gres = rest.partition("|")
        if bar and partition and node:
            counts = [int(n) for kind, n in _GPUS.findall(gres) if not _SLICE.search(kind)]
            partitions[partition][node] = sum(counts)
    return dict(partitions)


def sighting_of(nodes: Nodes, seen_at: datetime) -> Partitions:
    """Return what the server is told; of more partitions than it takes, the first by name."""
    names = sorted(nodes)[:ITEMS_MAX]
    every_node = {node: n for of_one in nodes.values() for node, n in of_one.items()}
    return Partitions(
        seen_at, sum(every_node.values()), {name: sum(nodes[name].values()) for name in names}
    )


def peaks_of(text: str) -> dict[str, int]:
    """Return by partition how many GPUs jobs held at once, of what `SACCT` prints.

    Rows that say nothing of GPUs yet, or cannot be read, are left out.
    """
    steps: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in text.splitlines():
        cells = line.split("|")
        try:
            partition, submit, start, end, tres = cells
            kinds = devices(tres) or ()
            times = [moment_ms("Start", cell, UTC) for cell in (submit, start)]
            until = moment_ms("End", end, UTC)
        except (ValueError, BadCell):
            continue
        since = max((time for time in times if time is not None), default=None)
        if times[1] is None or since is None:
            continue
        count = sum(kind.count for kind in kinds if kind.mig_profile is None)
        steps[partition] += [(since, count)] if until is None else [(since, count), (until, -count)]
    return {partition: _highest(of_one) for partition, of_one in steps.items()}


def _highest(steps: Iterable[tuple[int, int]]) -> int:
    """Return the highest sum on the way; who leaves at a second leaves before who comes."""
    level = highest = 0
    for _, step in sorted(steps):
        level += step
        highest = max(highest, level)
    return highest
