"""Read the lines of red documents and of their blue ones, and write which take back which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.documents.tables import CostDocument
from ledger.errors import NotFound
from ledger.reconciliation.rules.matching import left_by_line
from ledger.reconciliation.rules.reds import PrintedLine
from ledger.units import Fen, month_of

_LINES = text("""
    SELECT l.line, l.item, l.unit, l.unit_price, l.tax_rate, l.net_fen,
           s.net_fen AS left_fen, s.allocated_fen
    FROM document_lines l JOIN line_sums s ON (s.root, s.line) = (l.document_id, l.line)
    WHERE l.document_id = :document ORDER BY l.line
""")
_KEEP = text("""
    INSERT INTO red_parts (document_id, line, fen, decision_id)
    SELECT :document, t.line, t.fen, :decision
    FROM unnest(CAST(:lines AS smallint[]), CAST(:fen AS bigint[])) AS t (line, fen)
""")
_UNCLEAR = text("""
    SELECT u.id, d.number, d.code, d.issued_on, d.net_fen, b.id AS blue, b.number AS blue_number,
           d.seller_name, d.received_at,
           (SELECT q.id FROM decisions q WHERE q.kind = 'red_parts' AND q.answer IS NULL
                AND q.content -> 'document' = to_jsonb(u.id)) AS proposed
    FROM unclear_reds u JOIN cost_documents d ON d.id = u.id
    JOIN cost_documents b ON b.id = u.reverses_id ORDER BY d.received_at, u.id
""")


@dataclass(frozen=True)
class RedDocument:
    """A red document beside what is left of its blue one, line by line."""

    id: int
    blue: int
    net_fen: Fen
    lines: tuple[PrintedLine, ...]
    blue_lines: tuple[PrintedLine, ...]  # of the blue one: `fen` less discounts and other red ones
    unallocated: Mapping[int, Fen]  # of the blue one's lines
    months: tuple[date, date] | None  # which it names, where it does not just repeat the blue one


def red_document(db: Session, red: int) -> RedDocument:
    """Return a red document with its blue one.

    Raises:
        NotFound: there is no such red document.
    """
    row = db.get(CostDocument, red)
    if row is None or row.reverses_id is None:
        raise NotFound("document", id=red)
    blue = db.get_one(CostDocument, row.reverses_id)
    lines = db.execute(_LINES, {"document": row.reverses_id}).all()
    whole = sum(line.left_fen for line in lines)
    worth = left_by_line([(r.line, r.left_fen, 0) for r in lines], whole)
    free = whole - sum(line.allocated_fen for line in lines)
    own_days = (row.since, row.until) != (blue.since, blue.until)
    return RedDocument(
        id=red,
        blue=row.reverses_id,
        net_fen=row.net_fen,
        lines=tuple(
            _printed_line(r, r.net_fen) for r in db.execute(_LINES, {"document": red}).all()
        ),
        blue_lines=tuple(_printed_line(r, worth[r.line]) for r in lines if r.line in worth),
        unallocated=left_by_line([(r.line, r.left_fen, r.allocated_fen) for r in lines], free),
        months=(month_of(row.since), month_of(row.until)) if own_days else None,
    )


def _printed_line(row: Row[Any], fen: Fen) -> PrintedLine:
    return PrintedLine(row.line, row.item, row.unit, row.unit_price, row.tax_rate, fen)


def keep_parts(
    db: Session, red: int, parts: Mapping[int, Fen], decision: int | None = None
) -> None:
    """Write what a red document takes back of each blue line, fen below zero."""
    columns = {"lines": list(parts), "fen": list(parts.values())}
    db.execute(_KEEP, {"document": red, "decision": decision, **columns})


def unclear_reds(db: Session) -> Sequence[Row[Any]]:
    """Return the red documents that do not say which lines they take back, the oldest first."""
    return db.execute(_UNCLEAR).all()
