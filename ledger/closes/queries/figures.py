"""What a month comes to: its usage with what each contract charged, or what its books moved."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from ledger.closes.codes import CloseKind
from ledger.units import next_month

_COVERAGE = text("""
    SELECT coalesce(sum(windows), 0)::bigint AS windows,
           coalesce(sum(window_ms), 0)::bigint AS window_ms,
           coalesce(sum(gap_ms), 0)::bigint AS gap_ms,
           (SELECT last FROM numbering) AS last_posting
    FROM coverage WHERE day >= :month AND day < :until
""")
_CHARGES = text("""
    SELECT k.number AS contract, sum(c.cost_fen)::bigint AS cost_fen
    FROM charges c JOIN contracts k ON k.id = c.contract_id
    WHERE c.month = :month GROUP BY k.number ORDER BY k.number
""")
_POSTINGS = text("""
    SELECT count(*) AS postings, min(number) AS first, max(number) AS last
    FROM postings WHERE booked = :month AND number IS NOT NULL
""")
_MOVED = text("""
    SELECT b.ledger, m.kind, m.from_role, m.to_role, count(*) AS movements,
           sum(m.amount)::bigint AS fen
    FROM postings p JOIN movements m ON m.posting_id = p.id JOIN books b ON b.id = m.book_id
    WHERE p.booked = :month
    GROUP BY b.ledger, m.kind, m.from_role, m.to_role
    ORDER BY b.ledger, m.kind, m.from_role, m.to_role
""")


def figures(db: Session, kind: CloseKind, month: date) -> dict[str, Any]:
    """Return what the month comes to now; of its usage, or of what was booked in it."""
    return _usage(db, month) if kind == CloseKind.USAGE else _books(db, month)


def _usage(db: Session, month: date) -> dict[str, Any]:
    params = {"month": month, "until": next_month(month)}
    coverage = db.execute(_COVERAGE, params).mappings().one()
    rows = db.execute(_CHARGES, params).mappings()
    return {**coverage, "contracts": [dict(row) for row in rows]}


def _books(db: Session, month: date) -> dict[str, Any]:
    postings = db.execute(_POSTINGS, {"month": month}).mappings().one()
    rows = db.execute(_MOVED, {"month": month}).mappings()
    return {**postings, "moves": [dict(row) for row in rows]}
