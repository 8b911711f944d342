"""Read the questions to centres: of a contract's month, and of a centre."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

_MESSAGES = text("""
    SELECT m.id, m.code, m.body, m.document, d.number, m.answer_by, m.sent_at, m.sent_by, m.answer,
           m.answered_at, m.answered_by, r.contract, r.month, k.number AS contract_number,
           p.name AS project
    FROM messages m JOIN reconciliations r ON r.id = m.reconciliation
    JOIN contracts k ON k.id = r.contract JOIN projects p ON p.id = k.project
    LEFT JOIN cost_documents d ON d.id = m.document
    WHERE (CAST(:contract AS bigint) IS NULL OR r.contract = :contract)
        AND (CAST(:month AS date) IS NULL OR r.month = :month)
        AND (CAST(:centre AS bigint) IS NULL OR k.centre = :centre)
    ORDER BY m.answer IS NOT NULL, m.answer_by, m.id
""")


def of_month(db: Session, contract: int, month: date) -> Sequence[Row[Any]]:
    """Return the questions about a contract's month, unanswered ones first."""
    return _read(db, contract=contract, month=month)


def of_centre(db: Session, centre: int) -> Sequence[Row[Any]]:
    """Return the questions to a centre, unanswered ones first, by due day."""
    return _read(db, centre=centre)


def _read(db: Session, **filters: object) -> Sequence[Row[Any]]:
    return db.execute(_MESSAGES, {"contract": None, "month": None, "centre": None, **filters}).all()
