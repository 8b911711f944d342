"""Read a cluster's nodes, their GPUs, and the driver's events.

Every query is limited to a cluster, to the nodes or GPUs of a page, and to at most `DAYS_MAX` days.
Minutes count up to the *horizon*, five minutes ago: later ones may still be on their way. Gaps are
read by `ledger/metering/queries/coverage_gaps.py`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.metering.rules.incidents import MINUTE
from ledger.units import beijing_day, midnight

DAYS_MAX = 7
EARLIEST = date(2000, 1, 1)  # no window is older, and calendars end
ON_ITS_WAY = timedelta(minutes=5)
HOUR = timedelta(hours=1)
_XID = re.compile(r"xid:(\d{1,9})(?:@.*)?")

_NAMES = text("""
    SELECT node FROM (
        SELECT node FROM gpus WHERE cluster_id = :cluster
            AND (retired_at IS NULL OR retired_at > :since)
        UNION SELECT node FROM agents WHERE cluster_id = :cluster AND source <> 'witness'
            AND (revoked_at IS NULL OR revoked_at > :since)
    ) known ORDER BY node LIMIT :limit OFFSET :offset
""")

_GPUS = text("""
    SELECT g.gpu, g.node, g.registered_from, g.retired_at, w.start AS newest, w.model, w.held
    FROM gpus g LEFT JOIN LATERAL (
        SELECT start, body ->> 'model' AS model,
               jsonb_array_length(body -> 'parts') > 0 AS held
        FROM newest_window(g.gpu, :since)
    ) w ON true
    WHERE g.cluster_id = :cluster AND g.node = ANY(:nodes)
        AND (g.retired_at IS NULL OR g.retired_at > :since)
    ORDER BY g.node, g.gpu
""")

_GPU = text("""
    SELECT gpu, node, registered_from, retired_at, NULL AS newest, NULL AS model, NULL AS held
    FROM gpus WHERE gpu = :gpu AND cluster_id = :cluster
""")

_STRANGERS = text("""
    SELECT node, gpu, reason, min(start) AS first, max(start) AS last, count(*) AS windows
    FROM quarantine
    WHERE cluster_id = :cluster AND node = ANY(:nodes) AND released_at IS NULL
        AND received_at >= :since AND start >= :since AND reason <> 'future'
    GROUP BY node, gpu, reason ORDER BY node, gpu, reason LIMIT 1000
""")

_XIDS = text("""
    SELECT gpu, start, xid FROM xid_events
    WHERE gpu = ANY(:gpus) AND start >= :since AND start < :until
    ORDER BY start DESC, gpu, xid LIMIT :limit
""")


@dataclass(frozen=True)
class Period:
    """Beijing days, both included; the last one only up to the horizon."""

    first: date
    last: date
    horizon: datetime

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """Its end, or the horizon if that is earlier."""
        return max(min(midnight(self.last + timedelta(days=1)), self.horizon), self.since)

    @property
    def hours(self) -> list[datetime]:
        """The starts of its hours, up to the horizon."""
        return [self.since + n * HOUR for n in range(-(-(self.until - self.since) // HOUR))]


@dataclass(frozen=True)
class Gpu:
    """A registered GPU; `newest` is its last window of the period, `held`: not a gap."""

    gpu: str
    node: str
    registered_from: datetime
    retired_at: datetime | None
    newest: datetime | None
    model: str | None
    held: bool | None

    def is_seen(self, horizon: datetime) -> bool:
        """Return whether its newest window is no gap and not older than the horizon."""
        return bool(self.newest and self.held and self.newest >= horizon - MINUTE)


@dataclass(frozen=True)
class Stranger:
    """A GPU that a node reports but that is not registered there."""

    node: str
    gpu: str
    reason: str
    first: datetime
    last: datetime
    windows: int


@dataclass(frozen=True)
class XidEvent:
    """An XID of one GPU in the minute that begins at `start`."""

    gpu: str
    start: datetime
    xid: int


def registered_span(gpu: Gpu, low: datetime, high: datetime) -> tuple[datetime, datetime]:
    """Return the part of the time in which the GPU was registered, in whole minutes."""
    first = gpu.registered_from.replace(second=0, microsecond=0)
    last = gpu.retired_at.replace(second=0, microsecond=0) if gpu.retired_at else high
    return max(low, first), min(high, last)


def last_days(now: datetime, days: int) -> Period:
    """Return the last Beijing days, today included; at most `DAYS_MAX`."""
    today = beijing_day(now)
    first = today - timedelta(days=min(max(days, 1), DAYS_MAX) - 1)
    return Period(first, today, horizon(now))


def one_day(day: date, now: datetime) -> Period:
    """Return a single Beijing day."""
    return Period(day, day, horizon(now))


def horizon(now: datetime) -> datetime:
    """Return the moment up to which every minute should have arrived."""
    return (now - ON_ITS_WAY).replace(second=0, microsecond=0)


def names(db: Session, cluster: int, since: datetime, *, limit: int, offset: int = 0) -> list[str]:
    """Return the nodes of a cluster that have registered GPUs or agents."""
    values = {"cluster": cluster, "since": since, "limit": limit, "offset": offset}
    return list(db.scalars(_NAMES, values))


def gpus(db: Session, cluster: int, nodes: Sequence[str], since: datetime) -> list[Gpu]:
    """Return the registered GPUs of these nodes, each with its newest window."""
    rows = db.execute(_GPUS, {"cluster": cluster, "nodes": list(nodes), "since": since})
    return [Gpu(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name


def gpu(db: Session, cluster: int, name: str) -> Gpu:
    """Return a GPU that is registered in this cluster, without its newest window; else NotFound."""
    row = db.execute(_GPU, {"cluster": cluster, "gpu": name}).one_or_none()
    if row is None:
        raise NotFound("gpu", name=name)
    return Gpu(*row)


def strangers(db: Session, cluster: int, nodes: Sequence[str], since: datetime) -> list[Stranger]:
    """Return GPUs that these nodes report and that wait in quarantine."""
    rows = db.execute(_STRANGERS, {"cluster": cluster, "nodes": list(nodes), "since": since})
    return [Stranger(**row._mapping) for row in rows]  # noqa: SLF001


def xid_events(
    db: Session, gpus: Iterable[Gpu], period: Period, *, limit: int = 1_000
) -> list[XidEvent]:
    """Return the XIDs of these GPUs, newest first, each once a minute."""
    values = {
        "gpus": [gpu.gpu for gpu in gpus],
        "since": period.since,
        "until": midnight(period.last + timedelta(days=1)),
        "limit": limit,
    }
    rows = db.execute(_XIDS, values) if values["gpus"] else ()
    return [XidEvent(*row) for row in rows]


def xids_of(flags: Iterable[Sequence[str]]) -> tuple[int, ...]:
    """`[["xid:79", "shares_held"], ["xid:43@3/0"]]` → (43, 79)."""
    words = (_XID.fullmatch(word) for window_flags in flags for word in window_flags)
    return tuple(sorted({int(word[1]) for word in words if word}))
