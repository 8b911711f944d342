"""What the clusters' witnesses saw, kept as they say it (`evidence.py` compares it)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from ledger.metering.queries.windows import Raw

WITNESS = "witness"
"""The source of an agent that watches the API server; it bills nothing."""


class KeptSighting(Struct, frozen=True, gc=False):
    """A sighting as it is kept: of which moment it speaks, and the wire's JSON.

    Slurm's partitions are told by a Slurm agent, everything else by a witness.
    """

    at: datetime
    body: bytes
    is_slurm: bool = False


def keep_sightings(raw: Raw, agent: UUID, sightings: Sequence[KeptSighting]) -> int:
    """Store what is newer than what is kept, and return how many were."""
    if not sightings:
        return 0
    bodies = [s.body.decode() for s in sorted(sightings, key=lambda s: s.at)]
    row = raw.execute("SELECT keep_sightings(%s, %s::jsonb[])", (agent, bodies)).fetchone()
    return int(row[0]) if row else 0
