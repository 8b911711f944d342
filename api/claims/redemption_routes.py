"""Redemption at the counter (抵扣、核销): what was deducted, and the centre's claim of it.

The centre or a clerk states a deduction, the builder confirms it, and the centre claims it: it is
paid itself. Each sees her own.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import Session, select

from api.claims.schemas import DeductionCreate, DeductionRead, RedemptionCreate, RedemptionRead
from api.documents.routes import scope_of
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.files import Uploaded, documented, download_original
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import TEXT_MAX, Visible
from api.people.schemas import DecisionRead, Proof
from api.people.step_up import Proving
from api.reconciliation.schemas import ReasonGiven
from ledger.claims.steps.claims import open_claim
from ledger.documents.queries import deductions as deduction_queries
from ledger.documents.queries import document_views, originals
from ledger.documents.steps import deduction_decisions
from ledger.documents.steps.deductions import confirm_deduction, state_deduction
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.registry.queries import contract_by_number
from ledger.registry.tables import Centre, Organisation
from ledger.vouchers.queries.quotas import project_by_code

router = APIRouter(tags=["claims"])

Counter = Annotated[Viewer, having(Right.HAND_IN)]
Confirmer = Annotated[Viewer, having(Right.CLAIM)]
Onlooker = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]


@router.get("/deductions")
def deductions(viewer: Onlooker, db: ReadDb) -> list[DeductionRead]:
    """List what was deducted at the counter in the viewer's scope, newest first."""
    rows = deduction_queries.deductions(db, centre=viewer.centre, project=viewer.project)
    return [DeductionRead.model_validate(row) for row in rows]


@router.post("/cost-documents/{document}/deductions", status_code=201)
def state(
    document: int, request: DeductionCreate, viewer: Counter, db: Db, now: Now
) -> DeductionRead:
    """State how much of a document was deducted at the counter; its builder confirms it."""
    document_views.document(db, scope_of(viewer), document)
    contract = contract_by_number(db, request.contract)
    if viewer.centre not in (None, contract.centre_id):
        raise NotFound("contract", number=request.contract)
    row = state_deduction(db, document, contract, request.fen, actor=viewer.actor, now=now)
    return _read(db, viewer, key(row))


@router.post("/deductions/{deduction}/confirm")
def confirm(
    *,
    deduction: int,
    viewer: Confirmer,
    db: Db,
    now: Now,
    prover: Proving,
    request: Proof | None = None,
) -> DeductionRead:
    """Confirm, as the builder, what was deducted: from now on that much counts as paid."""
    viewer = prover.take(viewer, request.code if request else "")
    row = confirm_deduction(db, deduction, viewer, now)
    return _read(db, viewer, key(row))


@router.post("/deductions/{deduction}/consent", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def consent(
    *,
    deduction: int,
    reason: Annotated[str, Query(max_length=TEXT_MAX), Visible] = "",
    viewer: Clerk,
    upload: Uploaded,
    db: Db,
    now: Now,
) -> DecisionRead:
    """Hand in the file in which the builder consents; another person who saw it confirms."""
    db.commit()  # others have the connection while the file is read
    decision = deduction_decisions.propose_consent(
        db, deduction, upload.file, reason=reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.get("/deductions/{deduction}/consent", response_class=Response)
def consent_file(deduction: int, viewer: Onlooker, db: ReadDb) -> Response:
    """Download the file in which the builder consents, confirmed or waiting for it."""
    file_hash = _read(db, viewer, deduction).consent
    if file_hash is None:
        raise NotFound("deduction_consent", id=deduction)
    return download_original(originals.original(db, file_hash))


@router.post("/deductions/{deduction}/fall", status_code=201)
def propose_fall(
    deduction: int, request: ReasonGiven, viewer: Clerk, db: Db, now: Now
) -> DecisionRead:
    """Propose that what red documents took back of a deduction falls; until then it holds."""
    decision = deduction_decisions.propose_fall(
        db, deduction, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/redemptions", status_code=201)
def redeem(request: RedemptionCreate, viewer: Counter, db: Db, now: Now) -> RedemptionRead:
    """Open the centre's claim of what was deducted there: for so much, or for all of it."""
    centre = _centre(db, viewer, request.centre)
    if viewer.centre is not None and request.project not in {
        row.project for row in deductions(viewer, db)
    }:
        raise NotFound("project", code=request.project)
    project = key(project_by_code(db, request.project))
    claim = open_claim(db, project, request.fen, actor=viewer.actor, now=now, centre=centre)
    payee = db.get_one(Organisation, claim.payee_id).name
    return RedemptionRead(
        number=claim.number, project=request.project, centre=centre.name, payee=payee,
        fen=claim.fen, state=claim.state,
    )  # fmt: skip


def _centre(db: Session, viewer: Viewer, name: str | None) -> Centre:
    """The operator's own centre; for a clerk the one that is named."""
    if viewer.centre is not None:
        own = db.get_one(Centre, viewer.centre)
        if name in (None, own.name):
            return own
    elif by_name := db.exec(select(Centre).where(Centre.name == name)).one_or_none():
        return by_name
    raise NotFound("centre", name=name or "")


def _read(db: Session, viewer: Viewer, deduction: int) -> DeductionRead:
    rows = {row.id: row for row in deductions(viewer, db)}
    if deduction not in rows:
        raise NotFound("deduction", id=deduction)
    return rows[deduction]
