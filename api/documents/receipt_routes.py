"""Receipts (付款凭证): entering one with its file, reading it, checking another's."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.documents.routes import Clerk, Reader, scope_of
from api.documents.schemas import ReceiptRead
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.files import Uploaded, documented, download_original
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import AskedFen, IsoDay, Line
from api.people.schemas import Proof
from api.people.step_up import Proving
from ledger.documents.queries import document_views, originals
from ledger.documents.steps import receipts
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["cost documents"])

Claimer = Annotated[Viewer, having(Right.CLAIM)]


@router.post("/cost-documents/{document}/receipts", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add_receipt(
    *,
    document: int,
    reference: Line,
    payer: Line,
    payee: Line,
    fen: AskedFen,
    paid_on: IsoDay,
    viewer: Claimer,
    upload: Uploaded,
    db: Db,
    now: Now,
) -> ReceiptRead:
    """Keep a proof of payment of a document; its text must have amount and reference (R05)."""
    document_views.document(db, scope_of(viewer), document)
    db.commit()  # others have the connection while the file is read
    receipt = receipts.enter(
        db, document, reference=reference, payer=payer, payee=payee, fen=fen, paid_on=paid_on,
        file=upload.file, actor=viewer.actor, now=now,
    )  # fmt: skip
    return ReceiptRead.model_validate(receipt)


@router.post("/cost-documents/{document}/receipts/check")
def check_receipt(
    *,
    document: int,
    reference: Line,
    viewer: Clerk,
    db: Db,
    now: Now,
    prover: Proving,
    request: Proof | None = None,
) -> ReceiptRead:
    """Say, as another person than who entered it, that a receipt shows what was keyed."""
    viewer = prover.take(viewer, request.code if request else "")
    receipt = receipts.check(db, document, reference, viewer=viewer, now=now)
    return ReceiptRead.model_validate(receipt)


@router.get("/cost-documents/{document}/receipts/original", response_class=Response)
def receipt_original(document: int, reference: Line, viewer: Reader, db: ReadDb) -> Response:
    """Download the file of a receipt."""
    document_views.document(db, scope_of(viewer), document)
    rows = {row.reference: row.original for row in document_views.receipts_of(db, document)}
    if reference not in rows:
        raise NotFound("receipt", reference=reference)
    return download_original(originals.original(db, rows[reference]))
