"""Findings for a person: quarantined, conflicting, missing or unowned data.

Each kind is one query with columns of its own; pages and clients show them as they are. Read only;
an empty list means no finding of that kind.
"""

from datetime import datetime
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

Row = dict[str, Any]

_OF_CENTRE = "(CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)"
_PAGE = "LIMIT :limit OFFSET :offset"

_QUERIES: dict[FindingKind, str] = {
    # A second body for a kept window: the first stands, a person decides.
    FindingKind.CONFLICTS: f"""
        SELECT c.name AS cluster, x.gpu, x.start, x.received_at, x.stream::text, x.number,
               w.stream::text AS first_stream, w.number AS first_number
        FROM conflicts x JOIN clusters c ON c.id = x.cluster_id
        CROSS JOIN LATERAL kept_minutes(ARRAY[x.gpu], x.start, x.start + interval '1 minute') w
        WHERE {_OF_CENTRE} ORDER BY x.received_at DESC, x.gpu, x.start, x.number {_PAGE}
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
    # Somebody said that nobody looked. Such windows are never packed.
    FindingKind.GAPS: f"""
        SELECT c.name AS cluster, v.gpu, v.day, v.gap_ms, reasons.reasons
        FROM coverage v JOIN clusters c ON c.id = v.cluster_id
        CROSS JOIN LATERAL (
            SELECT string_agg(DISTINCT g ->> 'reason', ', ' ORDER BY g ->> 'reason') AS reasons
            FROM windows w, jsonb_array_elements(w.body -> 'gaps') g
            WHERE w.gpu = v.gpu AND w.start >= v.day::timestamp AT TIME ZONE interval '+08:00'
                AND w.start < (v.day + 1)::timestamp AT TIME ZONE interval '+08:00'
        ) reasons
        WHERE v.gap_ms > 0 AND {_OF_CENTRE} ORDER BY v.day DESC, v.gpu {_PAGE}
    """,
    # Nobody said anything: minutes of registered GPUs without a window, up to five minutes ago.
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
                (g.registered_from AT TIME ZONE interval '+08:00')::date,
                (CAST(:now AS timestamptz) AT TIME ZONE interval '+08:00')::date,
                interval '1 day') day
        ) d
        LEFT JOIN (SELECT gpu, day, sum(windows) AS windows FROM coverage GROUP BY gpu, day) v
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
        return _unowned(db, centre)[offset : offset + limit]
    if kind == "unpriced":
        return _unpriced(db, centre, now)[offset : offset + limit]
    if kind == "unproved":
        days = capacity.unproved_days(db, centre=centre)
        return [vars(day) for day in days[offset : offset + limit]]
    if kind == "corrections":
        return [vars(job) for job in corrections.open_jobs(db, centre, limit=limit, offset=offset)]
    values = {"centre": centre, "limit": limit, "offset": offset}
    query = text(_QUERIES[kind])
    if kind == "silent":
        query = query.bindparams(now=now)
    return [dict(row._mapping) for row in db.execute(query, values)]  # noqa: SLF001 - SQLAlchemy's name


def _unowned(db: Session, centre: int | None) -> list[Row]:
    return [vars(row) for row in usage.unowned(db, centre)]


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
