"""Read what waits in quarantine because of its day, and which months it would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.codes import QuarantineReason

_WHICH = """
    cluster_id = :cluster AND released_at IS NULL AND admitted_at IS NULL AND reason = :code
    AND (CAST(:node AS text) IS NULL OR node = :node) AND received_at <= :received_until
    AND start >= coalesce(:since, '-infinity'::timestamptz)
    AND start < coalesce(:until, 'infinity'::timestamptz)
"""
_WAITING = text(f"""
    SELECT count(*)::integer AS windows, coalesce(sum((body ->> 'window_ms')::bigint), 0) AS ms,
           array_agg(DISTINCT date_trunc('month', start AT TIME ZONE interval '+08:00')::date)
               AS months
    FROM quarantine WHERE {_WHICH}
""")
_ADMIT = text(f"UPDATE quarantine SET admitted_at = :now, admitted_by = :actor WHERE {_WHICH}")
_DECIDED = text("""
    SELECT EXISTS (
        SELECT FROM reconciliations r
        JOIN contracts k ON k.id = r.contract_id JOIN clusters c ON c.centre_id = k.centre_id
        WHERE c.id = :cluster AND r.month = ANY(:months)
    )
""")


@dataclass(frozen=True)
class Selection:
    """Quarantined windows of a cluster by their reason, of one node or of all, in a time.

    What came after `received_until` is not among them.
    """

    cluster: int
    node: str | None
    code: QuarantineReason
    since: datetime | None
    until: datetime | None
    received_until: datetime


@dataclass(frozen=True)
class Waiting:
    """How many windows wait, their length in ms, and the Beijing months they lie in."""

    windows: int
    ms: int
    months: Sequence[date]


def waiting_windows(db: Session, selection: Selection) -> Waiting:
    """Return what of a selection waits to be admitted."""
    row = db.execute(_WAITING, vars(selection)).one()
    return Waiting(row.windows, int(row.ms), sorted(row.months or ()))


def is_any_decided(db: Session, cluster: int, months: Sequence[date]) -> bool:
    """Return whether a month of a contract with the cluster's centre was reconciled."""
    return bool(db.scalar(_DECIDED, {"cluster": cluster, "months": list(months)}))


def admit(db: Session, selection: Selection, actor: str, now: datetime) -> int:
    """Mark what waits of a selection as admitted; return how many."""
    values: dict[str, Any] = {**vars(selection), "actor": actor, "now": now}
    result = db.execute(_ADMIT, values)
    return int(result.rowcount)  # type: ignore[attr-defined]
