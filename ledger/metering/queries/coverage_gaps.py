"""Read coverage gaps of a cluster's GPUs: by the hour, by span, by minute.

Read only, from the windows and their coverage. Gaps are what agents reported, exact to the
millisecond; silence is a minute of a registered GPU without a window, up to the horizon. At most
`SPANS_MAX` spans are read at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.nodes import EARLIEST, HOUR, Gpu, Period, gpus, one_day, xids_of
from ledger.metering.queries.silence import silent_minutes
from ledger.metering.rules.incidents import MINUTE, SILENT, Span, join_spans, silences
from ledger.units import beijing_day

SPANS_MAX = 5_000

_HOURS = text("""
    SELECT w.gpu, date_trunc('hour', w.start, 'UTC') AS hour, count(*) AS windows,
           sum(w.gap_ms)::bigint AS gap_ms, sum(w.util_ms)::bigint AS util_ms,
           sum(w.util_ppm_ms) AS util_ppm_ms
    FROM unnest(CAST(:gpus AS text[])) AS g(gpu) CROSS JOIN LATERAL (
        SELECT gpu, start, CASE WHEN body ? 'gaps' THEN (
            SELECT coalesce(sum((e ->> 'to_ms')::bigint - (e ->> 'from_ms')::bigint), 0)
            FROM jsonb_array_elements(body -> 'gaps') e) ELSE 0 END AS gap_ms, u.*
        FROM windows CROSS JOIN LATERAL (
            SELECT sum((p ->> 'to_ms')::bigint - (p ->> 'from_ms')::bigint) AS util_ms,
                   sum(((p ->> 'to_ms')::bigint - (p ->> 'from_ms')::bigint)
                       * (p #>> '{readings,util_ppm}')::numeric) AS util_ppm_ms
            FROM jsonb_array_elements(body -> 'parts') p
            WHERE p #>> '{readings,util_ppm}' IS NOT NULL) u
        WHERE gpu = g.gpu AND start >= :since AND start < :until
    ) w
    GROUP BY w.gpu, hour
""")

# Days of a GPU on which coverage tells of a gap; their windows say which, joined where they touch.
_GAPS = text("""
    WITH told AS (
        SELECT DISTINCT g.gpu, g.node, v.day FROM gpus g JOIN coverage v ON v.gpu = g.gpu
        WHERE g.cluster = :cluster AND (CAST(:node AS text) IS NULL OR g.node = :node)
            AND v.day BETWEEN :first AND :last AND v.gap_ms > 0
    ), pieces AS (
        SELECT t.gpu, t.node, e ->> 'reason' AS cause, w.flags,
               w.start + (e ->> 'from_ms')::bigint * interval '1 millisecond' AS low,
               w.start + (e ->> 'to_ms')::bigint * interval '1 millisecond' AS high
        FROM told t CROSS JOIN LATERAL (
            SELECT start, body -> 'gaps' AS gaps, body -> 'flags' AS flags FROM windows
            WHERE gpu = t.gpu AND start >= t.day::timestamp AT TIME ZONE interval '+08:00'
                AND start < (t.day + 1)::timestamp AT TIME ZONE interval '+08:00'
                AND body ? 'gaps'
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

# Days of a GPU that lack windows; between two windows that do not follow each other it is silent.
_SILENT = text("""
    WITH days AS (
        SELECT g.gpu, g.node, d::date AS day,
               date_trunc('minute', greatest(d::date::timestamp AT TIME ZONE interval '+08:00',
                   g.registered_from)) AS low,
               date_trunc('minute', least((d::date + 1)::timestamp AT TIME ZONE interval '+08:00',
                   CAST(:horizon AS timestamptz), g.retired_at)) AS high
        FROM gpus g CROSS JOIN generate_series(CAST(:first AS date), CAST(:last AS date),
            interval '1 day') d
        WHERE g.cluster = :cluster AND (CAST(:node AS text) IS NULL OR g.node = :node)
    ), lacking AS (
        SELECT days.* FROM days LEFT JOIN LATERAL (
            SELECT sum(windows) AS windows FROM coverage v
            WHERE v.gpu = days.gpu AND v.day = days.day
        ) v ON true
        WHERE high > low AND (coalesce(v.windows, 0) < extract(epoch FROM high - low) / 60
            OR high - low < interval '1 day')  -- some of these may lie outside of it
    )
    SELECT k.gpu, k.node, s.low, s.high FROM lacking k CROSS JOIN LATERAL (
        SELECT lag(start + interval '1 minute', 1, k.low) OVER (ORDER BY start) AS low,
               start AS high
        FROM (
            SELECT start FROM windows WHERE gpu = k.gpu AND start >= k.low AND start < k.high
            UNION ALL SELECT k.high
        ) said
    ) s
    WHERE s.high > s.low ORDER BY s.low DESC, k.gpu LIMIT :limit
""")


@dataclass(frozen=True)
class Hour:
    """One GPU in one hour: the minutes expected, and what became of them.

    Utilisation was measured for `util_ms` of it; `util_ppm_ms` is its sum over that time.
    """

    gpu: str
    hour: datetime
    expected: int
    silent: int
    gap_ms: int
    util_ms: int = 0
    util_ppm_ms: int = 0

    @property
    def seen_ms(self) -> int:
        """Time covered by windows, without gaps."""
        return (self.expected - self.silent) * 60_000 - self.gap_ms

    @property
    def util_ppm(self) -> int | None:
        """Mean utilisation; None unless measured for half of the time seen."""
        return utilisation([self])


def utilisation(hours: Iterable[Hour]) -> int | None:
    """Return the mean over these hours, ppm; None unless measured for half of the time seen.

    A shared GPU is measured only while it is idle, which does not represent the other minutes.
    """
    every = list(hours)
    measured_ms, seen_ms = sum(h.util_ms for h in every), sum(h.seen_ms for h in every)
    if measured_ms <= 0 or 2 * measured_ms < seen_ms:
        return None
    return sum(h.util_ppm_ms for h in every) // measured_ms


def hours(db: Session, gpus: Iterable[Gpu], period: Period) -> list[Hour]:
    """Return every hour in which these GPUs were registered, up to the horizon, in order."""
    by_id = {gpu.gpu: gpu for gpu in gpus}
    values = {"gpus": list(by_id), "since": period.since, "until": period.until}
    rows = {(row.gpu, row.hour): row for row in db.execute(_HOURS, values)} if by_id else {}
    hour_list = []
    for gpu in by_id.values():
        for hour in period.hours:
            low, high = _registered_span(gpu, hour, min(hour + HOUR, period.until))
            if low < high:
                hour_list.append(
                    _hour(gpu.gpu, hour, (high - low) // MINUTE, rows.get((gpu.gpu, hour)))
                )
    return hour_list


def spans(
    db: Session, cluster: int, period: Period, *, node: str | None = None
) -> tuple[list[Span], bool]:
    """Return the gaps of the cluster's registered GPUs, and whether there are more."""
    values = {
        "cluster": cluster,
        "node": node,
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
        low, high = _registered_span(gpu, period.since, period.until)
        if low < high:
            gaps += silences(gpu.gpu, node, silent_minutes(db, gpu.gpu, low, high))
    return sorted(gaps)


def _registered_span(gpu: Gpu, low: datetime, high: datetime) -> tuple[datetime, datetime]:
    """Return the part of the time in which the GPU was registered, in whole minutes."""
    first = gpu.registered_from.replace(second=0, microsecond=0)
    last = gpu.retired_at.replace(second=0, microsecond=0) if gpu.retired_at else high
    return max(low, first), min(high, last)


def _hour(gpu: str, hour: datetime, expected: int, row: Any) -> Hour:  # noqa: ANN401
    if row is None:
        return Hour(gpu, hour, expected, expected, 0)
    silent = max(expected - row.windows, 0)
    return Hour(
        gpu, hour, expected, silent, row.gap_ms, row.util_ms or 0, int(row.util_ppm_ms or 0)
    )
