"""Read coverage gaps of a cluster's GPUs: by span, by minute.

Read only; the hours that have something are known (`hour_totals`, `hour_coverage`), and only their
windows are read. Gaps are what agents reported, exact to the millisecond (their windows are never
packed); silence is a minute of a registered GPU without a window, up to the horizon. At most
`SPANS_MAX` spans are read at once.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.nodes import EARLIEST, Period, gpus, one_day, registered_span, xids_of
from ledger.metering.rules.incidents import SILENT, Span, join_spans, silences
from ledger.units import beijing_day, midnight

SPANS_MAX = 5_000

# Hours of a GPU that have a gap; their windows say when, joined where they touch. OFFSET 0 keeps it
# a look by key for each hour; between the first day and the last no other partition is looked at.
_GAPS = text("""
    WITH told AS (
        SELECT DISTINCT g.gpu, g.node, t.hour FROM gpus g JOIN hour_totals t ON t.gpu = g.gpu
        WHERE g.cluster_id = :cluster AND (CAST(:node AS text) IS NULL OR g.node = :node)
            AND t.hour >= :since AND t.hour < :end AND t.holder_kind = 'gap'
    ), pieces AS (
        SELECT t.gpu, t.node, e ->> 'reason' AS cause, w.flags,
               w.start + (e ->> 'from_ms')::bigint * interval '1 millisecond' AS low,
               w.start + (e ->> 'to_ms')::bigint * interval '1 millisecond' AS high
        FROM told t CROSS JOIN LATERAL (
            SELECT start, body -> 'gaps' AS gaps, body -> 'flags' AS flags FROM windows
            WHERE gpu = t.gpu AND start >= t.hour AND start < t.hour + interval '1 hour'
                AND start >= :since AND start < :end AND body ? 'gaps' OFFSET 0
        ) w CROSS JOIN LATERAL jsonb_array_elements(w.gaps) e
    ), begun AS (
        SELECT *, (lag(high) OVER (PARTITION BY gpu, cause ORDER BY low) = low) IS NOT TRUE AS new
        FROM pieces
    ), runs AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY gpu, cause ORDER BY low) AS run
        FROM begun
    )
    SELECT gpu, node, cause, min(low) AS low, max(high) AS high,
           jsonb_agg(DISTINCT flags) FILTER (WHERE flags IS NOT NULL) AS flags
    FROM runs GROUP BY gpu, node, cause, run ORDER BY low DESC, gpu LIMIT :limit
""")

# Hours of a GPU that lack windows; between two windows that do not follow each other it is silent.
_SILENT = text("""
    WITH days AS (
        SELECT g.gpu, g.node, d::date AS day,
               date_trunc('minute', greatest(d::date::timestamp AT TIME ZONE interval '+08:00',
                   g.registered_from)) AS low,
               date_trunc('minute', least((d::date + 1)::timestamp AT TIME ZONE interval '+08:00',
                   CAST(:horizon AS timestamptz), g.retired_at)) AS high
        FROM gpus g CROSS JOIN generate_series(CAST(:first AS date), CAST(:last AS date),
            interval '1 day') d
        WHERE g.cluster_id = :cluster AND (CAST(:node AS text) IS NULL OR g.node = :node)
    ), lacking_days AS (
        SELECT days.* FROM days LEFT JOIN LATERAL (
            SELECT sum(windows) AS windows FROM coverage v
            WHERE v.gpu = days.gpu AND v.day = days.day
        ) v ON true
        WHERE high > low AND (coalesce(v.windows, 0) < extract(epoch FROM high - low) / 60
            OR high - low < interval '1 day')  -- some of these may lie outside of it
    ), counts AS MATERIALIZED (
        SELECT gpu, hour, sum(windows) AS windows FROM kept_counts(
            ARRAY(SELECT DISTINCT gpu FROM lacking_days), (SELECT min(low) FROM lacking_days)
                - interval '1 hour', (SELECT max(high) FROM lacking_days))
        GROUP BY gpu, hour
    ), lacking AS (
        SELECT k.gpu, k.node, greatest(k.low, h) AS low,
               least(k.high, h + interval '1 hour') AS high
        FROM lacking_days k CROSS JOIN generate_series(date_trunc('hour', k.low, 'UTC'),
            k.high - interval '1 minute', interval '1 hour') h
        LEFT JOIN counts c ON c.gpu = k.gpu AND c.hour = h
        WHERE coalesce(c.windows, 0) < 60 OR k.low > h OR k.high < h + interval '1 hour'
    ), pieces AS (
        SELECT k.gpu, k.node, s.low, s.high FROM lacking k CROSS JOIN LATERAL (
            SELECT lag(start + interval '1 minute', 1, k.low) OVER (ORDER BY start) AS low,
                   start AS high
            FROM (
                SELECT start FROM kept_minutes(ARRAY[k.gpu], greatest(k.low, :since),
                    least(k.high, :end))
                UNION ALL SELECT k.high
            ) said
        ) s WHERE s.high > s.low
    ), begun AS (
        SELECT *, (lag(high) OVER (PARTITION BY gpu ORDER BY low) = low) IS NOT TRUE AS new
        FROM pieces
    ), runs AS (
        SELECT *, count(*) FILTER (WHERE new) OVER (PARTITION BY gpu ORDER BY low) AS run FROM begun
    )
    SELECT gpu, node, min(low) AS low, max(high) AS high
    FROM runs GROUP BY gpu, node, run ORDER BY low DESC, gpu LIMIT :limit
""")
_SILENT_MINUTES = text("""
    SELECT m FROM generate_series(CAST(:since AS timestamptz),
        CAST(:until AS timestamptz) - interval '1 minute', interval '1 minute') m
    WHERE m NOT IN (SELECT start FROM kept_minutes(ARRAY[:gpu], :since, :until)) ORDER BY m
""")


def spans(
    db: Session, cluster: int, period: Period, *, node: str | None = None
) -> tuple[list[Span], bool]:
    """Return the gaps of the cluster's registered GPUs, and whether there are more."""
    values = {
        "cluster": cluster,
        "node": node,
        "since": period.since,
        "end": midnight(period.last + timedelta(days=1)),
        "first": period.first,
        "last": period.last,
        "limit": SPANS_MAX + 1,
    }
    gaps = [
        Span(row.low, row.high, row.gpu, row.node, row.cause, xids_of(row.flags or ()))
        for row in db.execute(_GAPS, values)
    ]
    silent = [
        Span(row.low, row.high, row.gpu, row.node, SILENT)
        for row in db.execute(_SILENT, values | {"horizon": period.horizon})
    ]
    more = max(len(gaps), len(silent)) > SPANS_MAX
    return join_spans([*gaps[:SPANS_MAX], *silent[:SPANS_MAX]]), more


def spans_of_day(db: Session, cluster: int, node: str, day: date, now: datetime) -> list[Span]:
    """Return the exact gaps and silent minutes of a node's GPUs on one day, by time."""
    if not EARLIEST <= day <= beijing_day(now):
        return []
    period = one_day(day, now)
    all_spans, _ = spans(db, cluster, period, node=node)
    gaps = [span for span in all_spans if span.cause != SILENT]
    for gpu in gpus(db, cluster, [node], period.since):
        low, high = registered_span(gpu, period.since, period.until)
        if low < high:
            gaps += silences(gpu.gpu, node, silent_minutes(db, gpu.gpu, low, high))
    return sorted(gaps)


def silent_minutes(db: Session, gpu: str, since: datetime, until: datetime) -> Sequence[datetime]:
    """Return the minutes in [since, until) in which a GPU has no window."""
    values = {"gpu": gpu, "since": since, "until": until}
    return db.scalars(_SILENT_MINUTES, values).all()
