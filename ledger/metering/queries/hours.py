"""What became of the hours of GPUs: who held them, what was a gap, what was silent.

Whole hours are read from the sums that the database folds as windows are stored; the hour that is
not over is read from its windows, since those after the horizon do not count yet. So what is read
grows with the hours that are shown, and not with their windows.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.metering.codes import HolderKind
from ledger.metering.queries.nodes import HOUR, Gpu, Period, registered_span
from ledger.metering.rules.incidents import MINUTE

GAP = "gap"
_NAMES = ("namespace", "account", "name", "reason")  # of a holder, by its kind

_COUNTS = text("""
    SELECT gpu, hour, sum(windows)::integer AS windows FROM kept_counts(:gpus, :since, :whole)
    GROUP BY gpu, hour
    UNION ALL
    SELECT gpu, :whole, count(*)::integer FROM windows
    WHERE gpu = ANY(:gpus) AND start >= :whole AND start < :until GROUP BY gpu
""")
_SHARES = text("""
    WITH shares AS (
        SELECT gpu, hour, cluster_id, holder_kind, holder, den, held, util_ppm_ms, util_ms
        FROM kept_sums(:gpus, :since, :whole)
        UNION ALL
        SELECT w.gpu, :whole, w.cluster_id, s.* FROM windows w CROSS JOIN LATERAL (
            SELECT p.holder ->> 'kind',
                   coalesce(p.holder ->> 'namespace', p.holder ->> 'account',
                       p.holder ->> 'name', ''),
                   coalesce(p.den, 1), (p.to_ms - p.from_ms) * coalesce(p.num, 1),
                   coalesce((p.readings ->> 'util_ppm')::bigint * (p.to_ms - p.from_ms), 0),
                   CASE WHEN p.readings ->> 'util_ppm' IS NULL THEN 0 ELSE p.to_ms - p.from_ms END
            FROM jsonb_to_recordset(w.body -> 'parts') AS p(holder jsonb, from_ms bigint,
                to_ms bigint, num bigint, den integer, readings jsonb)
            UNION ALL
            SELECT 'gap', g.reason, 1, g.to_ms - g.from_ms, 0, 0
            FROM jsonb_to_recordset(coalesce(w.body -> 'gaps', '[]'))
                AS g(reason text, from_ms bigint, to_ms bigint)
        ) s
        WHERE w.gpu = ANY(:gpus) AND w.start >= :whole AND w.start < :until
    )
    SELECT s.gpu, s.hour, s.holder_kind AS kind, s.holder, s.den, j.code AS project,
           sum(s.held)::bigint AS held, sum(s.util_ms)::bigint AS util_ms,
           sum(s.util_ppm_ms) AS util_ppm_ms
    FROM shares s LEFT JOIN bindings b ON b.cluster_id = s.cluster_id
        AND b.holder_kind = s.holder_kind AND b.holder = s.holder AND b.superseded_at IS NULL
        AND b.valid @> (s.hour AT TIME ZONE interval '+08:00')::date
    LEFT JOIN projects j ON j.id = b.project_id
    GROUP BY s.gpu, s.hour, s.holder_kind, s.holder, s.den, j.code
    ORDER BY s.gpu, s.hour, s.holder_kind, s.holder, s.den
""")


_MINUTES = text("""
    SELECT start, source, stream, number, body -> 'parts' AS parts, body -> 'gaps' AS gaps
    FROM kept_windows(ARRAY[:gpu], :low, :high) WHERE cluster_id = :cluster
    ORDER BY start
""")


@dataclass(frozen=True)
class Stretch:
    """A part of a window, in its milliseconds; of a gap (`kind`) `holder` is the reason."""

    kind: str
    holder: str
    instance: str
    from_ms: int
    to_ms: int
    num: int
    den: int
    mig_profile: str | None
    util_ppm: int | None


@dataclass(frozen=True)
class Minute:
    """A minute of a GPU: the window that says it, with its batch; without one it is silent."""

    start: datetime
    source: str | None = None
    stream: UUID | None = None
    number: int | None = None
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Share:
    """What one holder had of a GPU in an hour, in device-milliseconds; `project`: whose it is."""

    kind: HolderKind
    holder: str
    project: str | None
    device_ms: Fraction


@dataclass(frozen=True)
class Hour:
    """One GPU in one hour: the minutes expected, and what became of them.

    Utilisation was measured for `util_ms` of it; `util_ppm_ms` is its sum over that time. `gaps`
    are milliseconds by their reason.
    """

    gpu: str
    hour: datetime
    expected: int
    silent: int
    gap_ms: int
    util_ms: int = 0
    util_ppm_ms: int = 0
    shares: tuple[Share, ...] = ()
    gaps: tuple[tuple[str, int], ...] = ()

    @property
    def seen_ms(self) -> int:
        """Time covered by windows, without gaps."""
        return (self.expected - self.silent) * 60_000 - self.gap_ms

    @property
    def util_ppm(self) -> int | None:
        """Mean utilisation; None unless measured for half of the time seen."""
        return utilisation([self])

    @property
    def held_ppm(self) -> int | None:
        """How much of the time seen somebody held it; None if none was seen."""
        whole_ms = sum((s.device_ms for s in self.shares), Fraction(0))
        free = self.device_ms(HolderKind.UNALLOCATED)
        return int((whole_ms - free) * 1_000_000 / whole_ms) if whole_ms else None

    def device_ms(self, *kinds: HolderKind) -> Fraction:
        """Return what holders of these kinds had of it; a slice's time counts as a device's."""
        return sum((s.device_ms for s in self.shares if s.kind in kinds), Fraction(0))


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
    if not by_id:
        return []
    whole = period.until.replace(minute=0, second=0, microsecond=0)
    values = {"gpus": list(by_id), "since": period.since, "whole": whole, "until": period.until}
    windows = {(row.gpu, row.hour): row.windows for row in db.execute(_COUNTS, values)}
    shares: defaultdict[tuple[str, datetime], list[Row[Any]]] = defaultdict(list)
    for row in db.execute(_SHARES, values):
        shares[row.gpu, row.hour].append(row)
    hour_list = []
    for gpu in by_id.values():
        for hour in period.hours:
            low, high = registered_span(gpu, hour, min(hour + HOUR, period.until))
            if low < high:
                at = (gpu.gpu, hour)
                hour_list.append(
                    _hour(at, (high - low) // MINUTE, windows.get(at, 0), shares.get(at, ()))
                )
    return hour_list


def minutes(db: Session, cluster: int, gpu: Gpu, hour: datetime, until: datetime) -> list[Minute]:
    """Return the minutes of an hour in which the GPU was registered, up to `until`, in order."""
    low, high = registered_span(gpu, hour, min(hour + HOUR, until))
    values = {"gpu": gpu.gpu, "cluster": cluster, "low": low, "high": high}
    windows = {
        row.start: Minute(row.start, row.source, row.stream, row.number, _stretches(row))
        for row in db.execute(_MINUTES, values)
    }
    starts = [low + n * MINUTE for n in range(max((high - low) // MINUTE, 0))]
    return [windows.get(start, Minute(start)) for start in starts]


def _stretches(row: Row[Any]) -> tuple[Stretch, ...]:
    parts = [
        Stretch(
            part["holder"]["kind"],
            next((part["holder"][k] for k in _NAMES if k in part["holder"]), ""),
            next((part["holder"][k] for k in ("pod", "job") if k in part["holder"]), ""),
            part["from_ms"],
            part["to_ms"],
            part.get("num", 1),
            part.get("den", 1),
            (part.get("mig") or {}).get("profile"),
            (part.get("readings") or {}).get("util_ppm"),
        )
        for part in row.parts
    ]
    gaps = [
        Stretch(GAP, gap["reason"], "", gap["from_ms"], gap["to_ms"], 1, 1, None, None)
        for gap in row.gaps or ()
    ]
    return tuple(sorted([*parts, *gaps], key=lambda s: (s.from_ms, s.to_ms, s.holder)))


def _hour(at: tuple[str, datetime], expected: int, windows: int, rows: Sequence[Row[Any]]) -> Hour:
    gaps = tuple((row.holder, row.held) for row in rows if row.kind == GAP)
    sums: dict[tuple[str, str, str | None], Fraction] = {}
    for row in rows:
        if row.kind != GAP:
            whose = (row.kind, row.holder, row.project)
            sums[whose] = sums.get(whose, Fraction(0)) + Fraction(row.held, row.den)
    return Hour(
        *at,
        expected,
        max(expected - windows, 0),
        sum(ms for _, ms in gaps),
        sum(row.util_ms for row in rows),
        int(sum(row.util_ppm_ms for row in rows)),
        tuple(
            Share(HolderKind(kind), holder, project, ms)
            for (kind, holder, project), ms in sums.items()
        ),
        gaps,
    )
