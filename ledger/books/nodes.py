"""Reading what the nodes of a cluster reported: which GPUs were seen, hour by hour, and what not.

Everything is read from the windows and their coverage as they stand; nothing here changes
anything. Every question is bounded: by a cluster, by its days (`DAYS_MAX`), by the GPUs of a page,
and by `SPANS_MAX`. Minutes count up to the *horizon*, five minutes ago: what is younger may still
be on its way.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.books.findings import silent_minutes
from ledger.rules.incidents import MINUTE, SILENT, Span, joined, silences
from ledger.units import beijing_day, midnight

DAYS_MAX = 7
SPANS_MAX = 5_000
EARLIEST = date(2000, 1, 1)  # no window is older, and calendars end
ON_ITS_WAY = timedelta(minutes=5)
HOUR = timedelta(hours=1)
_XID = re.compile(r"xid:(\d{1,9})(?:@.*)?")

_NAMES = text("""
    SELECT node FROM (
        SELECT node FROM gpus WHERE cluster = :cluster
            AND (retired_at IS NULL OR retired_at > :since)
        UNION SELECT node FROM agents WHERE cluster = :cluster
            AND (revoked_at IS NULL OR revoked_at > :since)
    ) known ORDER BY node LIMIT :limit OFFSET :offset
""")

_GPUS = text("""
    SELECT g.gpu, g.node, g.registered_from, g.retired_at, w.start AS newest, w.model, w.held
    FROM gpus g LEFT JOIN LATERAL (
        SELECT start, body ->> 'model' AS model,
               jsonb_array_length(body -> 'parts') > 0 AS held
        FROM windows WHERE gpu = g.gpu AND start >= :since ORDER BY start DESC LIMIT 1
    ) w ON true
    WHERE g.cluster = :cluster AND g.node = ANY(:nodes)
        AND (g.retired_at IS NULL OR g.retired_at > :since)
    ORDER BY g.node, g.gpu
""")

_STRANGERS = text("""
    SELECT node, gpu, reason, min(start) AS first, max(start) AS last, count(*) AS windows
    FROM quarantine
    WHERE cluster = :cluster AND node = ANY(:nodes) AND released_at IS NULL
        AND received_at >= :since AND start >= :since AND reason <> 'future'
    GROUP BY node, gpu, reason ORDER BY node, gpu, reason LIMIT 1000
""")

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

_XIDS = text("""
    SELECT g.gpu, w.start, w.flags FROM unnest(CAST(:gpus AS text[])) AS g(gpu)
    CROSS JOIN LATERAL (
        SELECT start, body -> 'flags' AS flags FROM windows
        WHERE gpu = g.gpu AND start >= :since AND start < :until AND body ? 'flags'
            AND body -> 'flags' @? '$[*] ? (@ starts with "xid:")'
    ) w
    ORDER BY w.start DESC, g.gpu LIMIT :limit
""")


@dataclass(frozen=True)
class Period:
    """Beijing days, both included; of the last one only what is before the horizon."""

    first: date
    last: date
    horizon: datetime

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The end of what can be known of it."""
        return max(min(midnight(self.last + timedelta(days=1)), self.horizon), self.since)

    @property
    def hours(self) -> list[datetime]:
        """The beginnings of its hours, up to the horizon."""
        return [self.since + n * HOUR for n in range(-(-(self.until - self.since) // HOUR))]


@dataclass(frozen=True)
class Gpu:
    """A registered GPU. `newest` is its last window of the period; `held`: it was looked at."""

    gpu: str
    node: str
    registered_from: datetime
    retired_at: datetime | None
    newest: datetime | None
    model: str | None
    held: bool | None

    def is_seen(self, horizon: datetime) -> bool:
        """Whether it is looked at now: a window that is no gap, not older than the horizon."""
        return bool(self.newest and self.held and self.newest >= horizon - MINUTE)


@dataclass(frozen=True)
class Stranger:
    """A GPU that a node reports and that is not registered there."""

    node: str
    gpu: str
    reason: str
    first: datetime
    last: datetime
    windows: int


@dataclass(frozen=True)
class Hour:
    """One GPU and one hour: how many minutes it ought to have, and what became of them.

    `util_ppm` is the mean where it was measured, else None.
    """

    gpu: str
    hour: datetime
    expected: int
    silent: int
    gap_ms: int
    util_ppm: int | None

    @property
    def seen_ms(self) -> int:
        """What somebody looked at."""
        return (self.expected - self.silent) * 60_000 - self.gap_ms


@dataclass(frozen=True)
class Announced:
    """An XID of one GPU in the minute that begins at `start`."""

    gpu: str
    start: datetime
    xid: int


def last_days(now: datetime, days: int) -> Period:
    """The last so many Beijing days, today included; at most `DAYS_MAX`."""
    today = beijing_day(now)
    first = today - timedelta(days=min(max(days, 1), DAYS_MAX) - 1)
    return Period(first, today, horizon(now))


def one_day(day: date, now: datetime) -> Period:
    """A single Beijing day."""
    return Period(day, day, horizon(now))


def horizon(now: datetime) -> datetime:
    """Up to here every minute ought to be here."""
    return (now - ON_ITS_WAY).replace(second=0, microsecond=0)


def names(db: Session, cluster: int, since: datetime, *, limit: int, offset: int = 0) -> list[str]:
    """The nodes of a cluster: those with registered GPUs, and those with agents."""
    values = {"cluster": cluster, "since": since, "limit": limit, "offset": offset}
    return list(db.scalars(_NAMES, values))


def gpus(db: Session, cluster: int, nodes: Sequence[str], since: datetime) -> list[Gpu]:
    """The registered GPUs of these nodes, with the newest window of each since then."""
    rows = db.execute(_GPUS, {"cluster": cluster, "nodes": list(nodes), "since": since})
    return [Gpu(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name


def strangers(db: Session, cluster: int, nodes: Sequence[str], since: datetime) -> list[Stranger]:
    """GPUs that these nodes report and that wait in quarantine."""
    rows = db.execute(_STRANGERS, {"cluster": cluster, "nodes": list(nodes), "since": since})
    return [Stranger(**row._mapping) for row in rows]  # noqa: SLF001


def hours(db: Session, chosen: Iterable[Gpu], period: Period) -> list[Hour]:
    """Every hour of these GPUs in which they were registered, up to the horizon, in order."""
    known = {gpu.gpu: gpu for gpu in chosen}
    values = {"gpus": list(known), "since": period.since, "until": period.until}
    rows = {(row.gpu, row.hour): row for row in db.execute(_HOURS, values)} if known else {}
    found = []
    for gpu in known.values():
        for hour in period.hours:
            low, high = _registered(gpu, hour, min(hour + HOUR, period.until))
            if low < high:
                found.append(
                    _hour(gpu.gpu, hour, (high - low) // MINUTE, rows.get((gpu.gpu, hour)))
                )
    return found


def spans(
    db: Session, cluster: int, period: Period, *, node: str | None = None
) -> tuple[list[Span], bool]:
    """What nobody saw of the cluster's registered GPUs, and whether there is more than that."""
    values = {
        "cluster": cluster,
        "node": node,
        "first": period.first,
        "last": period.last,
        "limit": SPANS_MAX + 1,
    }
    gaps = [
        Span(row.low, row.high, row.gpu, row.node, row.cause, _codes(row.flags or ()))
        for row in db.execute(_GAPS, values)
    ]
    silent = [
        Span(row.low, row.high, row.gpu, row.node, SILENT)
        for row in db.execute(_SILENT, values | {"horizon": period.horizon})
    ]
    more = max(len(gaps), len(silent)) > SPANS_MAX
    return joined([*gaps[:SPANS_MAX], *silent[:SPANS_MAX]]), more


def spans_of_day(db: Session, cluster: int, node: str, day: date, now: datetime) -> list[Span]:
    """The very gaps and silent minutes of a node's GPUs on one day, by time."""
    if not EARLIEST <= day <= beijing_day(now):
        return []
    period = one_day(day, now)
    told, _ = spans(db, cluster, period, node=node)
    found = [span for span in told if span.cause != SILENT]
    for gpu in gpus(db, cluster, [node], period.since):
        low, high = _registered(gpu, period.since, period.until)
        if low < high:
            found += silences(gpu.gpu, node, silent_minutes(db, gpu.gpu, low, high))
    return sorted(found)


def announced(
    db: Session, chosen: Iterable[Gpu], period: Period, *, limit: int = 1_000
) -> list[Announced]:
    """The XIDs of these GPUs, newest first, each once a minute."""
    values = {
        "gpus": [gpu.gpu for gpu in chosen],
        "since": period.since,
        "until": midnight(period.last + timedelta(days=1)),
        "limit": limit,
    }
    rows = db.execute(_XIDS, values) if values["gpus"] else ()
    return [Announced(row.gpu, row.start, xid) for row in rows for xid in _codes([row.flags])]


def _registered(gpu: Gpu, low: datetime, high: datetime) -> tuple[datetime, datetime]:
    """The part of the time in which the GPU was registered, in whole minutes."""
    first = gpu.registered_from.replace(second=0, microsecond=0)
    last = gpu.retired_at.replace(second=0, microsecond=0) if gpu.retired_at else high
    return max(low, first), min(high, last)


def _hour(gpu: str, hour: datetime, expected: int, row: Any) -> Hour:  # noqa: ANN401
    if row is None:
        return Hour(gpu, hour, expected, expected, 0, None)
    util = int(row.util_ppm_ms) // row.util_ms if row.util_ms else None
    return Hour(gpu, hour, expected, max(expected - row.windows, 0), row.gap_ms, util)


def _codes(flags: Iterable[Sequence[str]]) -> tuple[int, ...]:
    """`[["xid:79", "shares_held"], ["xid:43@3/0"]]` → (43, 79)."""
    words = (_XID.fullmatch(word) for each in flags for word in each)
    return tuple(sorted({int(word[1]) for word in words if word}))
