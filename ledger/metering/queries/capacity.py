"""Usage from jobs beside the capacity that is proved: registered GPUs, or what two persons stated.

A job source knows no GPU, so its word alone could bill any number of them. A day of a cluster on
which its jobs held more than its capacity could give is not proved.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

from sqlalchemy import text
from sqlmodel import Session

DAY_MS = 86_400_000

_JOB_DAYS = text("""
    WITH months AS (
        SELECT CAST(:month AS date) AS first,
               (CAST(:month AS date) + interval '1 month')::date AS next
    ), held AS (
        SELECT t.cluster_id, c.name AS cluster, t.day, t.den, sum(t.held) AS held
        FROM day_totals t
        JOIN clusters c ON c.id = t.cluster_id
        JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
            AND s.valid @> t.day AND s.superseded_at IS NULL
        CROSS JOIN months m
        WHERE s.source IN ('slurm', 'import') AND t.holder_kind <> 'unallocated'
            AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
            AND (m.first IS NULL OR (t.day >= m.first AND t.day < m.next))
            AND (CAST(:contract AS bigint) IS NULL OR EXISTS (
                SELECT FROM contracts k
                JOIN bindings b ON b.project_id = k.project_id AND b.superseded_at IS NULL
                WHERE k.id = :contract AND k.centre_id = c.centre_id AND k.valid @> t.day
                    AND b.cluster_id = t.cluster_id AND b.valid @> t.day))
        GROUP BY t.cluster_id, c.name, t.day, t.den
    )
    SELECT h.cluster, h.day, h.den, h.held, (
        SELECT count(*)::integer FROM gpus g WHERE g.cluster_id = h.cluster_id
            AND g.registered_from < (h.day + 1)::timestamp AT TIME ZONE interval '+08:00'
            AND (g.retired_at IS NULL
                 OR g.retired_at > h.day::timestamp AT TIME ZONE interval '+08:00')
    ) AS registered, (
        SELECT a.gpus FROM capacities a WHERE a.cluster_id = h.cluster_id AND a.valid @> h.day
        ORDER BY a.id DESC LIMIT 1
    ) AS stated
    FROM held h ORDER BY h.day DESC, h.cluster, h.den
""")
_STATE = text("""
    INSERT INTO capacities (cluster_id, gpus, valid, evidence, decision_id)
    VALUES (:cluster, :gpus, daterange(:since, :until, '[]'), :evidence, :decision)
""")


@dataclass(frozen=True)
class UnprovedDay:
    """A day on which jobs held more than a cluster's GPUs could give: `gpus` is its capacity."""

    cluster: str
    day: date
    gpus: int
    device_ms: Fraction


def unproved_days(
    db: Session,
    *,
    centre: int | None = None,
    contract: int | None = None,
    month: date | None = None,
) -> list[UnprovedDay]:
    """Return the days whose job usage no capacity proves, newest first.

    Of a centre, of the clusters that a contract's project uses, or of all; of a month or ever. The
    latest statement of a day's capacity stands beside its registered GPUs, and the larger counts.
    """
    values = {"centre": centre, "contract": contract, "month": month}
    days = []
    rows = db.execute(_JOB_DAYS, values)
    for (cluster, day), group in groupby(rows, key=lambda r: (r.cluster, r.day)):
        parts = list(group)
        gpus = max(parts[0].registered, parts[0].stated or 0)
        device_ms = sum((Fraction(int(r.held), r.den) for r in parts), Fraction(0))
        if device_ms > gpus * DAY_MS:
            days.append(UnprovedDay(cluster, day, gpus, device_ms))
    return days


def record_capacity(
    db: Session,
    *,
    cluster: int,
    gpus: int,
    since: date,
    until: date | None,
    evidence: str,
    decision: int,
) -> None:
    """Write a capacity that a confirmed decision states."""
    db.execute(
        _STATE,
        {
            "cluster": cluster, "gpus": gpus, "since": since, "until": until,
            "evidence": evidence, "decision": decision,
        },
    )  # fmt: skip
