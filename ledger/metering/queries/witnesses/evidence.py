"""What witnesses say of usage, as the database keeps it: compared, counted, graded.

`keep_evidence` (metering/33_evidence.sql) compares the days of which windows or words came since;
who charges or shows it asks for that first. A witness that the bureau has not approved is not
heard. What is no pod's, or of a cluster that neither has nor needs a witness, has one source and is
not in here.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.codes import WitnessReason, WitnessVerdict
from ledger.units import next_month

_CLUSTERS = text("""
    SELECT cluster_id FROM compared_clusters
    WHERE CAST(:cluster AS bigint) IS NULL OR cluster_id = :cluster
    ORDER BY cluster_id
""")
_KEEP = text("SELECT keep_evidence(:cluster)")

_SUMS = text("""
    WITH pieces AS (
        SELECT e.*, coalesce(m.holder_kind, 'pod') AS bound_kind,
               coalesce(m.holder, e.namespace) AS bound_holder
        FROM evidence e LEFT JOIN moved_use m ON m.id = e.id
        WHERE e.day >= :since AND e.day < :until
    ), said AS (
        SELECT p.cluster_id, p.day, p.source, p.bound_kind, p.bound_holder, p.verdict, p.reason,
               p.counts, p.grade, p.incident_id IS NOT NULL AS is_explained, p.held, p.den
        FROM pieces p
        UNION ALL  -- what no witness was asked about
        SELECT t.cluster_id, t.day, t.source, t.holder_kind, t.holder, 'single', 'no_witness',
               r.cluster_id IS NULL,
               CASE WHEN r.cluster_id IS NULL THEN
                   CASE t.source WHEN 'slurm' THEN 'C' WHEN 'import' THEN 'D' ELSE 'B' END END,
               false, t.held, t.den
        FROM day_totals t LEFT JOIN two_witnesses r ON t.holder_kind <> 'pod'
            AND r.cluster_id = t.cluster_id AND r.valid @> t.day
        WHERE t.day >= :since AND t.day < :until
            AND t.holder_kind IN ('pod', 'slurm', 'static')
        UNION ALL
        SELECT j.cluster_id, j.day, j.source, t.kind, t.holder, 'single', 'no_witness', true,
               CASE j.source WHEN 'import' THEN 'D' ELSE 'C' END, false, t.sign * j.held, j.den
        FROM moved_jobs j CROSS JOIN LATERAL (
            VALUES ('slurm', j.holder, -1), ('user', j.bound_holder, 1)) AS t(kind, holder, sign)
        WHERE j.day >= :since AND j.day < :until
        UNION ALL
        SELECT e.cluster_id, e.day, e.source, 'pod', e.namespace, 'single', 'no_witness', true,
               'B', false, -e.held, e.den
        FROM evidence e WHERE e.day >= :since AND e.day < :until AND e.verdict <> 'gap'
    )
    SELECT j.code AS project, c.name AS cluster, t.verdict, t.reason, t.counts, t.grade,
           t.is_explained, t.den, sum(t.held) AS held
    FROM said t
    JOIN clusters c ON c.id = t.cluster_id
    JOIN billing_sources s ON s.cluster_id = t.cluster_id AND s.source = t.source
        AND s.valid @> t.day AND s.superseded_at IS NULL
    LEFT JOIN bindings b ON b.cluster_id = t.cluster_id AND b.holder_kind = t.bound_kind
        AND b.holder = t.bound_holder AND b.valid @> t.day AND b.superseded_at IS NULL
    LEFT JOIN projects j ON j.id = b.project_id
    WHERE (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
        AND (CAST(:project AS bigint) IS NULL OR b.project_id = :project)
        AND (CAST(:cluster AS bigint) IS NULL OR c.id = :cluster)
    GROUP BY j.code, c.name, t.verdict, t.reason, t.counts, t.grade, t.is_explained, t.den
    HAVING sum(t.held) <> 0
    ORDER BY j.code NULLS LAST, c.name, t.verdict, t.reason, t.counts, t.grade, t.is_explained
""")

# A device's day of a holder is proved by three where all that it held there agrees.
_PROVED = text("""
    WITH used AS (
        SELECT t.gpu, t.day, t.cluster_id, t.source, t.holder_kind, t.holder, t.den,
               sum(t.held) AS held
        FROM day_use t JOIN bindings b ON b.cluster_id = t.cluster_id
            AND b.holder_kind = t.holder_kind AND b.holder = t.holder AND b.valid @> t.day
            AND b.superseded_at IS NULL
        WHERE b.project_id = :project AND t.day < :until
            AND t.cluster_id IN (SELECT cluster_id FROM evidence_days)
        GROUP BY t.gpu, t.day, t.cluster_id, t.source, t.holder_kind, t.holder, t.den
        HAVING sum(t.held) > 0
    ), agreed AS (
        SELECT e.gpu, e.day, e.cluster_id, e.source, coalesce(m.holder_kind, 'pod') AS holder_kind,
               coalesce(m.holder, e.namespace) AS holder, e.den, sum(e.held) AS held
        FROM evidence e LEFT JOIN moved_use m ON m.id = e.id
        WHERE e.grade = 'A' AND e.day < :until
        GROUP BY e.gpu, e.day, e.cluster_id, e.source, 5, 6, e.den
    )
    SELECT u.gpu, u.day, concat_ws('/', c.name, u.holder_kind, u.holder) AS holder, u.source
    FROM used u JOIN clusters c ON c.id = u.cluster_id
    LEFT JOIN agreed a USING (gpu, day, cluster_id, source, holder_kind, holder, den)
    GROUP BY u.gpu, u.day, c.name, u.holder_kind, u.holder, u.source
    HAVING bool_and(a.held IS NOT DISTINCT FROM u.held)
""")

_PIECES = text("""
    SELECT gpu, node, namespace, pod, container, uid, low, high, verdict, reason, counts, grade,
           incident_id AS incident
    FROM evidence
    WHERE cluster_id = :cluster AND day = :day AND (CAST(:node AS text) IS NULL OR node = :node)
    ORDER BY gpu, device, low, namespace, pod, container, uid LIMIT :limit
""")
_UNWITNESSED = text("""
    SELECT h.gpu, g.node, h.namespace, h.pod, h.container, h.uid, h.low, h.high,
           'single' AS verdict, 'no_witness' AS reason, true AS counts, 'B' AS grade,
           NULL AS incident
    FROM holds h JOIN gpus g USING (gpu)
    WHERE h.cluster_id = :cluster AND h.day = :day AND h.kind = 'pod'
        AND (CAST(:node AS text) IS NULL OR g.node = :node)
    ORDER BY h.gpu, h.device, h.low, h.namespace, h.pod, h.container, h.uid LIMIT :limit
""")
_HOLDS = text("SELECT keep_holds(:cluster, :day)")

# Of a contract's month, what waits for a witness where two are needed.
_PENDING = text("""
    SELECT e.den, sum(e.held) AS held
    FROM contracts k JOIN clusters c ON c.centre_id = k.centre_id
    JOIN two_witnesses r ON r.cluster_id = c.id
    JOIN evidence e ON e.cluster_id = c.id AND r.valid @> e.day AND e.verdict = 'pending'
        AND e.counts AND e.incident_id IS NULL AND e.day >= :month AND e.day < :next
    JOIN billing_sources s ON s.cluster_id = c.id AND s.source = e.source AND s.valid @> e.day
        AND s.superseded_at IS NULL
    LEFT JOIN moved_use m ON m.id = e.id
    JOIN bindings b ON b.project_id = k.project_id AND b.cluster_id = c.id AND b.valid @> e.day
        AND b.superseded_at IS NULL AND b.holder_kind = coalesce(m.holder_kind, 'pod')
        AND b.holder = coalesce(m.holder, e.namespace)
    WHERE k.id = :contract GROUP BY e.den
""")

PIECES_MAX = 2_000
"""So many stretches one answer shows: of a node and a day."""


@dataclass(frozen=True)
class EvidenceSum:
    """Usage of a project on a cluster of which the witnesses say one thing."""

    project: str | None
    cluster: str
    verdict: WitnessVerdict
    reason: WitnessReason | None
    counts: bool
    grade: str | None
    is_explained: bool
    device_ms: Fraction


@dataclass(frozen=True)
class Piece:
    """A stretch for which a pod held a device, and what the witnesses say of it."""

    gpu: str
    node: str
    namespace: str
    pod: str
    container: str
    uid: str
    low: datetime
    high: datetime
    verdict: WitnessVerdict
    reason: WitnessReason | None
    counts: bool
    grade: str | None
    incident: int | None

    @property
    def length_ms(self) -> int:
        """Milliseconds."""
        return (self.high - self.low) // timedelta(milliseconds=1)


Proof = tuple[str, date, str, str]
"""GPU, Beijing day, `cluster/kind/holder`, source: as of a `Usage` in detail."""


def keep_evidence(db: Session, cluster: int | None = None) -> bool:
    """Compare what changed, of one cluster or of all; return whether any has a witness."""
    clusters = db.scalars(_CLUSTERS, {"cluster": cluster}).all()
    for number in clusters:
        db.execute(_KEEP, {"cluster": number})
    return bool(clusters)


def evidence_sums(
    db: Session,
    month: date,
    *,
    centre: int | None = None,
    project: int | None = None,
    cluster: int | None = None,
) -> list[EvidenceSum]:
    """Return what was used in a month by project, cluster and verdict; `keep_evidence` before."""
    values = {
        "since": month, "until": next_month(month), "centre": centre, "project": project,
        "cluster": cluster,
    }  # fmt: skip
    sums: dict[EvidenceSum, Fraction] = {}
    for r in db.execute(_SUMS, values):
        reason = WitnessReason(r.reason) if r.reason else None
        key = EvidenceSum(
            r.project, r.cluster, WitnessVerdict(r.verdict), reason, r.counts, r.grade,
            r.is_explained, Fraction(0),
        )  # fmt: skip
        sums[key] = sums.get(key, Fraction(0)) + Fraction(int(r.held), r.den)
    return [replace(key, device_ms=ms) for key, ms in sums.items() if ms]


def proved_by_three(db: Session, project: int, until: date) -> set[Proof]:
    """Return the device-days before `until` on which all that a project used agrees."""
    rows = db.execute(_PROVED, {"project": project, "until": until})
    return {(r.gpu, r.day, r.holder, r.source) for r in rows}


def pending_ms(db: Session, contract: int, month: date) -> Fraction:
    """Return the device-ms of a contract's month that wait for a witness which they need.

    `keep_evidence` before.
    """
    values = {"contract": contract, "month": month, "next": next_month(month)}
    rows = db.execute(_PENDING, values)
    return sum((Fraction(int(r.held), r.den) for r in rows), Fraction(0))


def pieces(db: Session, cluster: int, day: date, node: str | None = None) -> list[Piece]:
    """Return the stretches of a cluster's Beijing day, or of a node's, as compared now."""
    values = {"cluster": cluster, "day": day, "node": node, "limit": PIECES_MAX}
    if keep_evidence(db, cluster):
        rows = db.execute(_PIECES, values).all()
    else:
        db.execute(_HOLDS, {"cluster": cluster, "day": day})
        rows = db.execute(_UNWITNESSED, values).all()
    return [_piece(row) for row in rows]


def _piece(row: Any) -> Piece:  # noqa: ANN401 - a row
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name
    fields["verdict"] = WitnessVerdict(row.verdict)
    fields["reason"] = WitnessReason(row.reason) if row.reason else None
    return Piece(**fields)
