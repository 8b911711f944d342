"""What each cluster reports by, and how well: its billing source, agents, silence, contradictions.

One look at what a centre's operator would otherwise ask five pages for; each figure has its own
page, to which it leads. `keep_evidence` before, for the month's verdicts and grades.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.codes import WitnessVerdict
from ledger.metering.queries import nodes
from ledger.metering.queries.agents import AgentStatus, agents
from ledger.metering.queries.streams import RelayStatus, relays
from ledger.metering.queries.witnesses.evidence import evidence_sums
from ledger.metering.queries.witnesses.partitions import Partition, partitions
from ledger.metering.queries.witnesses.sightings import WITNESS
from ledger.units import beijing_day, month_of

_CLUSTERS = text("""
    SELECT k.name AS cluster, c.name AS centre, b.source, lower(b.valid) AS source_since,
           coalesce(r.required, 1) AS witnesses_required, g.gpus, g.silent,
           (SELECT count(*) FROM quarantine q
            WHERE q.cluster_id = k.id AND q.released_at IS NULL) AS windows_waiting
    FROM clusters k JOIN centres c ON c.id = k.centre_id
    LEFT JOIN billing_sources b ON b.cluster_id = k.id AND b.superseded_at IS NULL
        AND b.valid @> CAST(:today AS date)
    LEFT JOIN witness_requirements r ON r.cluster_id = k.id AND r.superseded_at IS NULL
        AND r.valid @> CAST(:today AS date)
    CROSS JOIN LATERAL (
        SELECT count(*) AS gpus, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM windows w
            WHERE w.gpu = u.gpu AND w.start >= CAST(:horizon AS timestamptz) - interval '1 hour'))
            AS silent
        FROM gpus u WHERE u.cluster_id = k.id AND u.registered_from <= :horizon
            AND (u.retired_at IS NULL OR u.retired_at > :horizon)
    ) g
    WHERE CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre
    ORDER BY k.name
""")


@dataclass(frozen=True)
class ClusterSources:
    """What a cluster reports by now, and what of its month is proved how well.

    `gpus_silent` are registered GPUs without a window in the hour before the horizon; of a cluster
    of jobs every one is. `partitions` are Slurm's, by sinfo, and the cluster as a whole. Verdicts
    and grades are device-milliseconds of the month; '' stands for
    what has no grade.
    """

    cluster: str
    centre: str
    source: str | None
    source_since: date | None
    witnesses_required: int
    agents: tuple[AgentStatus, ...]
    relays: tuple[RelayStatus, ...]
    partitions: tuple[Partition, ...]
    gpus: int
    gpus_silent: int
    windows_waiting: int
    month: date
    verdicts: dict[str, Fraction] = field(default_factory=dict)
    grades: dict[str, Fraction] = field(default_factory=dict)

    @property
    def witnesses(self) -> tuple[AgentStatus, ...]:
        """The agents that watch the API server and bill nothing."""
        return tuple(agent for agent in self.agents if agent.source == WITNESS)

    @property
    def reporters(self) -> tuple[AgentStatus, ...]:
        """The agents that meter."""
        return tuple(agent for agent in self.agents if agent.source != WITNESS)

    @property
    def contradicted_ms(self) -> Fraction:
        """What of the month a witness contradicts."""
        return self.verdicts.get(WitnessVerdict.CONTRADICTING, Fraction(0))


def cluster_sources(db: Session, centre: int | None, now: datetime) -> list[ClusterSources]:
    """Return the clusters of a centre, or of all, by name, with the current month's evidence."""
    month = month_of(beijing_day(now))
    every_agent = [agent for agent in agents(db, centre) if agent.revoked_at is None]
    every_relay = relays(db, centre, now)
    every_partition = partitions(db, centre)
    sums = evidence_sums(db, month, centre=centre)
    values = {"centre": centre, "today": beijing_day(now), "horizon": nodes.horizon(now)}
    return [
        ClusterSources(
            row.cluster,
            row.centre,
            row.source,
            row.source_since,
            row.witnesses_required,
            tuple(agent for agent in every_agent if agent.cluster == row.cluster),
            tuple(relay for relay in every_relay if relay.cluster == row.cluster),
            tuple(part for part in every_partition if part.cluster == row.cluster),
            row.gpus,
            row.silent,
            row.windows_waiting,
            month,
            _sums((s.verdict, s.device_ms) for s in sums if s.cluster == row.cluster),
            _sums((s.grade or "", s.device_ms) for s in sums if s.cluster == row.cluster),
        )
        for row in db.execute(_CLUSTERS, values)
    ]


def _sums(parts: Iterable[tuple[str, Fraction]]) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for name, device_ms in parts:
        sums[name] = sums.get(name, Fraction(0)) + device_ms
    return dict(sorted(sums.items()))
