"""Cost documents: handing them in by file, by hand or by list; finding them again; freezing.

What is handed in is taken whole, or every fault is told with its place and nothing is kept.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from api.documents.schemas import (
    AllocationRead,
    DocumentLineRead,
    DocumentRead,
    DocumentsOutcome,
    DocumentSummary,
    FreezeCreate,
    FreezeRead,
    ReceiptRead,
)
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, having
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import YearMonth
from api.door.uploads import Uploaded, documented
from api.messages.sentences import findings
from ledger.desk.steps.take_documents import take_document, take_list
from ledger.documents.queries import document_views as books
from ledger.documents.queries import originals
from ledger.documents.queries.document_views import DocumentQuery, Filter, Scope
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_file import read_document, read_keyed
from ledger.documents.rules.document_list import read_documents
from ledger.documents.rules.qr import agrees, read_qr
from ledger.documents.steps import freezes, receipts
from ledger.documents.steps.documents import Intake
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer
from ledger.units import FEN_MAX, month_of

router = APIRouter(tags=["cost documents"])

Giver = Annotated[Viewer, having(Right.HAND_IN)]
Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
QrText = Annotated[str | None, Query(max_length=500, description="The QR code's text, to check by")]
Said = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Searched = Annotated[str | None, Query(max_length=200)]


@router.post("/cost-documents", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add(*, sent: Uploaded, viewer: Giver, db: Db, now: Now, qr: QrText = None) -> DocumentsOutcome:
    """Take an XML or OFD file; what it is its content says, whatever it is called."""
    read = read_document(sent.file.content, sent.file.name)
    document = _sound(*read, qr)
    return _taken(
        take_document(db, document, sent.file, actor=viewer.actor, now=now, centre=viewer.centre)
    )


@router.post("/cost-documents/keyed", status_code=201, openapi_extra=documented(keyed=True))
@limited(body=FORM_MAX)
def key(*, sent: Uploaded, viewer: Giver, db: Db, now: Now, qr: QrText = None) -> DocumentsOutcome:
    """Take a document that a person keyed, with the file that he keyed it from."""
    if sent.document is None:
        raise Refusal(422, "no_document")
    if not sent.file.content:
        raise Refusal(422, "no_file")
    document = _sound(*read_keyed(sent.document), qr)
    return _taken(
        take_document(db, document, sent.file, actor=viewer.actor, now=now, centre=viewer.centre)
    )


@router.post("/cost-documents/list", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add_list(*, sent: Uploaded, viewer: Giver, db: Db, now: Now) -> DocumentsOutcome:
    """Take all documents of a CSV or XLSX list, or none."""
    documents, found = read_documents(sent.file.content)
    if found:
        raise _faulty(found)
    return _taken(
        take_list(db, documents, sent.file, actor=viewer.actor, now=now, centre=viewer.centre)
    )


@router.get("/cost-documents")
def documents(
    *,
    viewer: Reader,
    db: Db,
    month: YearMonth | None = None,
    seller: Searched = None,
    buyer: Searched = None,
    number: Searched = None,
    decision: int | None = None,
    state: Filter | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[DocumentSummary]:
    """Documents that are the viewer's to see, newest first.

    `month` is one of their service; `seller` and `buyer` a code or a whole name.
    """
    first = date.fromisoformat(f"{month}-01") if month else None
    last = month_of(first + timedelta(days=31)) - timedelta(days=1) if first else None
    wanted = DocumentQuery(number, first, last, seller, buyer, decision, state)
    found = books.documents(db, _scope(viewer), wanted, limit=limit, offset=offset)
    return [DocumentSummary.model_validate(one) for one in found]


@router.get("/cost-documents/{document}")
def document(document: int, viewer: Reader, db: Db) -> DocumentRead:
    """One document with its lines, allocations, red ones and freezes."""
    return _whole(db, _scope(viewer), document)


@router.get("/cost-documents/{document}/original", response_class=Response)
def original(document: int, viewer: Reader, db: Db) -> Response:
    """The file that it came from, byte for byte."""
    hash_ = books.original_of(db, _scope(viewer), document)
    file = originals.original(db, hash_)
    named = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Disposition": named}  # «nosniff» is on every answer
    return Response(file.content, media_type=file.media, headers=headers)


@router.post("/cost-documents/{document}/freeze")
def freeze(*, document: int, wanted: FreezeCreate, viewer: Clerk, db: Db, now: Now) -> DocumentRead:
    """Freeze a document until its red one comes (R18)."""
    freezes.freeze(db, document, wanted.confirmation, actor=viewer.actor, now=now)
    return _whole(db, _scope(viewer), document)


@router.delete("/cost-documents/{document}/freeze")
def lift(*, document: int, viewer: Clerk, db: Db, now: Now) -> DocumentRead:
    """Lift the freeze; where there is none, nothing changes."""
    freezes.lift(db, document, actor=viewer.actor, now=now)
    return _whole(db, _scope(viewer), document)


@router.post("/cost-documents/{document}/receipts", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add_receipt(
    *,
    document: int,
    reference: Said,
    payer: Said,
    payee: Said,
    fen: Annotated[int, Query(ge=1, le=FEN_MAX)],
    paid_on: date,
    sent: Uploaded,
    viewer: Annotated[Viewer, having(Right.CLAIM)],
    db: Db,
    now: Now,
) -> ReceiptRead:
    """Keep a proof of payment of a document; reconciling compares the two (R05)."""
    books.document(db, _scope(viewer), document)
    made = receipts.enter(
        db, document, reference=reference, payer=payer, payee=payee, fen=fen, paid_on=paid_on,
        file=sent.file, actor=viewer.actor, now=now,
    )  # fmt: skip
    return ReceiptRead.model_validate(made)


def _scope(viewer: Viewer) -> Scope:
    return Scope(viewer.centre, viewer.project)


def _whole(db: Session, scope: Scope, key: int) -> DocumentRead:
    seen = books.document(db, scope, key)
    return DocumentRead.model_validate(
        {
            **vars(seen),
            "lines": [DocumentLineRead.model_validate(x) for x in books.lines_of(db, key)],
            "allocations": [
                AllocationRead.model_validate(x) for x in books.shares_of(db, scope, key)
            ],
            "reds": [DocumentSummary.model_validate(x) for x in books.reds_of(db, scope, key)],
            "freezes": [FreezeRead.model_validate(x) for x in books.freezes_of(db, key)],
        }
    )


def _sound(document: Document | None, found: Sequence[Finding], qr: str | None) -> Document:
    """The document that was read, where nothing is wrong with it, by its QR code too."""
    told = list(found)
    if document is not None and qr is not None:
        scanned, unreadable = read_qr(qr)
        told += agrees(scanned, document) if scanned else unreadable
    if document is None or told:
        raise _faulty(told)
    return document


def _taken(done: Intake | list[Finding]) -> DocumentsOutcome:
    if isinstance(done, Intake):
        return DocumentsOutcome.model_validate(done)
    raise _faulty(done)


def _faulty(found: Sequence[Finding]) -> Refusal:
    return Refusal(422, "cost_documents", {"count": len(found), "findings": findings(found)})
