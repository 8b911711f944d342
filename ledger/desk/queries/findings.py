"""Findings for a person: quarantined, conflicting, missing or unowned data.

Each kind is one query with columns of its own; pages and clients show them as they are. Read only;
an empty list means no finding of that kind.
"""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.charging.queries import contract_lines
from ledger.desk.codes import FindingKind
from ledger.metering.queries import usage
from ledger.metering.queries.jobs import capacity, corrections
from ledger.registry.rules.pricing import UnpricedUsage
from ledger.registry.tables import Centre, Project
from ledger.units import beijing_day

KINDS = tuple(FindingKind)
SILENT_DAYS = 7  # that are looked at first

Row = dict[str, Any]

_OF_CENTRE = "(CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)"
_PAGE = "LIMIT :limit OFFSET :offset"

_QUERIES: dict[FindingKind, str] = {
    # A second body for a kept window: the first stands, a person decides.
    FindingKind.CONFLICTS: f"""
        SELECT c.name AS cluster, x.gpu, x.start, x.received_at, x.stream::text, x.number,
               w.stream::text AS first_stream, w.number AS first_number
        FROM (
            SELECT x.* FROM conflicts x JOIN clusters c ON c.id = x.cluster_id WHERE {_OF_CENTRE}
            ORDER BY x.received_at DESC, x.gpu, x.start, x.number {_PAGE}
        ) x JOIN clusters c ON c.id = x.cluster_id
        CROSS JOIN LATERAL kept_minutes(ARRAY[x.gpu], x.start, x.start + interval '1 minute') w
        ORDER BY x.received_at DESC, x.gpu, x.start, x.number
    """,
    # Two batches under one number: a cloned node, or a spool restored from a copy.
    FindingKind.FORKS: f"""
        SELECT c.name AS cluster, a.node, x.stream::text, x.number, x.received_at,
               encode(x.hash, 'hex') AS hash, octet_length(x.bytes) AS size
        FROM forks x JOIN agents a ON a.id = x.agent_id JOIN clusters c ON c.id = a.cluster_id
        WHERE {_OF_CENTRE} ORDER BY x.received_at DESC, x.stream, x.number {_PAGE}
    """,
    # Windows that cannot count yet.
    FindingKind.QUARANTINE: f"""
        SELECT c.name AS cluster, q.node, q.gpu, q.reason, count(*) AS windows,
               min(q.start) AS first, max(q.start) AS last
        FROM quarantine q JOIN clusters c ON c.id = q.cluster_id
        WHERE q.released_at IS NULL AND {_OF_CENTRE}
        GROUP BY c.name, q.node, q.gpu, q.reason
        ORDER BY max(q.received_at) DESC, q.gpu {_PAGE}
    """,
    # Somebody said that nobody looked.
    FindingKind.GAPS: f"""
        SELECT c.name AS cluster, v.gpu, v.day, v.gap_ms, reasons.reasons
        FROM (
            SELECT v.* FROM coverage v JOIN clusters c ON c.id = v.cluster_id
            WHERE v.gap_ms > 0 AND {_OF_CENTRE} ORDER BY v.day DESC, v.gpu {_PAGE}
        ) v JOIN clusters c ON c.id = v.cluster_id
        CROSS JOIN LATERAL (
            SELECT string_agg(DISTINCT r.reason, ', ' ORDER BY r.reason) AS reasons FROM (
                SELECT t.holder AS reason FROM hour_totals t
                WHERE t.gpu = v.gpu AND t.holder_kind = 'gap'
                    AND t.hour >= v.day::timestamp AT TIME ZONE interval '+08:00'
                    AND t.hour < (v.day + 1)::timestamp AT TIME ZONE interval '+08:00'
                UNION ALL  -- what a job's windows have is not told by the hour
                SELECT g ->> 'reason' FROM windows w, jsonb_array_elements(w.body -> 'gaps') g
                WHERE starts_with(v.gpu, 'job/') AND w.gpu = v.gpu
                    AND w.start >= v.day::timestamp AT TIME ZONE interval '+08:00'
                    AND w.start < (v.day + 1)::timestamp AT TIME ZONE interval '+08:00'
            ) r
        ) reasons
        ORDER BY v.day DESC, v.gpu
    """,
    # Nobody said anything: minutes of registered GPUs without a window, up to five minutes ago, on
    # the days from `first` to `last`.
    FindingKind.SILENT: f"""
        SELECT c.name AS cluster, g.node, g.gpu, d.day,
               d.expected - coalesce(v.windows, 0) AS minutes
        FROM gpus g JOIN clusters c ON c.id = g.cluster_id
        CROSS JOIN LATERAL (
            SELECT day::date, (extract(epoch FROM
                date_trunc('minute', least(
                    (day::date + 1)::timestamp AT TIME ZONE interval '+08:00',
                    CAST(:now AS timestamptz) - interval '5 minutes', g.retired_at))
                - date_trunc('minute', greatest(
                    day::date::timestamp AT TIME ZONE interval '+08:00', g.registered_from))
                ) / 60)::bigint AS expected
            FROM generate_series(
                greatest((g.registered_from AT TIME ZONE interval '+08:00')::date,
                    CAST(:first AS date)), CAST(:last AS date), interval '1 day') day
        ) d
        LEFT JOIN (
            SELECT v.gpu, v.day, sum(v.windows) AS windows
            FROM clusters s JOIN coverage v ON v.cluster_id = s.id
                AND v.day BETWEEN CAST(:first AS date) AND CAST(:last AS date)
            GROUP BY v.gpu, v.day
        ) v
            ON v.gpu = g.gpu AND v.day = d.day
        WHERE d.expected > coalesce(v.windows, 0) AND {_OF_CENTRE}
        ORDER BY d.day DESC, g.gpu {_PAGE}
    """,
}


def findings(
    db: Session,
    kind: FindingKind,
    now: datetime,
    *,
    centre: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Row]:
    """Return findings of one kind, newest first, of one centre or of all."""
    if kind == "unowned":
        return [vars(row) for row in usage.unowned(db, centre, limit=limit, offset=offset)]
    if kind == "unpriced":
        return _unpriced(db, centre, now)[offset : offset + limit]
    if kind == "unproved":
        days = capacity.unproved_days(db, centre=centre)
        return [vars(day) for day in days[offset : offset + limit]]
    if kind == "corrections":
        return [vars(job) for job in corrections.open_jobs(db, centre, limit=limit, offset=offset)]
    if kind == "silent":
        return _silent(db, centre, now, offset + limit)[offset:]
    return _rows(db, kind, centre=centre, limit=limit, offset=offset)


def _rows(db: Session, kind: FindingKind, **values: object) -> list[Row]:
    return [dict(row) for row in db.execute(text(_QUERIES[kind]), values).mappings()]


def _silent(db: Session, centre: int | None, now: datetime, limit: int) -> list[Row]:
    """Read the last week, and each time twice as many days before, until there are enough."""
    rows: list[Row] = []
    since = db.scalar(text("SELECT min(registered_from) FROM gpus"))
    last, days = beijing_day(now), SILENT_DAYS
    while since and last >= beijing_day(since) and len(rows) < limit:
        span = {"first": last - timedelta(days=days - 1), "last": last, "now": now}
        rows += _rows(
            db, FindingKind.SILENT, centre=centre, limit=limit - len(rows), offset=0, **span
        )
        last, days = last - timedelta(days=days), 2 * days
    return rows


def _unpriced(db: Session, centre: int | None, now: datetime) -> list[Row]:
    """Return owned usage without a contract line, by selectors and reason."""
    projects = {p.id: p.code for p in db.exec(select(Project)) if p.id is not None}
    centres = {c.id: c.name for c in db.exec(select(Centre))}
    project_ids = list(projects)
    items = contract_lines.bill_items(db, project_ids, beijing_day(now))
    rows_by_key: dict[tuple[Any, ...], Row] = {}
    for item in items:
        if not isinstance(item, UnpricedUsage) or centre not in (None, item.usage.centre):
            continue
        usage = item.usage
        selectors = (usage.mig_profile, usage.partition, usage.qos, usage.market)
        key = (usage.project, usage.centre, usage.nvml_name, *selectors, item.reason)
        row = rows_by_key.setdefault(
            key,
            {
                "project": projects[usage.project],
                "centre": centres[usage.centre],
                "model": usage.nvml_name,
                "mig_profile": usage.mig_profile,
                "partition": usage.partition,
                "qos": usage.qos,
                "market": usage.market,
                "reason": item.reason,
                "first": usage.day,
                "last": usage.day,
                "device_ms": Fraction(0),
            },
        )
        row["first"], row["last"] = min(row["first"], usage.day), max(row["last"], usage.day)
        row["device_ms"] += usage.device_ms
    return list(rows_by_key.values())
