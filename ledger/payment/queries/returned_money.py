"""Read refunds and recovery cases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

_REFUNDS = text("""
    SELECT f.reference, p.code AS project, p.name AS project_name, i.number AS indicator, i.year,
           f.fen, f.total_fen, f.on_day, f.fraud, f.to_treasury, f.received_at, f.received_by
    FROM refunds f JOIN vouchers v ON v.id = f.voucher_id JOIN projects p ON p.id = v.project_id
    JOIN indicators i ON i.id = f.indicator_id
    ORDER BY f.received_at DESC, f.reference LIMIT :limit OFFSET :offset
""")

# Outstanding is what the voucher still owes, and nothing once a case is closed.
_RECOVERIES = text("""
    SELECT r.number, p.code AS project, p.name AS project_name, r.reason, r.fraud, r.fen,
           CASE WHEN r.closed_at IS NULL THEN x.balance ELSE 0 END AS outstanding_fen,
           r.pay_by, r.opened_at, r.opened_by, r.closed_at
    FROM recoveries r JOIN vouchers v ON v.id = r.voucher_id JOIN projects p ON p.id = v.project_id
    JOIN accounts x ON x.book_id = v.book_id AND x.role = 'recoverable'
    ORDER BY r.closed_at IS NOT NULL, r.pay_by, r.id LIMIT :limit OFFSET :offset
""")


def refunds(db: Session, *, limit: int = 1000, offset: int = 0) -> Sequence[Row[Any]]:
    """Return refunds, the newest first."""
    return db.execute(_REFUNDS, {"limit": limit, "offset": offset}).all()


def recoveries(db: Session, *, limit: int = 1000, offset: int = 0) -> Sequence[Row[Any]]:
    """Return recovery cases: open ones first, by deadline."""
    return db.execute(_RECOVERIES, {"limit": limit, "offset": offset}).all()
