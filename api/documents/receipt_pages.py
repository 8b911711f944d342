"""Receipts (付款凭证) of a document: entering one with its file, and checking another's."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.documents import receipt_routes
from api.documents.receipt_routes import Claimer
from api.documents.routes import Clerk
from api.door.dependencies import Db, Now
from api.door.files import Upload
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, PROOF_MAX, Visible
from api.people.schemas import Proof
from api.people.step_up import Proving
from api.web import forms
from ledger.documents.queries.originals import File

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Form(min_length=1, max_length=LINE_MAX), Visible]


@router.post("/documents/{document}/receipts")
@limited(body=FORM_MAX)
def add_receipt(
    document: int,
    *,
    viewer: Claimer,
    db: Db,
    now: Now,
    file: UploadFile,
    reference: Word,
    payer: Word,
    payee: Word,
    yuan: Word,
    paid_on: Annotated[date, Form()],
) -> Response:
    """Enter a receipt with its file."""
    upload = Upload(File.from_content(file.filename or "", file.file.read()), None)
    receipt_routes.add_receipt(
        document=document, reference=reference.strip(), payer=payer.strip(), payee=payee.strip(),
        fen=forms.fen(yuan), paid_on=paid_on, upload=upload, viewer=viewer, db=db, now=now,
    )  # fmt: skip
    return RedirectResponse(f"/documents/{document}", 303)


@router.post("/documents/{document}/receipts/check")
def check_receipt(
    *,
    document: int,
    reference: Word,
    viewer: Clerk,
    db: Db,
    now: Now,
    prover: Proving,
    code: Annotated[str, Form(max_length=PROOF_MAX)] = "",
) -> Response:
    """Say that a receipt shows what another person keyed."""
    receipt_routes.check_receipt(
        document=document, reference=reference, viewer=viewer, db=db, now=now, prover=prover,
        request=Proof(code=code.strip()),
    )  # fmt: skip
    return prover.keep(RedirectResponse(f"/documents/{document}", 303))
