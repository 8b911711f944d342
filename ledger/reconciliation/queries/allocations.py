"""Read and write allocations: which fen of a document line pays for which cell.

Whoever allocates holds the lock until the commit. What may be allocated, and where there is room,
is read in `open_lines.py`. The caller checks beforehand what the database would refuse.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.reconciliation.rules.matching import Key, Share
from ledger.units import Fen

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.match', 0))")

_ALLOCATE = text("""
    INSERT INTO allocations (document_id, line, contract_id, month, price_id, policy, kind, fen,
        allocated_at, allocated_by)
    SELECT s.document_id, s.line, s.contract_id, s.month, s.price_id, s.policy, p.kind, s.fen, :now,
        :actor
    FROM unnest(
        CAST(:documents AS bigint[]), CAST(:lines AS smallint[]), CAST(:contracts AS bigint[]),
        CAST(:months AS date[]), CAST(:prices AS bigint[]), CAST(:policies AS text[]),
        CAST(:fen AS bigint[])
    ) AS s (document_id, line, contract_id, month, price_id, policy, fen)
    JOIN contracts k ON k.id = s.contract_id JOIN projects p ON p.id = k.project_id
    ON CONFLICT (document_id, line, contract_id, month, price_id, policy) DO UPDATE
        SET fen = allocations.fen + excluded.fen, allocated_at = excluded.allocated_at,
            allocated_by = excluded.allocated_by
""")
_FAMILY = text("""
    SELECT a.document_id AS document, a.line, a.contract_id AS contract, a.month,
           a.price_id AS price, a.policy, a.fen
    FROM cost_documents d JOIN allocations a ON a.document_id = d.id
    WHERE coalesce(d.reverses_id, d.id) = :root
    ORDER BY a.document_id, a.line, a.contract_id, a.month, a.price_id, a.policy
""")
_LOWER = text("""
    UPDATE allocations SET fen = fen - :fen, allocated_at = :now, allocated_by = :actor
    WHERE (document_id, line, contract_id, month, price_id, policy)
        = (:document, :line, :contract, :month, :price, :policy) AND fen > :fen
""")
_REMOVE = text("""
    DELETE FROM allocations WHERE (document_id, line, contract_id, month, price_id, policy)
        = (:document, :line, :contract, :month, :price, :policy) AND fen = :fen
""")
_RED = text("""
    SELECT d.id, d.reverses_id AS reverses, l.line, l.net_fen,
           (SELECT f.net_fen FROM family_sums f WHERE f.root = d.reverses_id) AS left_fen
    FROM cost_documents d JOIN document_lines l ON l.document_id = d.id
    WHERE d.id = :red AND d.reverses_id IS NOT NULL ORDER BY l.line
""")
_KIND_OF_CELL = text("""
    SELECT p.kind FROM prices c JOIN contracts k ON k.id = c.contract_id
    JOIN projects p ON p.id = k.project_id
    WHERE c.id = :price AND k.id = :contract AND (:policy = '' OR EXISTS (
        SELECT FROM vouchers v WHERE v.project_id = p.id AND v.policy = :policy))
""")
_KIND_OF_LINE = text("""
    SELECT min(kind) FROM allocations WHERE document_id = :document AND line = :line AND fen > 0
""")
_OPEN_DECISIONS = text("""
    DELETE FROM allocations a USING cost_documents d
    WHERE d.id = a.document_id AND coalesce(d.reverses_id, d.id) = :root AND NOT EXISTS (
        SELECT FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
        WHERE (r.contract_id, r.month, m.price_id, m.policy) = (a.contract_id, a.month, a.price_id,
            a.policy))
    RETURNING a.fen
""")


def lock(db: Session) -> None:
    """Keep others from allocating until the transaction ends."""
    db.execute(_ONE_AT_A_TIME)


def allocate(db: Session, shares: Sequence[Share], actor: str, now: datetime) -> None:
    """Add these shares in one statement."""
    if not shares:
        return
    contracts, months, prices, policies = zip(*(share.cell for share in shares), strict=True)
    columns = {"contracts": contracts, "months": months, "prices": prices, "policies": policies}
    db.execute(
        _ALLOCATE,
        {
            **{name: list(column) for name, column in columns.items()},
            "documents": [share.document for share in shares],
            "lines": [share.line for share in shares],
            "fen": [share.fen for share in shares],
            "now": now,
            "actor": actor,
        },
    )


def remove(db: Session, share: Share, actor: str, now: datetime) -> bool:
    """Remove fen of a line from a cell; return whether it had them."""
    contract, month, price, policy = share.cell
    row = {
        "document": share.document, "line": share.line, "contract": contract, "month": month,
        "price": price, "policy": policy, "fen": share.fen,
    }  # fmt: skip
    if db.execute(_REMOVE, row).rowcount:  # type: ignore[attr-defined]
        return True
    return bool(db.execute(_LOWER, {**row, "actor": actor, "now": now}).rowcount)  # type: ignore[attr-defined]


def kind_of(db: Session, cell: Key) -> str | None:
    """Return the kind of project of a cell; None if the cell is impossible."""
    contract, _, price, policy = cell
    params = {"contract": contract, "price": price, "policy": policy}
    kind = db.scalar(_KIND_OF_CELL, params)
    return str(kind) if kind else None


def kind_of_line(db: Session, document: int, line: int) -> str | None:
    """Return the kind of project that a document line serves already, if any."""
    kind = db.scalar(_KIND_OF_LINE, {"document": document, "line": line})
    return str(kind) if kind else None


def family(db: Session, root: int) -> list[Share]:
    """Return all allocations of an invoice and of its red ones."""
    rows = db.execute(_FAMILY, {"root": root})
    return [
        Share(r.document, r.line, (r.contract, r.month, r.price, r.policy), r.fen) for r in rows
    ]


def red_document(db: Session, red: int) -> tuple[int, Fen, list[tuple[int, int, Fen]]]:
    """Return a red document's blue one, that one's worth net of all reds, and the red lines.

    Raises:
        NotFound: there is no such red document.
    """
    rows = db.execute(_RED, {"red": red}).all()
    if not rows:
        raise NotFound("document", id=red)
    return rows[0].reverses, rows[0].left_fen, [(r.id, r.line, r.net_fen) for r in rows]


def remove_undecided(db: Session, root: int) -> Fen:
    """Remove an invoice, with its red ones, from all undecided cells; return net fen."""
    return sum(int(row.fen) for row in db.execute(_OPEN_DECISIONS, {"root": root}))


def contracts_of(db: Session, documents: Collection[int]) -> list[int]:
    """Return the contracts that these documents pay for or reverse."""
    query = text("SELECT DISTINCT contract_id FROM allocations WHERE document_id = ANY(:documents)")
    return list(db.scalars(query, {"documents": list(documents)}))
