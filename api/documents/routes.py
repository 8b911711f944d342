"""Cost documents: handing them in by file, by hand or by list; finding them again; freezing.

A document is stored whole, or every fault is reported with its place and nothing is stored.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from api.documents.schemas import (
    AllocationRead,
    DocumentLineRead,
    DocumentRead,
    DocumentsConfirm,
    DocumentsOutcome,
    FreezeCreate,
    FreezeRead,
    LookupRead,
    PeriodCreate,
    ReceiptRead,
    StatedPeriodRead,
)
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.files import Uploaded, documented, download_original
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, QR_MAX, IsoDay, Note, YearMonth, first_day
from api.people.schemas import DecisionRead
from api.people.step_up import Proving
from ledger.desk.steps.take_documents import take_file, take_keyed, take_list_file
from ledger.desk.steps.verify_documents import confirm_documents, look_up
from ledger.documents.codes import LookupResult
from ledger.documents.queries import document_views, originals
from ledger.documents.queries.document_views import DocumentQuery, DocumentView, Filter, Scope
from ledger.documents.steps import freezes
from ledger.documents.steps.documents import Intake
from ledger.documents.steps.service_periods import state_period
from ledger.errors import Finding, NotFound
from ledger.people.steps.credentials import Viewer
from ledger.units import month_of

router = APIRouter(tags=["cost documents"])

Giver = Annotated[Viewer, having(Right.HAND_IN)]
Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
Answerer = Annotated[Viewer, having(Right.ANSWER_DECISIONS)]
QrText = Annotated[
    str | None, Query(max_length=QR_MAX, description="The QR code's text, to check by")
]
SearchText = Annotated[str | None, Query(max_length=LINE_MAX)]


@router.post("/cost-documents", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add(
    *, viewer: Giver, upload: Uploaded, db: Db, now: Now, qr: QrText = None
) -> DocumentsOutcome:
    """Take an XML or OFD file; its content decides what it is, whatever its name."""
    return _outcome(
        take_file(db, upload.file, qr=qr or "", actor=viewer.actor, now=now, centre=viewer.centre)
    )


@router.post("/cost-documents/keyed", status_code=201, openapi_extra=documented(keyed=True))
@limited(body=FORM_MAX)
def key(
    *, viewer: Giver, upload: Uploaded, db: Db, now: Now, qr: QrText = None
) -> DocumentsOutcome:
    """Take a document that a person keyed, with the file that he keyed it from."""
    if upload.document is None:
        raise Refusal(422, "no_document")
    if not upload.file.content:
        raise Refusal(422, "no_file")
    return _outcome(
        take_keyed(
            db, upload.document, upload.file, qr=qr or "", actor=viewer.actor, now=now,
            centre=viewer.centre,
        )
    )  # fmt: skip


@router.post("/cost-documents/list", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add_list(*, viewer: Giver, upload: Uploaded, db: Db, now: Now) -> DocumentsOutcome:
    """Take all documents of a CSV or XLSX list, or none."""
    db.commit()  # others have the connection while the file is read
    return _outcome(
        take_list_file(db, upload.file, actor=viewer.actor, now=now, centre=viewer.centre)
    )


@router.post("/cost-documents/confirmations")
def confirm(
    *, request: DocumentsConfirm, viewer: Answerer, db: Db, now: Now, prover: Proving
) -> list[DecisionRead]:
    """Confirm several documents after comparing them with their originals; all of them, or none."""
    viewer = prover.take(viewer, request.code)
    answers = [(document.decision, document.seen) for document in request.documents]
    decisions = confirm_documents(db, answers, viewer=viewer, now=now)
    return [DecisionRead.model_validate(decision) for decision in decisions]


@router.get("/cost-documents")
def documents(
    *,
    viewer: Reader,
    db: ReadDb,
    month: YearMonth | None = None,
    seller: SearchText = None,
    buyer: SearchText = None,
    number: SearchText = None,
    decision: int | None = None,
    state: Filter | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[DocumentView]:
    """List the documents in the viewer's scope, newest first.

    `month` is one of their service; `seller` and `buyer` a code or a whole name.
    """
    first = first_day(month) if month else None
    last = month_of(first + timedelta(days=31)) - timedelta(days=1) if first else None
    query = DocumentQuery(number, first, last, seller, buyer, decision, state)
    return document_views.documents(db, scope_of(viewer), query, limit=limit, offset=offset)


@router.get("/cost-documents/{document}")
def document(document: int, viewer: Reader, db: ReadDb) -> DocumentRead:
    """Return a document with its lines, allocations, red invoices and freezes."""
    return _read(db, scope_of(viewer), document)


@router.get("/cost-documents/{document}/original", response_class=Response)
def original(document: int, viewer: Reader, db: ReadDb) -> Response:
    """Download the file that a document came from, byte for byte."""
    hash_ = document_views.original_of(db, scope_of(viewer), document)
    file = originals.original(db, hash_)
    return download_original(file)


@router.post("/cost-documents/{document}/lookups", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add_lookup(
    *,
    document: int,
    result: LookupResult,
    looked_up_on: IsoDay,
    note: Note = "",
    viewer: Clerk,
    upload: Uploaded,
    db: Db,
    now: Now,
) -> DocumentRead:
    """Record what the tax platform said (查验), with the picture; who brought it leaves it open."""
    db.commit()  # others have the connection while the file is read
    look_up(
        db, document, result=result, looked_up_on=looked_up_on, note=note, file=upload.file,
        viewer=viewer, now=now,
    )  # fmt: skip
    return _read(db, scope_of(viewer), document)


@router.get("/cost-documents/{document}/lookups/{lookup}/original", response_class=Response)
def lookup_original(document: int, lookup: int, viewer: Reader, db: ReadDb) -> Response:
    """Download the picture of a look-up at the tax platform."""
    document_views.document(db, scope_of(viewer), document)
    hashes = {row.id: row.original for row in document_views.lookups_of(db, document)}
    if lookup not in hashes:
        raise NotFound("original", hash=str(lookup))
    return download_original(originals.original(db, hashes[lookup]))


@router.post("/cost-documents/{document}/period")
def set_period(
    *, document: int, request: PeriodCreate, viewer: Clerk, db: Db, now: Now
) -> DocumentRead:
    """State for which days a document is that does not say so, or contradicts itself."""
    state_period(
        db, document, request.since, request.until, request.reason, actor=viewer.actor, now=now
    )
    return _read(db, scope_of(viewer), document)


@router.post("/cost-documents/{document}/freeze")
def freeze(
    *, document: int, request: FreezeCreate, viewer: Clerk, db: Db, now: Now
) -> DocumentRead:
    """Freeze a document until its red invoice comes (R18)."""
    freezes.freeze(db, document, request.confirmation, actor=viewer.actor, now=now)
    return _read(db, scope_of(viewer), document)


@router.delete("/cost-documents/{document}/freeze")
def lift(*, document: int, viewer: Clerk, db: Db, now: Now) -> DocumentRead:
    """Lift a freeze; where there is none, nothing changes."""
    freezes.lift(db, document, actor=viewer.actor, now=now)
    return _read(db, scope_of(viewer), document)


def scope_of(viewer: Viewer) -> Scope:
    """Whose documents the viewer sees."""
    return Scope(viewer.centre, viewer.project)


def _read(db: Session, scope: Scope, key: int) -> DocumentRead:
    return DocumentRead(
        **vars(document_views.document(db, scope, key)),
        lines=[DocumentLineRead.model_validate(line) for line in document_views.lines_of(db, key)],
        allocations=[
            AllocationRead.model_validate(share)
            for share in document_views.shares_of(db, scope, key)
        ],
        reds=document_views.reds_of(db, scope, key),
        freezes=[
            FreezeRead.model_validate(freeze) for freeze in document_views.freezes_of(db, key)
        ],
        receipts=[ReceiptRead.model_validate(row) for row in document_views.receipts_of(db, key)],
        lookups=[LookupRead.model_validate(row) for row in document_views.lookups_of(db, key)],
        stated_periods=[
            StatedPeriodRead.model_validate(row)
            for row in document_views.stated_periods_of(db, key)
        ],
    )


def _outcome(intake: Intake | list[Finding]) -> DocumentsOutcome:
    if isinstance(intake, Intake):
        return DocumentsOutcome.model_validate(intake)
    raise Refusal.with_faults("cost_documents", intake)
