"""What one would raise an alarm about, in figures: who reports, what waits, and since when.

Everything is read from small tables, indexes and day totals; what could be long is counted up to
`COUNTED` only. Hours without an owner are those of this month and the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.desk.queries import queues
from ledger.desk.queries.queues import Queue
from ledger.metering.queries.nodes import horizon
from ledger.metering.queries.streams import RelayStatus, relays
from ledger.reconciliation.queries import months
from ledger.units import beijing_day, midnight, month_of

COUNTED = 10_000
LATE = timedelta(minutes=5)

# Of several agents of a node, as after a reinstallation, the one heard last speaks for it.
_REPORTS = text("""
    SELECT cluster, source, count(*) AS nodes,
           count(*) FILTER (WHERE heard_at IS NULL OR heard_at < :late_before) AS late,
           extract(epoch FROM :now - min(heard_at)) AS lag_s
    FROM (
        SELECT c.name AS cluster, a.source, a.node, max(s.received_at) AS heard_at
        FROM agents a JOIN clusters c ON c.id = a.cluster_id
        LEFT JOIN (
            SELECT agent_id, max(received_at) AS received_at FROM streams GROUP BY agent_id
        ) s ON s.agent_id = a.id
        WHERE a.revoked_at IS NULL AND a.approved_at IS NOT NULL
        GROUP BY c.name, a.source, a.node
    ) nodes GROUP BY cluster, source ORDER BY cluster, source
""")
_UNAPPROVED = text("""
    SELECT c.name AS cluster, count(*) AS agents
    FROM agents a JOIN clusters c ON c.id = a.cluster_id
    WHERE a.approved_at IS NULL AND a.revoked_at IS NULL GROUP BY c.name ORDER BY c.name
""")
# Of clusters whose billing source looks at GPUs; one that reports jobs says nothing of them.
_GPUS = text("""
    SELECT c.name AS cluster, count(*) AS registered, count(*) FILTER (WHERE NOT EXISTS (
               SELECT FROM windows w WHERE w.gpu = g.gpu AND w.start >= :since AND w.start < :until
                   AND jsonb_array_length(w.body -> 'parts') > 0)) AS silent
    FROM gpus g JOIN clusters c ON c.id = g.cluster_id
    JOIN billing_sources b ON b.cluster_id = c.id AND b.valid @> CAST(:today AS date)
        AND b.superseded_at IS NULL AND b.source IN ('nvml', 'dcgm')
    WHERE g.registered_from <= :since AND (g.retired_at IS NULL OR g.retired_at > :now)
    GROUP BY c.name ORDER BY c.name
""")
_UNOWNED = text("""
    SELECT c.name AS cluster, sum(CAST(t.held AS numeric) / t.den) / 3600000 AS hours
    FROM day_use t JOIN clusters c ON c.id = t.cluster_id
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND s.valid @> t.day AND s.superseded_at IS NULL
    LEFT JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.holder_kind
        AND b.holder = t.holder AND b.valid @> t.day AND b.superseded_at IS NULL
    WHERE t.day >= :first AND t.holder_kind <> 'unallocated' AND b.project_id IS NULL
    GROUP BY c.name HAVING sum(t.held) <> 0 ORDER BY c.name
""")
_ASIDE = text("""
    SELECT c.name AS cluster, q.windows, extract(epoch FROM :now - o.received_at) AS oldest_s,
           x.windows AS conflicts, f.forks
    FROM clusters c
    CROSS JOIN LATERAL (SELECT count(*) AS windows FROM (
        SELECT FROM quarantine WHERE cluster_id = c.id AND released_at IS NULL LIMIT :most) few) q
    CROSS JOIN LATERAL (SELECT count(*) AS windows FROM (
        SELECT FROM conflicts WHERE cluster_id = c.id LIMIT :most) few) x
    CROSS JOIN LATERAL (SELECT count(*) AS forks FROM forks JOIN agents a ON a.id = forks.agent_id
        WHERE a.cluster_id = c.id) f
    LEFT JOIN LATERAL (SELECT min(received_at) AS received_at FROM quarantine
        WHERE cluster_id = c.id AND released_at IS NULL) o ON true
    ORDER BY c.name
""")
_ROUND = text("""
    SELECT extract(epoch FROM :now - finished_at) AS age_s, took_ms,
           unpriced_ms / 3600000 AS unpriced_hours
    FROM rounds
""")
_BACKUPS = text("""
    SELECT extract(epoch FROM :now - p.base_at) AS base_s,
           extract(epoch FROM :now - p.wal_at) AS wal_s,
           extract(epoch FROM :now - r.restored_at) AS restored_s
    FROM (SELECT max(restored_at) AS restored_at FROM restorations WHERE faults = 0) r
    LEFT JOIN backup_progress p ON true
""")


class QueueName(StrEnum):
    """A queue of the bureau's desk."""

    MONTHS = "months"
    FALLS = "falls"
    DEDUCTIONS = "deductions"
    REDS = "reds"
    DECISIONS = "decisions"
    CLAIMS = "claims"
    PAYMENTS = "payments"
    UNVERIFIED = "unverified"
    WITHOUT_PERIOD = "without_period"
    RECEIPTS = "receipts"


@dataclass(frozen=True)
class Gauges:
    """Rows by cluster, the desk's queues with their oldest, and the server's last round.

    `queues` counts and, in seconds, how long the oldest has waited; None where nothing waits.
    `relays` have the same of their oldest batch. `backups` says in seconds how old the last base,
    the last WAL and the last restoration without a fault are; None where there was none.
    """

    reports: Sequence[Row[Any]]
    unapproved: Sequence[Row[Any]]
    gpus: Sequence[Row[Any]]
    unowned: Sequence[Row[Any]]
    aside: Sequence[Row[Any]]
    queues: Mapping[QueueName, tuple[int, float | None]]
    relays: Sequence[tuple[RelayStatus, float | None]]
    last_round: Row[Any] | None
    backups: Row[Any]


def gauges(db: Session, now: datetime) -> Gauges:
    """Read all of them at one moment."""
    today, until = beijing_day(now), horizon(now)
    spans = {"since": until - LATE, "until": until, "today": today, "now": now}
    first = month_of(month_of(today) - timedelta(days=1))
    return Gauges(
        db.execute(_REPORTS, {"now": now, "late_before": now - LATE}).all(),
        db.execute(_UNAPPROVED).all(),
        db.execute(_GPUS, spans).all(),
        db.execute(_UNOWNED, {"first": first}).all(),
        db.execute(_ASIDE, {"now": now, "most": COUNTED}).all(),
        {name: _wait(queue, now) for name, queue in _queues(db, today).items()},
        [
            (each, _wait(Queue(each.batches, each.waiting_since), now)[1])
            for each in relays(db, None, now)
        ],
        db.execute(_ROUND, {"now": now}).one_or_none(),
        db.execute(_BACKUPS, {"now": now}).one(),
    )


def _queues(db: Session, today: date) -> Mapping[QueueName, Queue]:
    rows = months.months(db)
    decided_at = [decision.decided_at for decision in queues.open_decisions(db)]
    return {
        QueueName.MONTHS: queues.waiting_months(rows, today),
        QueueName.FALLS: queues.waiting_falls(rows),
        QueueName.DEDUCTIONS: queues.falling_deductions(db),
        QueueName.REDS: queues.unclear_reds(db),
        QueueName.DECISIONS: Queue.of(decided_at),
        QueueName.CLAIMS: queues.waiting_claims(db, today),
        QueueName.PAYMENTS: queues.waiting_payments(db),
        QueueName.UNVERIFIED: queues.unverified_documents(db),
        QueueName.WITHOUT_PERIOD: queues.documents_without_period(db),
        QueueName.RECEIPTS: queues.unproved_receipts(db),
    }


def _wait(queue: Queue, now: datetime) -> tuple[int, float | None]:
    """The count, and seconds since the oldest; a day counts from its Beijing midnight."""
    if queue.oldest is None:
        return queue.count, None
    since = queue.oldest if isinstance(queue.oldest, datetime) else midnight(queue.oldest)
    return queue.count, max((now - since).total_seconds(), 0.0)
