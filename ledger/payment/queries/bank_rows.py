"""Read the bank's rows: what was received, and what waits for two persons."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.payment.rules.payment_list import EarlierRows
from ledger.units import Fen

_ROWS = """
    SELECT r.id, r.reference, s.number AS list, r.line, r.result, r.fen, r.on_day, r.reason,
           r.original, r.place, r.received_at, r.received_by, r.state, c.number AS claim,
           p.name AS project, n.paid_fen AS line_paid_fen, n.returned_fen AS line_returned_fen,
           n.fen - n.paid_fen - n.returned_fen AS line_open_fen, n.fen AS line_fen,
           d.id AS decision
    FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id
    JOIN payment_lines n ON (n.list_id, n.line) = (r.list_id, r.line)
    JOIN claims c ON c.id = n.claim_id JOIN vouchers v ON v.id = n.voucher_id
    JOIN projects p ON p.id = v.project_id
    LEFT JOIN decisions d ON d.kind = 'bank_reversal' AND d.answer IS NULL
        AND d.subject = concat('bank ', s.number, ' / ', r.line, ' #', r.id)
"""
_WAITING = text(_ROWS + " WHERE r.state = 'open' ORDER BY r.id LIMIT :limit OFFSET :offset")
_OF_LIST = text(_ROWS + " WHERE s.number = :number ORDER BY r.line, r.id")
_FILES = text("""
    SELECT r.original, min(o.name) AS name, min(r.received_at) AS received_at,
           min(r.received_by) AS received_by, count(*) AS rows, sum(r.fen)::bigint AS fen
    FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id
    JOIN originals o ON o.hash = r.original
    WHERE s.number = :number GROUP BY r.original ORDER BY received_at, r.original
""")
_EARLIER = text("""
    SELECT r.reference, s.number AS list, r.line, r.result, r.fen, r.on_day,
           r.state IN ('booked', 'open', 'accepted') AS counts
    FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id
    WHERE r.reference = ANY(:references)
""")
_TOTALS = text("""
    SELECT s.number, count(*) AS lines, sum(l.fen)::bigint AS fen
    FROM payment_lists s JOIN payment_lines l ON l.list_id = s.id
    WHERE s.number = ANY(:numbers) GROUP BY s.id ORDER BY s.id
""")
_NET_PAID = text("""
    SELECT (SELECT coalesce(sum(l.paid_fen + l.over_fen), 0) FROM payment_lines l
            JOIN payment_lists s ON s.id = l.list_id
            WHERE l.voucher_id = :voucher AND s.indicator_id = :indicator)::bigint
        - (SELECT coalesce(sum(fen), 0) FROM refunds
           WHERE voucher_id = :voucher AND indicator_id = :indicator)::bigint
""")


def waiting_rows(db: Session, *, limit: int = 1000, offset: int = 0) -> Sequence[Row[Any]]:
    """Return the rows that two persons are to decide, the oldest first."""
    return db.execute(_WAITING, {"limit": limit, "offset": offset}).all()


def rows_of_list(db: Session, number: str) -> Sequence[Row[Any]]:
    """Return every row about a list, by line, as they came."""
    return db.execute(_OF_LIST, {"number": number}).all()


def files_of_list(db: Session, number: str) -> Sequence[Row[Any]]:
    """Return the bank's files that speak of a list, with their rows about it and these' sum."""
    return db.execute(_FILES, {"number": number}).all()


def earlier_rows(db: Session, references: Iterable[str]) -> EarlierRows:
    """Return what was received under these references."""
    rows = db.execute(_EARLIER, {"references": sorted(set(references))}).all()
    keys = {(r.reference, r.list, r.line, r.result, r.fen, r.on_day) for r in rows if r.counts}
    return EarlierRows(frozenset(row.reference for row in rows), frozenset(keys))


def list_totals(db: Session, numbers: Iterable[str]) -> dict[str, tuple[int, Fen]]:
    """Return the number of lines and the sum of these lists, fen."""
    rows = db.execute(_TOTALS, {"numbers": sorted(set(numbers))})
    return {row.number: (row.lines, row.fen) for row in rows}


def net_paid(db: Session, voucher: int, indicator: int) -> Fen:
    """Return what this indicator paid under this voucher and has not got back, fen."""
    key = {"voucher": voucher, "indicator": indicator}
    return int(db.execute(_NET_PAID, key).scalar_one())
