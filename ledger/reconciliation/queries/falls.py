"""Read what would fall: decided cells of which less counts now than the books rest on, and why.

A fall has its cause in the documents (a red one took back, a line was moved) or in the metering (a
price, a binding or a billing source was stated anew, a witness contradicts, usage was corrected).
Everything that was recorded after the decision, and may have done it, is named. In a month of
several policy versions the days of each are looked at: what one version lost falls, though
another's days gained as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.reconciliation.codes import FallCause
from ledger.units import Fen, round_half_up
from ledger.vouchers.queries.earnings import share_of_cell

_DOCUMENTS = text("""
    SELECT l.part, d.number, sum(least(l.fen - coalesce(a.fen, 0), l.fen))::bigint AS fen,
           coalesce(bool_or(a.red), false) AS red, max(a.at) AS at, max(a.by) AS by
    FROM match_lines l JOIN reconciliations r ON r.id = l.reconciliation_id
    JOIN cost_documents d ON d.id = l.document_id
    LEFT JOIN LATERAL (
        SELECT sum(a.fen)::bigint AS fen, bool_or(a.fen < 0) AS red,
               max(a.allocated_at) AS at, max(a.allocated_by) AS by
        FROM cost_documents f JOIN allocations a ON a.document_id = f.id AND a.line = l.line
        WHERE coalesce(f.reverses_id, f.id) = l.document_id
            AND (a.contract_id, a.month, a.part) = (r.contract_id, r.month, l.part)
    ) a ON true
    WHERE r.contract_id = :contract AND r.month = :month AND coalesce(a.fen, 0) < l.fen
    GROUP BY l.part, d.number ORDER BY l.part, d.number
""")
# What was stated anew, or taken back, of the month after the cell was decided.
_FACTS = text("""
    WITH decided AS (
        SELECT m.part, coalesce(d.answered_at, d.decided_at) AS at, r.month,
               (r.month + interval '1 month')::date AS next
        FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
        JOIN decisions d ON d.id = m.decision_id
        WHERE r.contract_id = :contract AND r.month = :month
    ), facts AS (
        SELECT 'price' AS cause, part_of(p.kind, p.counts) AS part, p.valid, p.recorded_at,
               p.recorded_by, p.superseded_at, p.superseded_by,
               concat_ws(' ', nullif(p.name, ''), p.yuan || '/' || p.unit) AS name
        FROM prices p WHERE p.contract_id = :contract
        UNION ALL
        SELECT 'binding', NULL, b.valid, b.recorded_at, b.recorded_by, b.superseded_at,
               b.superseded_by, b.holder
        FROM contracts k JOIN bindings b ON b.project_id = k.project_id WHERE k.id = :contract
        UNION ALL
        SELECT 'source', NULL, s.valid, s.recorded_at, s.recorded_by, s.superseded_at,
               s.superseded_by, s.source
        FROM contracts k JOIN clusters c ON c.centre_id = k.centre_id
        JOIN billing_sources s ON s.cluster_id = c.id WHERE k.id = :contract
        UNION ALL
        SELECT 'witnesses', NULL, r.valid, r.recorded_at, r.recorded_by, r.superseded_at,
               r.superseded_by, r.required::text
        FROM contracts k JOIN clusters c ON c.centre_id = k.centre_id
        JOIN witness_requirements r ON r.cluster_id = c.id WHERE k.id = :contract
    )
    SELECT d.part, f.cause, f.name,
           CASE WHEN f.superseded_at > d.at THEN f.superseded_by ELSE f.recorded_by END AS by,
           CASE WHEN f.superseded_at > d.at THEN f.superseded_at ELSE f.recorded_at END AS at
    FROM decided d JOIN facts f ON (f.part IS NULL OR f.part = d.part)
        AND f.valid && daterange(d.month, d.next)
        AND (f.recorded_at > d.at AND f.superseded_at IS NULL
             OR f.recorded_at <= d.at AND f.superseded_at > d.at)
    ORDER BY d.part, at, f.cause, f.name
""")
# Use of the month that does not count for what a witness said, or two persons ruled, after that.
_CONTRADICTED = text("""
    SELECT concat_ws('/', c.name, e.namespace, e.pod) AS name, max(a.by) AS by, max(a.at) AS at
    FROM reconciliations r JOIN contracts k ON k.id = r.contract_id
    JOIN matches m ON m.reconciliation_id = r.id AND m.part = :part
    JOIN decisions d ON d.id = m.decision_id
    JOIN clusters c ON c.centre_id = k.centre_id
    JOIN evidence e ON e.cluster_id = c.id AND NOT e.counts
        AND (e.verdict = 'contradicting' OR e.incident_id IS NOT NULL AND e.verdict <> 'gap')
        AND e.day >= r.month AND e.day < r.month + interval '1 month'
    JOIN billing_sources s ON s.cluster_id = e.cluster_id AND s.source = e.source
        AND s.valid @> e.day AND s.superseded_at IS NULL
    LEFT JOIN witness_pods p ON (p.agent_id, p.uid) = (e.agent_id, e.pod_uid)
    JOIN bindings b ON b.project_id = k.project_id AND b.cluster_id = e.cluster_id
        AND b.valid @> e.day AND b.superseded_at IS NULL
        AND (b.holder_kind = 'pod' AND b.holder = e.namespace
             OR pod_is_meant(b.holder_kind, b.holder, p.owner, p.labels))
    CROSS JOIN LATERAL (
        SELECT x.answered_by AS by, x.answered_at AS at FROM incident_rulings i
            JOIN decisions x ON x.id = i.decision_id WHERE i.incident_id = e.incident_id
        UNION ALL
        SELECT NULL, t.received_at FROM agents w JOIN streams t ON t.agent_id = w.id
            WHERE w.cluster_id = c.id AND w.source = 'witness' AND e.verdict = 'contradicting'
    ) a
    WHERE r.contract_id = :contract AND r.month = :month
        AND a.at > coalesce(d.answered_at, d.decided_at)
    GROUP BY 1 ORDER BY 1 LIMIT 20
""")
_METERED_THEN = text("""
    SELECT m.part, m.metered_fen FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
    WHERE r.contract_id = :contract AND r.month = :month
""")
# Another cell still rests on a line that is allocated here now, though it was taken from there.
_HELD_ELSEWHERE = text("""
    SELECT DISTINCT k.number || ' ' || to_char(s.month, 'YYYY-MM') AS name
    FROM allocations a JOIN cost_documents d ON d.id = a.document_id AND d.reverses_id IS NULL
    JOIN match_lines l ON (l.document_id, l.line) = (a.document_id, a.line) AND l.good_fen > 0
    JOIN matches m ON (m.reconciliation_id, m.part) = (l.reconciliation_id, l.part)
    JOIN standing_matches s ON (s.reconciliation_id, s.part) = (l.reconciliation_id, l.part)
    JOIN contracts k ON k.id = s.contract_id
    WHERE a.contract_id = :contract AND a.month = :month AND a.fen > 0
        AND (s.contract_id, s.month, l.part) <> (a.contract_id, a.month, a.part)
        AND m.held_fen > s.standing_fen
    ORDER BY name
""")


@dataclass(frozen=True)
class Cause:
    """Why something falls. `fen` is by how much, where a document says it; `name` what it was."""

    code: FallCause
    name: str
    fen: Fen | None = None
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class VersionFigures:
    """What the books hold of a version's days, and what counts of them once it has fallen."""

    policy: str
    held_fen: Fen
    counted_fen: Fen


@dataclass(frozen=True)
class Fall:
    """A cell of which less counts than the books rest on, fen without tax.

    `versions` has the versions of a month that has several.
    """

    cell: Cell
    causes: tuple[Cause, ...]
    versions: tuple[VersionFigures, ...] = ()


def falling_cells(db: Session, projects: Sequence[int] | None = None) -> list[Cell]:
    """Return the cells of these projects, or of all, of which less counts now."""
    return [cell for cell in cells(db, projects=projects) if cell.fall_fen]


def falls_of(db: Session, contract: int, month: date) -> list[Fall]:
    """Return what would fall in a contract's month, with its causes."""
    falling = [c for c in cells(db, contracts=[contract], month=month) if c.fall_fen]
    return [Fall(c, tuple(_causes(db, c)), _versions(db, c)) for c in falling]


def held_elsewhere(db: Session, contract: int, month: date) -> list[str]:
    """Return the months whose falls must be decided first: `K-1 2026-03`."""
    return list(db.scalars(_HELD_ELSEWHERE, {"contract": contract, "month": month}))


def _versions(db: Session, cell: Cell) -> tuple[VersionFigures, ...]:
    if not cell.held_by_policy:
        return ()
    counted_fen = share_of_cell(db, cell.fallen())
    return tuple(
        VersionFigures(
            policy, round_half_up(fen), round_half_up(counted_fen.get(policy, Fraction(0)))
        )
        for policy, fen in cell.held_by_policy
    )


def _causes(db: Session, cell: Cell) -> list[Cause]:
    params = {"contract": cell.contract, "month": cell.month}
    causes = []
    if cell.standing_fen < cell.matched_fen:
        causes += [
            Cause(
                FallCause.RED_DOCUMENT if row.red else FallCause.DOCUMENT_MOVED,
                row.number, row.fen, row.by or "", row.at,
            )
            for row in db.execute(_DOCUMENTS, params) if row.part == cell.part
        ]  # fmt: skip
    if cell.version_fall_fen or cell.metered_fen + cell.extra_fen < cell.held_fen:
        causes += _of_metering(db, cell)
    return causes


def _of_metering(db: Session, cell: Cell) -> list[Cause]:
    params = {"contract": cell.contract, "month": cell.month}
    facts = [
        Cause(FallCause(row.cause), row.name, None, row.by, row.at)
        for row in db.execute(_FACTS, params)
        if row.part == cell.part
    ]
    facts += [
        Cause(FallCause.CONTRADICTED, row.name, None, row.by or "", row.at)
        for row in db.execute(_CONTRADICTED, {**params, "part": cell.part})
    ]
    then = {Part(row.part): row.metered_fen for row in db.execute(_METERED_THEN, params)}
    if facts:
        return facts
    changed_fen = max(then[cell.part] - cell.metered_fen, cell.version_fall_fen)
    return [Cause(FallCause.USAGE, f"{cell.month:%Y-%m}", changed_fen)]
