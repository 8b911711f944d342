"""How many GPUs Slurm's partitions have, as their agents say by `sinfo`, day by day.

A bound and no proof: it is the word of the agent that tells of the jobs too.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.windows import Raw
from ledger.metering.queries.witnesses.sightings import KeptSighting
from ledger.units import beijing_day

SLURM = "slurm"
"""The source of an agent that reads Slurm's accounting."""

WHOLE = ""
"""The name of all partitions together, each node counted once."""

_NEWEST = text("""
    SELECT c.name AS cluster, p.partition, p.gpus, p.day
    FROM partition_gpus p JOIN agents a ON a.id = p.agent_id JOIN clusters c ON c.id = a.cluster_id
    WHERE a.revoked_at IS NULL AND a.approved_at IS NOT NULL
        AND p.day = (SELECT max(n.day) FROM partition_gpus n WHERE n.agent_id = p.agent_id)
        AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
    ORDER BY c.name, p.partition
""")


class Partition(NamedTuple):
    """A partition's GPUs on the last day that was told of it; `name` is "" for the cluster."""

    cluster: str
    name: str
    gpus: int
    day: date


def keep_partitions(raw: Raw, agent: UUID, sightings: Sequence[KeptSighting]) -> int:
    """Store the most that each partition had on a day, and return how many sightings there were."""
    for sighting in sightings:
        content = json.loads(sighting.body)
        gpus: dict[str, int] = {**content.get("partitions", {}), WHOLE: content["gpus"]}
        raw.execute(
            "INSERT INTO partition_gpus AS p (agent_id, day, partition, gpus)"
            " SELECT %s, %s, name, gpus FROM unnest(%s::text[], %s::bigint[]) told (name, gpus)"
            " ON CONFLICT (agent_id, day, partition) DO UPDATE SET gpus = excluded.gpus"
            " WHERE p.gpus < excluded.gpus",
            (agent, beijing_day(sighting.at), list(gpus), list(gpus.values())),
        )
    return len(sightings)


def partitions(db: Session, centre: int | None) -> list[Partition]:
    """Return what was told last of the clusters of a centre, or of all, by name."""
    return [Partition(*row) for row in db.execute(_NEWEST, {"centre": centre})]
