"""Read reconciliations: the months of contracts, their cells, their documents.

A month exists as soon as something was metered or allocated in it. It is *open* until two persons
decided it, and *changed* once a charge or an allocation differs from their decision, also if
another invoice of the same sum replaced one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.tables import CostBook
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.documents.tables import CostDocument
from ledger.reconciliation.tables import Reconciliation
from ledger.registry.tables import Contract
from ledger.units import Fen

_MONTHS = text("""
    WITH metered AS (
        SELECT contract, month, price, policy, sum(cost_fen)::bigint AS fen, true AS there
        FROM charges GROUP BY contract, month, price, policy
    ), invoiced AS (
        SELECT contract, month, price, policy, sum(fen)::bigint AS fen, true AS there
        FROM allocations GROUP BY contract, month, price, policy
    ), decided AS (
        SELECT r.contract, r.month, m.* FROM matches m
        JOIN reconciliations r ON r.id = m.reconciliation
    ), cell AS (
        SELECT contract, month, coalesce(m.fen, 0) AS metered, coalesce(i.fen, 0) AS invoiced,
               coalesce(d.matched_fen, 0) AS matched,
               greatest(least(d.extra_fen, d.extra_over_fen + d.extra_fen - coalesce(m.fen, 0)), 0)
                   AS extra,
               coalesce(d.closed_fen, 0) AS closed,
               d.metered_fen IS NOT NULL AS decided,
               (coalesce(m.fen, 0), coalesce(i.fen, 0))
                   IS DISTINCT FROM (d.metered_fen, d.invoiced_fen) OR d.lowered_fen > 0 AS changed
        FROM metered m FULL JOIN invoiced i USING (contract, month, price, policy)
        FULL JOIN decided d USING (contract, month, price, policy)
    )
    SELECT k.id AS contract, k.number, c.name AS centre, p.code AS project, p.name AS project_name,
           month, sum(metered)::bigint AS metered_fen, sum(invoiced)::bigint AS invoiced_fen,
           sum(greatest(least(matched, invoiced, metered + extra), 0))::bigint AS matched_fen,
           sum(greatest(metered - greatest(least(matched, invoiced, metered + extra), 0)
                        - closed, 0))::bigint AS open_fen,
           CASE WHEN NOT bool_or(cell.decided) THEN 'open'
                WHEN bool_or(cell.changed) THEN 'changed' ELSE 'decided' END AS state,
           (SELECT id FROM decisions WHERE kind = 'reconciliation' AND answer IS NULL
                AND subject = k.number || ' ' || to_char(month, 'YYYY-MM')) AS proposed
    FROM cell JOIN contracts k ON k.id = contract
    JOIN centres c ON c.id = k.centre JOIN projects p ON p.id = k.project
    WHERE (CAST(:centre AS bigint) IS NULL OR k.centre = :centre)
        AND (CAST(:project AS bigint) IS NULL OR k.project = :project)
        AND (CAST(:month AS date) IS NULL OR month = :month)
    GROUP BY k.id, k.number, c.name, p.code, p.name, month
    ORDER BY month, k.number
""")

_SHARES = text("""
    SELECT a.document, a.line, a.price, a.policy, a.fen, d.number, d.issued_on, d.seller_name,
           d.reverses IS NOT NULL AS red, l.item, l.net_fen
    FROM allocations a JOIN cost_documents d ON d.id = a.document
    JOIN document_lines l ON l.document = a.document AND l.line = a.line
    WHERE a.contract = :contract AND a.month = :month
    ORDER BY d.issued_on, d.number, a.line, a.price, a.policy
""")

_LINES = text("""
    SELECT p.id, p.kind, p.unit, p.yuan, p.gpus, p.hours, p.tax_included, p.tax_rate,
           m.name AS model, p.mig_profile, p.partition, p.qos, p.market
    FROM prices p LEFT JOIN catalogue_models m ON m.id = p.model WHERE p.id = ANY(:prices)
""")


@dataclass(frozen=True)
class Month:
    """A contract's month in one line, fen without tax."""

    contract: int
    number: str
    centre: str
    project: str
    project_name: str
    month: date
    metered_fen: Fen
    invoiced_fen: Fen
    matched_fen: Fen
    open_fen: Fen
    state: str  # open, decided, changed
    proposed: int | None  # the decision that waits for the second person


@dataclass(frozen=True)
class Share:
    """The fen of a document line allocated to a cell of this month."""

    document: int
    line: int
    price: int
    policy: str
    fen: Fen
    number: str
    issued_on: date
    seller_name: str
    red: bool
    item: str
    net_fen: Fen


def months(
    db: Session,
    *,
    centre: int | None = None,
    project: int | None = None,
    month: date | None = None,
) -> list[Month]:
    """Return the months of all contracts, or of a centre's or a project's, oldest first."""
    rows = db.execute(_MONTHS, {"centre": centre, "project": project, "month": month})
    return [Month(**row) for row in rows.mappings()]


def contract_month(db: Session, contract: Contract, month: date) -> Month | None:
    """One month of one contract; None where nothing was metered or invoiced in it."""
    rows = months(db, centre=contract.centre, project=contract.project, month=month)
    return next((row for row in rows if row.contract == contract.id), None)


def month_cells(db: Session, contract: int, month: date) -> list[Cell]:
    """Return the cells of one contract and month."""
    return cells(db, contracts=[contract], month=month)


def shares(db: Session, contract: int, month: date) -> list[Share]:
    """Return what documents paid into the month, by document and line."""
    rows = db.execute(_SHARES, {"contract": contract, "month": month})
    return [Share(**row) for row in rows.mappings()]


def contract_lines(db: Session, prices: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the contract lines of cells, by key."""
    rows = db.execute(_LINES, {"prices": list(prices)})
    return {row["id"]: dict(row) for row in rows.mappings()}


def numbers(db: Session, documents: Iterable[int | None]) -> dict[int, str]:
    """Return the code and number of documents, by key."""
    keys = {key for key in documents if key is not None}
    query = select(CostDocument.id, CostDocument.code, CostDocument.number)
    rows = db.exec(query.where(col(CostDocument.id).in_(keys)))
    return {key: f"{code}{number}" for key, code, number in rows if key is not None}


def reconciliation(
    db: Session, contract: int, month: date, actor: str, now: datetime
) -> Reconciliation:
    """Return the reconciliation of a contract's month; open it with its cost book if needed."""
    query = select(Reconciliation).where(
        Reconciliation.contract == contract, Reconciliation.month == month
    )
    row = db.exec(query).one_or_none()
    if row is None:
        row = Reconciliation(contract=contract, month=month, opened_at=now, opened_by=actor)
        db.add(row)
        db.flush()
        db.execute(text("INSERT INTO cost_books (reconciliation) VALUES (:id)"), {"id": row.id})
    return row


def cost_book(db: Session, reconciliation: int) -> int:
    """Return the book of a reconciliation."""
    return db.get_one(CostBook, reconciliation).book
