"""What the clusters' witnesses saw: kept as they say it, and compared with what was metered.

The comparison is read from a node's windows of one Beijing day whenever it is asked for, so that
what came late counts. A witness that the bureau has not approved is not heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.windows import Raw
from ledger.metering.rules.witness import Hold, PodTimes, Verdict, WitnessView, compare
from ledger.units import midnight

WITNESS = "witness"
"""The source of an agent that watches the API server; it bills nothing."""


class KeptSighting(Struct, frozen=True, gc=False):
    """A sighting as it is kept: of which moment it speaks, and the wire's JSON."""

    at: datetime
    body: bytes


def keep_sightings(raw: Raw, agent: UUID, sightings: Sequence[KeptSighting]) -> int:
    """Store what is newer than what is kept, and return how many were."""
    if not sightings:
        return 0
    bodies = [s.body.decode() for s in sorted(sightings, key=lambda s: s.at)]
    row = raw.execute("SELECT keep_sightings(%s, %s::jsonb[])", (agent, bodies)).fetchone()
    return int(row[0]) if row else 0


HOLDS_MAX = 2_000
"""So many stretches of pods one comparison reads: of a node and a day."""

# Stretches in which one pod held one device, from the windows' parts, joined where they touch.
_HOLDS = text("""
    WITH parts AS (
        SELECT w.gpu, coalesce(p -> 'mig' ->> 'uuid', '') AS device, h ->> 'namespace' AS namespace,
               h ->> 'pod' AS pod, coalesce(h ->> 'uid', '') AS uid,
               w.start + (p ->> 'from_ms')::bigint * interval '1 millisecond' AS low,
               w.start + (p ->> 'to_ms')::bigint * interval '1 millisecond' AS high
        FROM gpus g CROSS JOIN LATERAL (
            SELECT gpu, start, body FROM windows WHERE gpu = g.gpu AND start >= :since
                AND start < :until AND cluster_id = :cluster
        ) w CROSS JOIN LATERAL jsonb_array_elements(w.body -> 'parts') p
        CROSS JOIN LATERAL (SELECT p -> 'holder' AS h) holders
        WHERE g.cluster_id = :cluster AND g.node = :node AND h ->> 'kind' = 'pod'
    ), begun AS (
        SELECT *, (max(high) OVER (PARTITION BY gpu, device, namespace, pod, uid ORDER BY low, high
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) >= low) IS NOT TRUE AS new
        FROM parts
    ), runs AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY gpu, device, namespace, pod, uid
                                                    ORDER BY low, high) AS run
        FROM begun
    )
    SELECT gpu, namespace, pod, uid, min(low) AS low, max(high) AS high
    FROM runs GROUP BY gpu, device, namespace, pod, uid, run
    ORDER BY gpu, device, min(low), namespace, pod, uid LIMIT :limit
""")

_WITNESSES = text("""
    SELECT a.id, coalesce(array_agg(w.since ORDER BY w.since) FILTER (WHERE w.since IS NOT NULL),
                          '{}') AS since,
           coalesce(array_agg(w.until ORDER BY w.since) FILTER (WHERE w.since IS NOT NULL),
                    '{}') AS until
    FROM agents a LEFT JOIN witness_watches w ON w.agent_id = a.id AND (w.until >= :since
        OR w.until = (SELECT max(until) FROM witness_watches WHERE agent_id = a.id))
    WHERE a.cluster_id = :cluster AND a.source = 'witness' AND a.approved_at IS NOT NULL
    GROUP BY a.id ORDER BY a.id
""")

_PODS = text("""
    SELECT p.uid, p.namespace, p.pod, p.node, p.started_at, p.ended_at, p.seen_at, p.gone_at,
           p.body ? 'devices' AND NOT p.body ? 'requests' AND NOT EXISTS (
               SELECT FROM jsonb_array_elements(p.body -> 'devices') d
               WHERE NOT coalesce((d ->> 'admin')::boolean, false)) AS is_admin
    FROM witness_pods p
    JOIN (SELECT DISTINCT namespace, pod
          FROM unnest(CAST(:namespaces AS text[]), CAST(:pods AS text[])) AS u(namespace, pod)) u
        USING (namespace, pod)
    WHERE p.agent_id = :agent ORDER BY p.uid
""")


@dataclass(frozen=True)
class Comparison:
    """A stretch of a pod on a device, and what the witnesses say to it; the length in ms."""

    hold: Hold
    verdict: Verdict

    @property
    def length_ms(self) -> int:
        """Milliseconds."""
        return (self.verdict.high - self.verdict.low) // timedelta(milliseconds=1)


def comparisons(db: Session, cluster: int, node: str, day: date) -> list[Comparison]:
    """Compare what was metered of a node's pods on a Beijing day with what witnesses saw."""
    place = {"cluster": cluster, "since": midnight(day), "until": midnight(day + timedelta(days=1))}
    rows = db.execute(_HOLDS, {**place, "node": node, "limit": HOLDS_MAX}).all()
    holds = [
        Hold(row.gpu, node, row.namespace, row.pod, row.uid or None, row.low, row.high)
        for row in rows
    ]
    witnesses = db.execute(_WITNESSES, {"cluster": cluster, "since": place["since"]}).all()
    views = [
        WitnessView(list(zip(row.since, row.until, strict=True)), _pods_seen(db, row.id, holds))
        for row in witnesses
    ]
    return [Comparison(hold, verdict) for hold in holds for verdict in compare(hold, views)]


def _pods_seen(db: Session, agent: UUID, holds: Sequence[Hold]) -> list[PodTimes]:
    names = {
        "namespaces": [hold.namespace for hold in holds],
        "pods": [hold.pod for hold in holds],
    }
    return [PodTimes(*row) for row in db.execute(_PODS, {"agent": agent, **names})]
