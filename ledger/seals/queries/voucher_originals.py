"""Which originals belong to a posting: the documents of its month, or of its claim and bank row."""

from datetime import date

from sqlalchemy import text
from sqlmodel import Session

_OF_POSTINGS = text("""
    WITH wanted AS (
        SELECT id, number, cause FROM postings
        WHERE booked >= :since AND booked < :until AND number <= :last
    )
    SELECT w.number, d.original AS hash
    FROM wanted w JOIN movements m ON m.posting_id = w.id JOIN cost_books c ON c.book_id = m.book_id
    JOIN reconciliations r ON r.id = c.reconciliation_id
    JOIN allocations a ON (a.contract_id, a.month) = (r.contract_id, r.month)
    JOIN cost_documents d ON d.id = a.document_id
    UNION
    SELECT w.number, p.original
    FROM wanted w JOIN movements m ON m.posting_id = w.id JOIN cost_books c ON c.book_id = m.book_id
    JOIN reconciliations r ON r.id = c.reconciliation_id
    JOIN allocations a ON (a.contract_id, a.month) = (r.contract_id, r.month)
    JOIN receipts p ON p.document_id = a.document_id
    UNION
    SELECT w.number, f.original
    FROM wanted w JOIN payment_lists s ON split_part(w.cause, '/', 1) = 'pay'
        AND s.number = split_part(w.cause, '/', 2)
    JOIN payment_lines l ON l.list_id = s.id AND l.line::text = split_part(w.cause, '/', 3)
    JOIN claim_files f ON f.claim_id = l.claim_id
    UNION
    SELECT w.number, b.original
    FROM wanted w JOIN bank_returns b ON w.cause = 'bank/' || b.reference
    ORDER BY 1, 2
""")
_ORIGINAL = text("SELECT name, content FROM originals WHERE hash = :hash")


def originals_of(db: Session, since: date, until: date, last: int) -> dict[int, list[str]]:
    """Return the hashes of the originals of each posting of a period, by its number."""
    params = {"since": since, "until": until, "last": last}
    of_posting: dict[int, list[str]] = {}
    for row in db.execute(_OF_POSTINGS, params):
        of_posting.setdefault(row.number, []).append(row.hash)
    return of_posting


def original_file(db: Session, hash_: str) -> tuple[str, bytes]:
    """Return the name and the bytes of an original."""
    row = db.execute(_ORIGINAL, {"hash": hash_}).one()
    return row.name, bytes(row.content)
