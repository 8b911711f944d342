"""Incidents of the witnesses: what nobody has explained yet, what is explained, what is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.codes import IncidentKind, WitnessReason

# A node's contradictions and gaps of one reason, namespace and day are told in one row.
_UNEXPLAINED = text("""
    SELECT c.name AS cluster, e.verdict AS kind, e.reason, e.node, e.namespace, e.day,
           min(e.low) AS since, max(e.high) AS until, count(DISTINCT e.pod) AS pods,
           sum(e.held / e.den::numeric) AS about_ms
    FROM evidence e JOIN clusters c ON c.id = e.cluster_id
    JOIN billing_sources s ON s.cluster_id = e.cluster_id AND s.source = e.source
        AND s.valid @> e.day AND s.superseded_at IS NULL
    WHERE (NOT e.counts OR e.verdict = 'gap') AND e.incident_id IS NULL
        AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
    GROUP BY c.name, e.verdict, e.reason, e.node, e.namespace, e.day
    ORDER BY e.day DESC, c.name, e.node, e.namespace, e.verdict, e.reason
    LIMIT :limit OFFSET :offset
""")

_INCIDENTS = text("""
    SELECT i.id, c.name AS cluster, c.id AS cluster_id, c.centre_id AS centre, i.kind,
           i.explanation, i.file, i.original, i.explained_by, i.explained_at, s.since, s.until,
           s.nodes, s.holders,
           r.counts, coalesce(r.decision_id, d.id) AS decision
    FROM incidents i JOIN clusters c ON c.id = i.cluster_id
    CROSS JOIN LATERAL (
        SELECT min(lower(span)) AS since, max(upper(span)) AS until,
               array_agg(DISTINCT node ORDER BY node) AS nodes, count(DISTINCT holder) AS holders
        FROM incident_spans WHERE incident_id = i.id) s
    LEFT JOIN incident_rulings r ON r.incident_id = i.id
    LEFT JOIN decisions d ON d.kind = 'incident' AND d.subject = 'incident ' || i.id
        AND d.answer IS NULL
    WHERE (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
        AND (CAST(:id AS bigint) IS NULL OR i.id = :id)
        AND (NOT :open OR r.incident_id IS NULL)
    ORDER BY i.id DESC LIMIT :limit OFFSET :offset
""")
_SPAN_SUMS = text("""
    SELECT incident_id, den,
           sum(num * (extract(epoch FROM upper(span) - lower(span)) * 1000)::bigint) AS held
    FROM incident_spans WHERE incident_id = ANY(:ids) GROUP BY incident_id, den
""")
_EXPLAIN = text("""
    SELECT explain_incident(:cluster, :kind, :since, :until, :node, :namespace, :pod, :words, :file,
        :original, :actor, :now)
""")
_RULE = text("""
    INSERT INTO incident_rulings (incident_id, counts, decision_id)
    VALUES (:incident, :counts, :decision)
""")
_WAITING = text("""
    SELECT i.explained_at AS since FROM incidents i WHERE NOT EXISTS (
        SELECT FROM incident_rulings r WHERE r.incident_id = i.id) AND NOT EXISTS (
        SELECT FROM decisions d WHERE d.kind = 'incident' AND d.subject = 'incident ' || i.id
            AND d.answer IS NULL)
""")


@dataclass(frozen=True)
class Unexplained:
    """Use of a node's day that a witness contradicts, or that nobody metered; about how long."""

    cluster: str
    kind: IncidentKind
    reason: WitnessReason | None
    node: str
    namespace: str
    day: date
    since: datetime
    until: datetime
    pods: int
    device_ms: int


@dataclass(frozen=True)
class Incident:
    """What a person explained; `counts` is what two persons decided, `decision` theirs or open."""

    id: int
    cluster: str
    cluster_id: int
    centre: int
    kind: IncidentKind
    explanation: str
    file: str
    original: str
    explained_by: str
    explained_at: datetime
    since: datetime
    until: datetime
    nodes: tuple[str, ...]
    holders: int
    counts: bool | None
    decision: int | None
    device_ms: Fraction


@dataclass(frozen=True)
class Scope:
    """Of which time, node, namespace and pod the evidence is explained; None: any."""

    cluster: int
    kind: IncidentKind
    since: datetime
    until: datetime
    node: str | None = None
    namespace: str | None = None
    pod: str | None = None


def unexplained(
    db: Session, *, centre: int | None = None, limit: int = 100, offset: int = 0
) -> list[Unexplained]:
    """Return what nobody has explained yet, newest day first, as last compared."""
    rows = db.execute(_UNEXPLAINED, {"centre": centre, "limit": limit, "offset": offset})
    return [
        Unexplained(
            r.cluster, IncidentKind(r.kind), WitnessReason(r.reason) if r.reason else None,
            r.node, r.namespace, r.day, r.since, r.until, r.pods, round(r.about_ms),
        )
        for r in rows
    ]  # fmt: skip


def incidents(
    db: Session,
    *,
    centre: int | None = None,
    number: int | None = None,
    open_only: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> list[Incident]:
    """Return what was explained, newest first."""
    values = {
        "centre": centre, "id": number, "open": open_only, "limit": limit, "offset": offset,
    }  # fmt: skip
    rows = db.execute(_INCIDENTS, values).all()
    sums: dict[int, Fraction] = {}
    for r in db.execute(_SPAN_SUMS, {"ids": [row.id for row in rows]}):
        sums[r.incident_id] = sums.get(r.incident_id, Fraction(0)) + Fraction(int(r.held), r.den)
    return [_incident(row, sums[row.id]) for row in rows]


def waiting_incidents(db: Session) -> Sequence[datetime]:
    """Return since when explained incidents wait for a proposal."""
    return [row.since for row in db.execute(_WAITING)]


def record_explanation(
    db: Session, scope: Scope, *, words: str, file: str, original: str, actor: str, now: datetime
) -> int | None:
    """Let the database keep an explanation; None if nothing in its scope is left to explain."""
    number: int | None = db.execute(
        _EXPLAIN,
        {**vars(scope), "words": words, "file": file, "original": original, "actor": actor,
         "now": now},
    ).scalar_one()  # fmt: skip
    return number


def record_ruling(db: Session, incident: int, decision: int, *, counts: bool) -> None:
    """Write what two persons decided of an incident."""
    db.execute(_RULE, {"incident": incident, "counts": counts, "decision": decision})


def _incident(row: Any, device_ms: Fraction) -> Incident:  # noqa: ANN401 - a row
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name
    fields |= {"kind": IncidentKind(row.kind), "nodes": tuple(row.nodes)}
    return Incident(**fields, device_ms=device_ms)
