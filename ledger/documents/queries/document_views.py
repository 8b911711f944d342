"""Views of cost documents: filtered lists, and one document with everything about it.

An operator sees what was sold for its centre, a builder what was bought for its project, by the
parties on the day of issue; the bureau sees everything. Other documents do not exist for them.
States: `to_confirm` waits for a second person, `refused` and `dropped` he said no to;
`period_unknown` waits for a clerk who states for which days it is; `frozen` waits for a red
document (R18); all others are `standing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import RowMapping, text
from sqlmodel import Session, col, select

from ledger.documents.codes import DocumentState, SealOutcome, Verification
from ledger.documents.tables import DocumentLine, Freeze, Lookup, Receipt, StatedPeriod
from ledger.errors import NotFound
from ledger.units import Fen

Filter = DocumentState | Literal["unallocated", "receipt_unproved"]

_VISIBLE = """
    (CAST(:centre AS bigint) IS NULL OR d.seller_uscc IN (
        SELECT o.uscc FROM centres c JOIN organisations o ON o.id = c.organisation_id
        WHERE c.id = :centre
        UNION ALL
        SELECT o.uscc FROM relations r JOIN organisations o ON o.id = r.organisation_id
        WHERE r.kind = 'seller' AND r.centre_id = :centre AND r.superseded_at IS NULL
            AND r.valid @> d.issued_on))
    AND (CAST(:project AS bigint) IS NULL OR d.buyer_uscc IN (
        SELECT o.uscc FROM projects p JOIN organisations o ON o.id = p.organisation_id
        WHERE p.id = :project
        UNION ALL
        SELECT o.uscc FROM relations r JOIN organisations o ON o.id = r.organisation_id
        WHERE r.kind = 'buyer' AND r.project_id = :project AND r.superseded_at IS NULL
            AND r.valid @> d.issued_on))
"""

# Worth and allocation are those of the whole family, and told with the blue one.
_DOCUMENTS = f"""
    SELECT d.id, d.kind, d.code, d.number, d.issued_on, d.seller_uscc, d.seller_name,
           d.buyer_uscc, d.buyer_name, d.net_fen, d.tax_fen, d.gross_fen, d.since, d.until,
           d.period_assumed, d.statement, b.number AS reverses, d.confirmation, d.remark, d.source,
           d.original, d.received_at, d.received_by, d.decision_id AS decision, q.digest,
           d.confirmed_by, d.confirmed_at, d.period_contradicts,
           d.seal, d.seal_name, d.sealed_at,
           CASE WHEN NOT d.stands THEN 'unverified' WHEN d.vouched_by IS NOT NULL THEN 'sealed'
               WHEN EXISTS (SELECT FROM lookups u WHERE u.document_id = d.id
                   AND u.result = 'agrees') THEN 'looked_up' ELSE 'compared' END AS verification,
           s.state, coalesce(f.net_fen, 0) AS worth_fen,
           coalesce(f.allocated_fen, 0) AS allocated_fen
    FROM cost_documents d LEFT JOIN cost_documents b ON b.id = d.reverses_id
    LEFT JOIN decisions q ON q.id = d.decision_id
    LEFT JOIN LATERAL (SELECT * FROM family_sums WHERE root = d.id) f ON d.reverses_id IS NULL
    CROSS JOIN LATERAL (SELECT CASE
        WHEN d.dropped_at IS NOT NULL THEN 'dropped'
        WHEN NOT d.stands THEN CASE WHEN q.answer IS NULL THEN 'to_confirm' ELSE 'refused' END
        WHEN d.period_assumed THEN 'period_unknown'
        WHEN EXISTS (SELECT FROM freezes z WHERE z.document_id = d.id AND z.lifted_at IS NULL)
            THEN 'frozen'
        ELSE 'standing' END AS state) s
    WHERE {_VISIBLE}
"""
_LIST = text(f"""
    {_DOCUMENTS}
        AND (CAST(:number AS text) IS NULL OR d.number = :number OR d.code || d.number = :number)
        AND (CAST(:first AS date) IS NULL OR (d.since <= :last AND d.until >= :first))
        AND (CAST(:seller AS text) IS NULL OR :seller IN (d.seller_uscc, d.seller_name))
        AND (CAST(:buyer AS text) IS NULL OR :buyer IN (d.buyer_uscc, d.buyer_name))
        AND (CAST(:decision AS bigint) IS NULL OR d.decision_id = :decision)
        AND CASE CAST(:state AS text)
            WHEN 'period_unknown' THEN d.reverses_id IS NULL
                AND s.state NOT IN ('refused', 'dropped')
                AND (d.period_assumed OR d.period_contradicts AND NOT EXISTS (
                    SELECT FROM stated_periods p WHERE p.document_id = d.id))
            WHEN 'receipt_unproved' THEN EXISTS (
                SELECT FROM receipts z WHERE z.document_id = d.id AND NOT z.proves)
            WHEN 'unallocated' THEN s.state = 'standing' AND f.net_fen > f.allocated_fen
            ELSE s.state = :state OR (CAST(:state AS text) IS NULL AND s.state <> 'dropped') END
    ORDER BY d.issued_on DESC, d.id DESC LIMIT :limit OFFSET :offset
""")
_DOCUMENT = text(f"{_DOCUMENTS} AND d.id = :id")
_REDS = text(f"{_DOCUMENTS} AND d.reverses_id = :id ORDER BY d.id")
_ALL_THEIRS = text(f"""
    SELECT coalesce(bool_and({_VISIBLE}), true) FROM cost_documents d WHERE d.original = :hash
""")
_SHARES = text("""
    SELECT a.document_id AS document, a.line, k.number AS contract, p.code AS project, a.month,
           a.part, a.fen, a.allocated_at, a.allocated_by
    FROM allocations a JOIN contracts k ON k.id = a.contract_id
    JOIN projects p ON p.id = k.project_id
    WHERE a.document_id = :id
        AND (CAST(:centre AS bigint) IS NULL OR k.centre_id = :centre)
        AND (CAST(:project AS bigint) IS NULL OR k.project_id = :project)
    ORDER BY a.line, k.number, a.month, a.part
""")


@dataclass(frozen=True)
class Scope:
    """Whose documents are visible: a centre's, a project's, or all."""

    centre: int | None = None
    project: int | None = None


@dataclass(frozen=True)
class DocumentView:
    """A document in a list, fen; `worth_fen` is net of its red ones, 0 for a red one."""

    id: int
    kind: str
    code: str
    number: str
    issued_on: date
    seller_uscc: str
    seller_name: str
    buyer_uscc: str
    buyer_name: str
    net_fen: Fen
    tax_fen: Fen
    gross_fen: Fen
    since: date
    until: date
    period_assumed: bool
    statement: str | None
    reverses: str | None
    confirmation: str | None
    remark: str
    source: str
    original: str
    received_at: datetime
    received_by: str
    decision: int | None
    digest: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    period_contradicts: bool
    seal: SealOutcome
    seal_name: str | None
    sealed_at: datetime | None
    verification: Verification
    state: DocumentState
    worth_fen: Fen
    allocated_fen: Fen


@dataclass(frozen=True)
class Share:
    """The part of a document's line allocated to a month and part of a contract, fen."""

    document: int
    line: int
    contract: str
    project: str
    month: date
    part: str
    fen: Fen
    allocated_at: datetime
    allocated_by: str


@dataclass(frozen=True)
class DocumentQuery:
    """Filters, None to ignore; `first` and `last` bound the service period."""

    number: str | None = None
    first: date | None = None
    last: date | None = None
    seller: str | None = None
    buyer: str | None = None
    decision: int | None = None
    state: Filter | None = None


def documents(
    db: Session, scope: Scope, query: DocumentQuery, *, limit: int = 100, offset: int = 0
) -> list[DocumentView]:
    """Return documents, newest first; dropped ones only on request."""
    values = {**vars(scope), **vars(query), "limit": limit, "offset": offset}
    return [_view(row) for row in db.execute(_LIST, values).mappings()]


def document(db: Session, scope: Scope, key: int) -> DocumentView:
    """Return one document; NotFound if it is not visible."""
    row = db.execute(_DOCUMENT, {**vars(scope), "id": key}).mappings().one_or_none()
    if row is None:
        raise NotFound("document", id=key)
    return _view(row)


def reds_of(db: Session, scope: Scope, key: int) -> list[DocumentView]:
    """Return the red documents of a document, oldest first."""
    rows = db.execute(_REDS, {**vars(scope), "id": key}).mappings()
    return [_view(row) for row in rows]


def shares_of(db: Session, scope: Scope, key: int) -> list[Share]:
    """Return a document's allocations to visible contracts."""
    rows = db.execute(_SHARES, {**vars(scope), "id": key}).mappings()
    return [Share(**row) for row in rows]


def original_of(db: Session, scope: Scope, key: int) -> str:
    """Return the hash of a document's file.

    NotFound also where the file is a list in which others' documents stand.
    """
    view = document(db, scope, key)
    if not db.scalar(_ALL_THEIRS, {**vars(scope), "hash": view.original}):
        raise NotFound("original", hash=view.original)
    return view.original


def lines_of(db: Session, key: int) -> Sequence[DocumentLine]:
    """Return a document's lines, in order."""
    query = select(DocumentLine).where(DocumentLine.document_id == key)
    return db.exec(query.order_by(col(DocumentLine.line))).all()


def freezes_of(db: Session, key: int) -> Sequence[Freeze]:
    """Return all freezes of a document, oldest first."""
    return db.exec(select(Freeze).where(Freeze.document_id == key).order_by(col(Freeze.id))).all()


def lookups_of(db: Session, key: int) -> Sequence[Lookup]:
    """Return what the tax bureau's platform said of a document, oldest first."""
    return db.exec(select(Lookup).where(Lookup.document_id == key).order_by(col(Lookup.id))).all()


def receipts_of(db: Session, key: int) -> Sequence[Receipt]:
    """Return a document's proofs of payment, by day."""
    query = select(Receipt).where(Receipt.document_id == key)
    return db.exec(query.order_by(col(Receipt.paid_on), col(Receipt.reference))).all()


def stated_periods_of(db: Session, key: int) -> Sequence[StatedPeriod]:
    """Return the periods that clerks stated for a document, oldest first."""
    query = select(StatedPeriod).where(StatedPeriod.document_id == key)
    return db.exec(query.order_by(col(StatedPeriod.id))).all()


def _view(row: RowMapping) -> DocumentView:
    codes = {
        "state": DocumentState(row["state"]),
        "verification": Verification(row["verification"]),
        "seal": SealOutcome(row["seal"]),
    }
    return DocumentView(**{**row, **codes})
