"""Read reconciliations: the months of contracts, their cells, their documents.

A month exists as soon as something was metered or allocated in it. It is *open* until two persons
decided it, and *changed* once a charge or an allocation differs from their decision, also if
another invoice of the same sum replaced one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.accounts.tables import CostBook
from ledger.charging.codes import Part
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.documents.tables import CostDocument
from ledger.postgres.columns import key
from ledger.reconciliation.tables import Reconciliation
from ledger.registry.tables import Contract
from ledger.units import Fen

_MONTHS = text("""
    SELECT k.id AS contract, k.number, c.name AS centre, p.code AS project, p.name AS project_name,
           f.month, sum(f.metered_fen)::bigint AS metered_fen,
           sum(f.invoiced_fen)::bigint AS invoiced_fen, sum(f.booked_fen)::bigint AS matched_fen,
           sum(f.fall_fen)::bigint AS fall_fen, sum(f.open_fen)::bigint AS open_fen,
           CASE WHEN NOT bool_or(f.decided) THEN 'open'
                WHEN bool_or(f.changed) THEN 'changed' ELSE 'decided' END AS state,
           (SELECT id FROM decisions WHERE kind = 'reconciliation' AND answer IS NULL
                AND subject = k.number || ' ' || to_char(f.month, 'YYYY-MM')) AS proposed
    FROM cell_figures(CAST(:contracts AS bigint[]), CAST(:month AS date)) f
    JOIN contracts k ON k.id = f.contract_id
    JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
    WHERE (CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre)
        AND (CAST(:project AS bigint) IS NULL OR k.project_id = :project)
    GROUP BY k.id, k.number, c.name, p.code, p.name, f.month
    ORDER BY f.month, k.number
""")

_SHARES = text("""
    SELECT a.document_id AS document, a.line, a.part, a.fen, d.number,
           d.issued_on, d.seller_name,
           d.reverses_id IS NOT NULL AS red, coalesce(d.reverses_id, d.id) AS blue, l.item,
           l.net_fen
    FROM allocations a JOIN cost_documents d ON d.id = a.document_id
    JOIN document_lines l ON l.document_id = coalesce(d.reverses_id, d.id) AND l.line = a.line
    WHERE a.contract_id = :contract AND a.month = :month
    ORDER BY d.issued_on, d.number, a.line, a.part
""")

# A line pays more into a carried cell than when it was decided: one that replaces a red one, too.
_BILLED_LATER = text("""
    SELECT DISTINCT r.month FROM matches m JOIN reconciliations r ON r.id = m.reconciliation_id
    WHERE r.contract_id = :contract AND r.month < :month AND m.carried AND EXISTS (
        SELECT FROM (
            SELECT coalesce(d.reverses_id, d.id) AS blue, a.line, sum(a.fen) AS fen
            FROM allocations a JOIN cost_documents d ON d.id = a.document_id
            WHERE (a.contract_id, a.month, a.part) = (r.contract_id, r.month, m.part)
            GROUP BY blue, a.line
        ) n LEFT JOIN match_lines l ON (l.reconciliation_id, l.part, l.document_id, l.line)
            = (m.reconciliation_id, m.part, n.blue, n.line)
        WHERE n.fen > coalesce(l.fen, 0))
    ORDER BY r.month
""")

_CHARGED = text("""
    SELECT p.id AS price, part_of(p.kind, p.counts) AS part, p.kind, p.name, p.unit, p.yuan,
           m.name AS model, p.mig_profile, p.partition, p.qos, p.market, c.policy,
           sum(c.ms_num / c.ms_den) AS device_ms, sum(c.cost_fen)::bigint AS fen
    FROM charges c JOIN prices p ON p.id = c.price_id
    LEFT JOIN catalogue_models m ON m.id = p.model_id
    WHERE c.contract_id = :contract AND c.month = :month
    GROUP BY p.id, m.name, c.policy ORDER BY part, p.id, c.policy
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
    fall_fen: Fen  # of it what no longer counts, and waits for two persons
    open_fen: Fen
    state: str  # open, decided, changed
    proposed: int | None  # the decision that waits for the second person


@dataclass(frozen=True)
class ChargedLine:
    """What a contract line charged in a month under one policy version, fen without tax."""

    price: int
    part: Part
    kind: str
    name: str
    unit: str
    yuan: Decimal
    model: str | None
    mig_profile: str | None
    partition: str | None
    qos: str | None
    market: str | None
    policy: str
    device_ms: Decimal
    fen: Fen


@dataclass(frozen=True)
class Share:
    """The fen of a document line allocated to a cell of this month."""

    document: int
    line: int
    part: Part
    fen: Fen
    number: str
    issued_on: date
    seller_name: str
    red: bool
    blue: int  # the document whose line it is: itself, or the one that it reverses
    item: str
    net_fen: Fen


def months(
    db: Session,
    *,
    centre: int | None = None,
    project: int | None = None,
    contracts: Sequence[int] | None = None,
    month: date | None = None,
) -> list[Month]:
    """Return the months of all contracts, or of these, a centre's or a project's, oldest first."""
    params = {
        "centre": centre, "project": project, "month": month,
        "contracts": list(contracts) if contracts is not None else None,
    }  # fmt: skip
    rows = db.execute(_MONTHS, params)
    return [Month(**row) for row in rows.mappings()]


def contract_month(db: Session, contract: Contract, month: date) -> Month | None:
    """One month of one contract; None where nothing was metered or invoiced in it."""
    return next(iter(months(db, contracts=[key(contract)], month=month)), None)


def month_cells(db: Session, contract: int, month: date) -> list[Cell]:
    """Return the cells of one contract and month."""
    return cells(db, contracts=[contract], month=month)


def shares(db: Session, contract: int, month: date) -> list[Share]:
    """Return what documents paid into the month, by document and line."""
    rows = db.execute(_SHARES, {"contract": contract, "month": month})
    return [Share(**{**row, "part": Part(row["part"])}) for row in rows.mappings()]


def paid_by_line(shares: Iterable[Share], part: Part) -> dict[tuple[int, int], Fen]:
    """Return what each (document, line) pays into a cell, net of its red ones."""
    paid: dict[tuple[int, int], Fen] = {}
    for share in shares:
        if share.part == part:
            line = (share.blue, share.line)
            paid[line] = paid.get(line, 0) + share.fen
    return paid


def billed_later(db: Session, contract: int, month: date) -> list[date]:
    """Return the months before this one whose carried cost documents have billed since."""
    return list(db.scalars(_BILLED_LATER, {"contract": contract, "month": month}))


def charged_lines(db: Session, contract: int, month: date) -> list[ChargedLine]:
    """Return what each contract line charged in the month."""
    rows = db.execute(_CHARGED, {"contract": contract, "month": month})
    return [ChargedLine(**{**row, "part": Part(row["part"])}) for row in rows.mappings()]


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
        Reconciliation.contract_id == contract, Reconciliation.month == month
    )
    row = db.exec(query).one_or_none()
    if row is None:
        row = Reconciliation(contract_id=contract, month=month, opened_at=now, opened_by=actor)
        db.add(row)
        db.flush()
        db.execute(text("INSERT INTO cost_books (reconciliation_id) VALUES (:id)"), {"id": row.id})
    return row


def cost_book(db: Session, reconciliation: int) -> int:
    """Return the book of a reconciliation."""
    return db.get_one(CostBook, reconciliation).book_id
