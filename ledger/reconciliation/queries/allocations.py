"""Read and write allocations: which fen of a document line pays for which cell.

Whoever allocates holds the lock until the commit. What may be allocated, and where there is room,
is read in `open_lines.py`. The caller checks beforehand what the database would refuse.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.reconciliation.rules.matching import Share
from ledger.reconciliation.rules.reds import CellShare

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.match', 0))")

_ALLOCATE = text("""
    INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen, by_hand,
        allocated_at, allocated_by)
    SELECT s.document_id, s.line, s.contract_id, s.month, s.part, p.kind, s.fen, :by_hand, :now,
        :actor
    FROM unnest(
        CAST(:documents AS bigint[]), CAST(:lines AS smallint[]), CAST(:contracts AS bigint[]),
        CAST(:months AS date[]), CAST(:parts AS text[]), CAST(:fen AS bigint[])
    ) AS s (document_id, line, contract_id, month, part, fen)
    JOIN contracts k ON k.id = s.contract_id JOIN projects p ON p.id = k.project_id
    ON CONFLICT (document_id, line, contract_id, month, part) DO UPDATE
        SET fen = allocations.fen + excluded.fen, allocated_at = excluded.allocated_at,
            by_hand = allocations.by_hand OR excluded.by_hand, allocated_by = excluded.allocated_by
""")
_LOWER = text("""
    UPDATE allocations SET fen = fen - :fen, allocated_at = :now, allocated_by = :actor
    WHERE (document_id, line, contract_id, month, part)
        = (:document, :line, :contract, :month, :part) AND fen > :fen
""")
_REMOVE = text("""
    DELETE FROM allocations WHERE (document_id, line, contract_id, month, part)
        = (:document, :line, :contract, :month, :part) AND fen = :fen
""")
_MANY = """
    FROM unnest(CAST(:documents AS bigint[]), CAST(:lines AS smallint[]),
                CAST(:contracts AS bigint[]), CAST(:months AS date[]), CAST(:parts AS text[]),
                CAST(:fens AS bigint[])) AS t (document_id, line, contract_id, month, part, fen)
    WHERE (a.document_id, a.line, a.contract_id, a.month, a.part)
        = (t.document_id, t.line, t.contract_id, t.month, t.part)
"""
_LOWER_ALL = text(f"""
    UPDATE allocations a SET fen = a.fen - t.fen, allocated_at = :now, allocated_by = :actor
    {_MANY} AND a.fen > t.fen
""")
_REMOVE_ALL = text(f"""
    DELETE FROM allocations a {_MANY.replace("FROM", "USING", 1)} AND a.fen = t.fen
""")
_SHARES = text("""
    SELECT a.line, a.contract_id AS contract, a.month, a.part, sum(a.fen)::bigint AS fen
    FROM cost_documents d JOIN allocations a ON a.document_id = d.id
    WHERE coalesce(d.reverses_id, d.id) = :root
    GROUP BY a.line, a.contract_id, a.month, a.part ORDER BY a.line, a.contract_id, a.month, a.part
""")
_KIND_OF_CONTRACT = text("""
    SELECT p.kind FROM contracts k JOIN projects p ON p.id = k.project_id WHERE k.id = :contract
""")
_KIND_OF_LINE = text("""
    SELECT min(kind) FROM allocations WHERE document_id = :document AND line = :line AND fen > 0
""")
# What rules allocated to undecided cells beyond what was metered in them, the newest lines first,
# of lines for which another cell of the contract has room. What of a line a red one took back is
# no more to be taken away.
_EXCESS = text("""
    WITH room AS (
        SELECT m.contract_id, m.month, m.part FROM (
            SELECT c.contract_id, c.month, part_of(p.kind, p.counts) AS part, sum(c.cost_fen) AS fen
            FROM charges c JOIN prices p ON p.id = c.price_id GROUP BY 1, 2, 3) m
        WHERE m.fen > (SELECT coalesce(sum(a.fen), 0) FROM allocations a
                       WHERE (a.contract_id, a.month, a.part) = (m.contract_id, m.month, m.part))
    ), cell AS (
        SELECT a.contract_id, a.month, a.part, sum(a.fen)::bigint - coalesce((
                   SELECT sum(c.cost_fen) FROM charges c JOIN prices p ON p.id = c.price_id
                   WHERE (c.contract_id, c.month, part_of(p.kind, p.counts))
                       = (a.contract_id, a.month, a.part)), 0)
                   ::bigint AS over
        FROM allocations a
        WHERE NOT EXISTS (
            SELECT FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
            WHERE (r.contract_id, r.month, m.part) = (a.contract_id, a.month, a.part))
        GROUP BY a.contract_id, a.month, a.part
    ), paid AS (
        SELECT d.id, d.issued_on, d.number, d.since, d.until, a.line, a.contract_id, a.month,
               a.part, over, s.fen,
               sum(s.fen) OVER (PARTITION BY a.contract_id, a.month, a.part
                   ORDER BY d.issued_on DESC, d.number COLLATE "C" DESC, d.id DESC, a.line DESC)
                   - s.fen AS before
        FROM cell JOIN allocations a USING (contract_id, month, part)
        JOIN cost_documents d ON d.id = a.document_id AND d.reverses_id IS NULL
        CROSS JOIN LATERAL (
            SELECT least(a.fen, sum(o.fen))::bigint AS fen
            FROM cost_documents f JOIN allocations o ON o.document_id = f.id AND o.line = a.line
            WHERE coalesce(f.reverses_id, f.id) = d.id
                AND (o.contract_id, o.month, o.part) = (a.contract_id, a.month, a.part)) s
        WHERE over > 0 AND NOT a.by_hand
    )
    SELECT id AS document, line, contract_id AS contract, month, part,
           least(fen, over - before)::bigint AS fen
    FROM paid WHERE before < over AND fen > 0 AND EXISTS (
        SELECT FROM room r
        WHERE r.contract_id = paid.contract_id AND (r.month, r.part) <> (paid.month, paid.part)
            AND (r.part = 'package'
                 OR r.month BETWEEN date_trunc('month', paid.since)::date AND paid.until))
""")


def lock(db: Session) -> None:
    """Keep others from allocating until the transaction ends."""
    db.execute(_ONE_AT_A_TIME)


def allocate(
    db: Session, shares: Sequence[Share], actor: str, now: datetime, *, by_hand: bool = False
) -> None:
    """Add these shares in one statement."""
    if not shares:
        return
    contracts, months, parts = zip(*(share.cell for share in shares), strict=True)
    columns = {"contracts": contracts, "months": months, "parts": parts}
    db.execute(
        _ALLOCATE,
        {
            **{name: list(column) for name, column in columns.items()},
            "documents": [share.document for share in shares],
            "lines": [share.line for share in shares],
            "fen": [share.fen for share in shares],
            "by_hand": by_hand,
            "now": now,
            "actor": actor,
        },
    )


def remove(db: Session, share: Share, actor: str, now: datetime) -> bool:
    """Remove fen of a line from a cell; return whether it had them."""
    contract, month, part = share.cell
    row = {
        "document": share.document, "line": share.line, "contract": contract, "month": month,
        "part": part, "fen": share.fen,
    }  # fmt: skip
    if db.execute(_REMOVE, row).rowcount:  # type: ignore[attr-defined]
        return True
    return bool(db.execute(_LOWER, {**row, "actor": actor, "now": now}).rowcount)  # type: ignore[attr-defined]


def remove_excess(db: Session, actor: str, now: datetime) -> list[Share]:
    """Take what rules put into undecided cells beyond what was metered there; return it."""
    rows = db.execute(_EXCESS).all()
    if rows:
        names = ("document", "line", "contract", "month", "part", "fen")
        params = {f"{name}s": [getattr(row, name) for row in rows] for name in names}
        db.execute(_REMOVE_ALL, params)
        db.execute(_LOWER_ALL, {**params, "actor": actor, "now": now})
    return [Share(r.document, r.line, (r.contract, r.month, Part(r.part)), r.fen) for r in rows]


def kind_of(db: Session, contract: int) -> str | None:
    """Return the kind of project of a contract; None if there is no such contract."""
    kind = db.scalar(_KIND_OF_CONTRACT, {"contract": contract})
    return str(kind) if kind else None


def kind_of_line(db: Session, document: int, line: int) -> str | None:
    """Return the kind of project that a document line serves already, if any."""
    kind = db.scalar(_KIND_OF_LINE, {"document": document, "line": line})
    return str(kind) if kind else None


def shares_of(db: Session, root: int) -> list[CellShare]:
    """Return what each line of an invoice pays into each cell, net of its red ones."""
    rows = db.execute(_SHARES, {"root": root})
    return [CellShare(r.line, (r.contract, r.month, Part(r.part)), r.fen) for r in rows]


def contracts_of(db: Session, documents: Collection[int]) -> list[int]:
    """Return the contracts that these documents pay for or reverse."""
    query = text("SELECT DISTINCT contract_id FROM allocations WHERE document_id = ANY(:documents)")
    return list(db.scalars(query, {"documents": list(documents)}))
