"""Read what decided months were billed too much, line by line.

What documents pay into a decided cell beyond what two persons matched there, and beyond what is
metered there by now, earns nothing. It may pay for usage of other months of the same document. What
was excluded of a line, what a clerk laid by hand, and documents that do not stand stay where they
are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Key
from ledger.reconciliation.rules.matching import OpenLine

_CONTRACTS = text("""
    SELECT DISTINCT r.contract_id
    FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
    WHERE m.invoiced_fen > m.matched_fen ORDER BY r.contract_id
""")
_LINES = text("""
    SELECT l.contract_id, l.month, l.part, l.document_id AS document, l.line, d.number, d.issued_on,
           d.since, d.until, least(l.standing_fen, a.fen) AS left_fen, n.net_fen, a.kind
    FROM standing_lines l JOIN standing_documents s ON s.id = l.document_id
    JOIN cost_documents d ON d.id = l.document_id
    JOIN document_lines n ON (n.document_id, n.line) = (l.document_id, l.line)
    JOIN allocations a ON (a.document_id, a.line, a.contract_id, a.month, a.part)
        = (l.document_id, l.line, l.contract_id, l.month, l.part)
    LEFT JOIN statements t ON t.number = d.statement
    WHERE l.contract_id = ANY(:contracts) AND l.standing_fen > 0 AND NOT a.by_hand
        AND t.number IS NULL
    ORDER BY d.issued_on DESC, d.number COLLATE "C" DESC, d.id DESC, l.line DESC
""")


@dataclass(frozen=True)
class PaidLine:
    """A line that stands in a decided cell; `line.left_fen` is what may leave it at most."""

    cell: Key
    line: OpenLine


def contracts_with_excess(db: Session) -> list[int]:
    """Return the contracts with decided cells that were billed more than two persons matched."""
    return list(db.scalars(_CONTRACTS))


def lines_of(db: Session, contracts: Sequence[int]) -> list[PaidLine]:
    """Return the lines in decided cells of these contracts that may move, the newest first."""
    return [_line(row) for row in db.execute(_LINES, {"contracts": list(contracts)})]


def _line(row: Row[tuple[object, ...]]) -> PaidLine:
    line = OpenLine(
        row.document, row.line, row.number, row.issued_on, row.since, row.until, row.left_fen,
        row.net_fen, None, row.kind,
    )  # fmt: skip
    return PaidLine((row.contract_id, row.month, Part(row.part)), line)
