"""Deductions at the counter: the list, the centre's forms, the builder's confirmation."""

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.claims import redemption_routes
from api.claims.redemption_routes import Clerk, Confirmer, Counter, Onlooker
from api.claims.schemas import DeductionCreate, RedemptionCreate
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb
from api.door.files import Upload
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import TEXT_MAX, Visible
from api.people.schemas import Proof
from api.people.step_up import Proving
from api.reconciliation.schemas import ReasonGiven
from api.web.forms import form
from api.web.layout import Framed
from ledger.documents.queries.originals import File
from ledger.people.steps.decisions import person

router = APIRouter(include_in_schema=False)

PAGE = "/deductions"


@router.get(PAGE)
def listing(frame: Framed, viewer: Onlooker, db: ReadDb, prover: Proving) -> HTMLResponse:
    """What was deducted, and what the reader may do with it."""
    rows = redemption_routes.deductions(viewer, db)
    return frame.page(
        "claims/deductions.html",
        {
            "rows": [{"seen": row, "by": person(row.stated_by)} for row in rows],
            "confirmed_fen": sum(row.held_fen for row in rows if row.confirmed_at),
            "projects": sorted({row.project for row in rows if row.confirmed_at}),
            "may_state": access.may(viewer, Right.HAND_IN),
            "may_confirm": viewer.project is not None,
            "code_wanted": viewer.project is not None and prover.asks(viewer),
            "may_decide": access.may(viewer, Right.RECONCILE),
            "text_max": TEXT_MAX,
            "names_centre": viewer.centre is None,
        },
    )


@router.post("/documents/{document}/deductions")
def state(
    document: int,
    viewer: Counter,
    request: Annotated[DeductionCreate, form(DeductionCreate)],
    db: Db,
    now: Now,
) -> Response:
    """The centre or a clerk states what was deducted of a document."""
    redemption_routes.state(document, request, viewer, db, now)
    return RedirectResponse(PAGE, 303)


@router.post("/deductions/{deduction}/confirm")
def confirm(
    *,
    deduction: int,
    viewer: Confirmer,
    proof: Annotated[Proof, form(Proof)],
    db: Db,
    now: Now,
    prover: Proving,
) -> Response:
    """The builder confirms it."""
    redemption_routes.confirm(
        deduction=deduction, viewer=viewer, db=db, now=now, prover=prover, request=proof
    )
    return prover.keep(RedirectResponse(PAGE, 303))


@router.post("/deductions/{deduction}/consent")
@limited(body=FORM_MAX)
def consent(
    deduction: int,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    file: UploadFile,
    reason: Annotated[str, Form(max_length=TEXT_MAX), Visible] = "",
) -> Response:
    """A clerk hands in the file in which the builder consents."""
    upload = Upload(File.from_content(file.filename or "", file.file.read()), None)
    redemption_routes.consent(
        deduction=deduction, reason=reason, upload=upload, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(PAGE, 303)


@router.get("/deductions/{deduction}/consent")
def consent_file(deduction: int, viewer: Onlooker, db: ReadDb) -> Response:
    """The file in which the builder consents."""
    return redemption_routes.consent_file(deduction, viewer, db)


@router.post("/deductions/{deduction}/fall")
def fall(
    deduction: int,
    viewer: Clerk,
    request: Annotated[ReasonGiven, form(ReasonGiven)],
    db: Db,
    now: Now,
) -> Response:
    """A clerk proposes that what red documents took back of it falls."""
    redemption_routes.propose_fall(deduction, request, viewer, db, now)
    return RedirectResponse(PAGE, 303)


@router.post("/redemptions")
def redeem(
    viewer: Counter, request: Annotated[RedemptionCreate, form(RedemptionCreate)], db: Db, now: Now
) -> Response:
    """The centre claims what was deducted there."""
    claim = redemption_routes.redeem(request, viewer, db, now)
    return RedirectResponse(f"/claims/{claim.number}#files", 303)
