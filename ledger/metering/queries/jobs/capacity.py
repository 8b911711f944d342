"""Usage from jobs beside the capacity that is proved: registered GPUs, or what two persons stated.

A job source knows no GPU, so its word alone could bill any number of them. A day of a cluster on
which its jobs held more than its capacity could give is not proved. Nor is a day on which they held
more than `sinfo` says that there is, of the cluster or of a partition: a bound below the proved
capacity, for what an agent says of itself proves nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.metering.codes import CapacityBasis
from ledger.metering.queries.witnesses.partitions import WHOLE

DAY_MS = 86_400_000

# Of days that are well within their bounds nothing is read; whether the others are beyond them is
# told exactly, from fractions (`_of_day`): a sum of quotients may be wrong by less than one.
_JOB_DAYS = text(f"""
    WITH months AS (
        SELECT CAST(:month AS date) AS first,
               (CAST(:month AS date) + interval '1 month')::date AS next
    ), held AS (
        SELECT t.cluster_id, c.name AS cluster, t.day, t.partition, t.den, sum(t.held) AS held,
               coalesce(sum(t.held) FILTER (WHERE t.mig_profile = ''), 0) AS of_whole
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
        GROUP BY t.cluster_id, c.name, t.day, t.partition, t.den
    ), bounded AS (
        SELECT h.*, (
            SELECT count(*)::integer FROM gpus g WHERE g.cluster_id = h.cluster_id
                AND g.registered_from < (h.day + 1)::timestamp AT TIME ZONE interval '+08:00'
                AND (g.retired_at IS NULL
                     OR g.retired_at > h.day::timestamp AT TIME ZONE interval '+08:00')
        ) AS registered, (
            SELECT a.gpus FROM capacities a
            WHERE a.cluster_id = h.cluster_id AND a.valid @> h.day ORDER BY a.id DESC LIMIT 1
        ) AS stated, (
            SELECT jsonb_object_agg(partition, gpus) FROM (
                SELECT p.partition, max(p.gpus) AS gpus
                FROM partition_gpus p JOIN agents a ON a.id = p.agent_id
                WHERE a.cluster_id = h.cluster_id AND p.day = h.day AND a.approved_at IS NOT NULL
                GROUP BY p.partition) most
        ) AS by_sinfo
        FROM held h
    ), near AS (
        SELECT b.*, greatest(
            sum(held / den::numeric) OVER day - {DAY_MS} * greatest(registered, stated)::bigint,
            sum(of_whole / den::numeric) OVER day - {DAY_MS} * (by_sinfo ->> '{WHOLE}')::bigint,
            sum(of_whole / den::numeric) OVER one - {DAY_MS} * (by_sinfo ->> partition)::bigint
        ) AS beyond
        FROM bounded b
        WINDOW day AS (PARTITION BY cluster_id, day),
            one AS (PARTITION BY cluster_id, day, partition)
    )
    SELECT cluster, day, partition, den, held, of_whole, registered, stated, by_sinfo
    FROM (SELECT n.*, max(beyond) OVER (PARTITION BY cluster_id, day) AS most FROM near n) n
    WHERE most > -1
    ORDER BY day DESC, cluster, partition, den
""")
_STATE = text("""
    INSERT INTO capacities (cluster_id, gpus, valid, evidence, decision_id)
    VALUES (:cluster, :gpus, daterange(:since, :until, '[]'), :evidence, :decision)
""")


@dataclass(frozen=True)
class UnprovedDay:
    """A day on which jobs held more than there can be: `gpus` is the capacity, `basis` who says so.

    Of one partition where `partition` is not empty.
    """

    cluster: str
    day: date
    partition: str
    basis: CapacityBasis
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
    rows = db.execute(_JOB_DAYS, values)
    return [
        unproved
        for (cluster, day), group in groupby(rows, key=lambda r: (r.cluster, r.day))
        for unproved in _of_day(cluster, day, list(group))
    ]


def _of_day(cluster: str, day: date, rows: Sequence[Row[Any]]) -> Iterator[UnprovedDay]:
    by_registry, by_decision = rows[0].registered, rows[0].stated or 0
    by_sinfo: dict[str, int] = rows[0].by_sinfo or {}
    basis = CapacityBasis.DECISION if by_decision > by_registry else CapacityBasis.REGISTRY
    bounds = [(WHOLE, basis, max(by_registry, by_decision), _sum(rows, "held"))]
    if WHOLE in by_sinfo:
        bounds.append((WHOLE, CapacityBasis.SINFO, by_sinfo[WHOLE], _sum(rows, "of_whole")))
    for partition, of_one in groupby(rows, key=lambda r: r.partition):
        if partition and partition in by_sinfo:
            device_ms = _sum(list(of_one), "of_whole")
            bounds.append((partition, CapacityBasis.SINFO, by_sinfo[partition], device_ms))
    for partition, basis, gpus, device_ms in bounds:
        if device_ms > gpus * DAY_MS:
            yield UnprovedDay(cluster, day, partition, basis, gpus, device_ms)


def _sum(rows: Sequence[Row[Any]], column: str) -> Fraction:
    return sum((Fraction(int(getattr(r, column)), r.den) for r in rows), Fraction(0))


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
