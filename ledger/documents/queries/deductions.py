"""Read deductions at the counter, newest first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.units import Fen

_DEDUCTIONS = text("""
    SELECT x.id, x.document_id AS document, d.number, k.number AS contract, p.code AS project,
           c.name AS centre, d.gross_fen, x.fen, x.held_fen, n.counted_fen, x.stated_at,
           x.stated_by, x.confirmed_at, x.confirmed_by, q.id AS decision,
           coalesce(s.content, q.content) ->> 'original' AS consent
    FROM deductions x JOIN counted_deductions n ON n.id = x.id
    JOIN cost_documents d ON d.id = x.document_id
    JOIN contracts k ON k.id = x.contract_id JOIN projects p ON p.id = k.project_id
    JOIN centres c ON c.id = k.centre_id
    LEFT JOIN decisions s ON s.id = x.consent_decision_id
    LEFT JOIN decisions q ON q.kind IN ('deduction_consent', 'deduction_fall')
        AND q.answer IS NULL AND q.subject = concat('deduction ', x.id)
    WHERE (CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre)
        AND (CAST(:project AS bigint) IS NULL OR k.project_id = :project)
    ORDER BY x.id DESC
""")
_COUNTED = text("SELECT counted_fen FROM counted_deductions WHERE id = :deduction")


def deductions(
    db: Session, *, centre: int | None = None, project: int | None = None
) -> Sequence[Row[Any]]:
    """Return the deductions of a centre and of a project, or of any."""
    return db.execute(_DEDUCTIONS, {"centre": centre, "project": project}).all()


def confirmed_fen(db: Session, *, project: int) -> Fen:
    """Return what a project's builder deducted at centres' counters and confirmed, fen."""
    rows = deductions(db, project=project)
    return sum(row.held_fen for row in rows if row.confirmed_at is not None)


def unconfirmed(db: Session, *, project: int) -> int:
    """Return how many deductions wait for the word of a project's builder."""
    return sum(row.confirmed_at is None for row in deductions(db, project=project))


def counted_fen(db: Session, deduction: int) -> Fen:
    """Return what counts of a deduction now: what red documents left of it, fen."""
    return int(db.execute(_COUNTED, {"deduction": deduction}).scalar_one())


def falls(db: Session) -> Sequence[Row[Any]]:
    """Return the confirmed deductions of which red documents took something back."""
    rows = deductions(db)
    return [row for row in rows if row.confirmed_at and row.counted_fen < row.held_fen]
