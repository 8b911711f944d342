"""Claims: opening them, their files, their steps, and the proposal to approve.

Who may do what in which state stands in one table (`ledger/claims/rules/courses.py`); a step that
is another role's is refused. A builder sees and moves her own claims only, a centre what it
redeems.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from api.claims.cases.schemas import HoldRead
from api.claims.schemas import (
    ActionCreate,
    ApprovalCreate,
    ApprovalProposal,
    ChecklistItem,
    ClaimCreate,
    ClaimRead,
    ClaimSummary,
    EventRead,
    FileHash,
    FileRead,
    MonthLeft,
    ObjectionRead,
)
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.files import Uploaded, documented, download_original
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, first_day
from api.messages.sentences import findings
from ledger.claims import queries as claim_queries
from ledger.claims.steps.approval import propose_approval
from ledger.claims.steps.claim_actions import Wish, handle
from ledger.claims.steps.claims import add_file, open_claim
from ledger.claims.tables import Claim
from ledger.desk.queries import queues
from ledger.desk.queries.claim_details import claim_details
from ledger.documents.queries import originals
from ledger.errors import NotFound
from ledger.formats.capital_amounts import in_words
from ledger.people.steps.credentials import Viewer
from ledger.policy.codes import FileRole
from ledger.postgres.columns import key
from ledger.vouchers.tables import Voucher

router = APIRouter(tags=["claims"])

Reader = Annotated[Viewer, having(Right.READ_CLAIMS)]
Beneficiary = Annotated[Viewer, having(Right.READ_PROJECTS)]
Claimant = Annotated[Viewer, having(Right.CLAIM)]
Bringer = Annotated[Viewer, having(Right.BRING_PAPERS)]
Mover = Annotated[Viewer, having(Right.MOVE_CLAIMS)]
Handler = Annotated[Viewer, having(Right.HANDLE_CLAIMS)]


@router.post("/claims", status_code=201)
def open_for(request: ClaimCreate, viewer: Claimant, db: Db, now: Now) -> ClaimRead:
    """Open a claim of a project's voucher."""
    project = access.project(db, viewer, request.project)
    months = [first_day(month) for month in request.months]
    claim = open_claim(db, key(project), request.fen, actor=viewer.actor, now=now, months=months)
    return _whole(db, viewer, claim)


@router.get("/projects/{code}/claimable")
def claimable(code: str, viewer: Beneficiary, db: ReadDb) -> list[MonthLeft]:
    """List what of each month of the project's contracts may still be claimed, oldest first."""
    voucher = claim_queries.voucher_of(db, key(access.project(db, viewer, code)))
    return [MonthLeft.model_validate(row) for row in claim_queries.months_left(db, voucher)]


@router.get("/claims")
def claims(
    *,
    viewer: Reader,
    db: ReadDb,
    state: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[ClaimSummary]:
    """List the claims in the viewer's scope, newest first; in these states or in any."""
    rows = queues.claims(
        db, project=viewer.project, centre=viewer.centre, states=state, limit=limit, offset=offset
    )
    return [ClaimSummary.model_validate(row) for row in rows]


@router.get("/claims/{number}")
def claim(number: str, viewer: Reader, db: ReadDb) -> ClaimRead:
    """Return a claim with its files and its history."""
    return _whole(db, viewer, access.claim(db, viewer, number))


@router.post("/claims/{number}/files", status_code=201, openapi_extra=documented())
@limited(body=FORM_MAX)
def add(
    *,
    number: str,
    role: FileRole,
    proves: Annotated[str, Query(max_length=LINE_MAX)] = "",
    viewer: Bringer,
    upload: Uploaded,
    db: Db,
    now: Now,
) -> FileHash:
    """Add a file to a draft; a receipt names what it `proves`: the number of a document."""
    claim = access.claim(db, viewer, number)
    db.commit()  # others have the connection while the file is read
    hash_ = add_file(
        db, claim, role, upload.file, actor=viewer.actor, now=now, proves=proves.strip()
    )
    return FileHash(hash=hash_)


@router.get("/claims/{number}/files/{hash_}", response_class=Response)
def read(number: str, hash_: str, viewer: Reader, db: ReadDb) -> Response:
    """Download a file as it came."""
    claim = access.claim(db, viewer, number)
    if hash_ not in {file.hash for file in claim_queries.files(db, key(claim))}:
        raise NotFound("claim_file", hash=hash_)
    return download_original(originals.original(db, hash_))


@router.post("/claims/{number}/actions")
def act(number: str, request: ActionCreate, viewer: Mover, db: Db, now: Now) -> ClaimRead:
    """Take a step; if anything is missing, do nothing and report everything that is missing."""
    claim = access.claim(db, viewer, number)
    outcome = handle(db, claim, Wish(**request.model_dump()), viewer=viewer, now=now)
    if outcome.code:
        clause = db.get_one(Voucher, claim.voucher_id).clause
        raise Refusal.with_faults(outcome.code, outcome.findings, clause=clause)
    return _whole(db, viewer, outcome.claim)


@router.post("/claims/{number}/approval", status_code=201)
def propose(
    number: str, request: ApprovalCreate, viewer: Handler, db: Db, now: Now
) -> ApprovalProposal:
    """Propose to approve a claim whose publication is over; another person confirms it."""
    decision = propose_approval(
        db, access.claim(db, viewer, number), viewer_role=viewer.role, actor=viewer.actor, now=now,
        reason=request.reason, fen=request.fen,
    )  # fmt: skip
    return ApprovalProposal(
        decision=key(decision), digest=decision.digest, content=decision.content
    )


def _whole(db: Session, viewer: Viewer, claim: Claim) -> ClaimRead:
    details = claim_details(db, claim)
    # Who objects is told to those alone who deal with it.
    objections = details.objections if access.may(viewer, Right.READ_PAYMENTS) else []
    more: dict[str, Any] = {
        "uscc": details.payee.uscc,
        "policy": details.voucher.policy,
        "words": in_words(claim.fen),
        "actions": details.actions(viewer.role),
        "lacks": [fault["message"] for fault in findings(details.missing)],
        "documents": details.documents,
        "checklist": [ChecklistItem.model_validate(item) for item in details.checklist],
        "decision": details.decision and details.decision.id,
        "events": [EventRead.model_validate(event) for event in details.events],
        "files": [FileRead.model_validate(file) for file in details.files],
        "objections": [ObjectionRead.model_validate(objection) for objection in objections],
        "course": list(details.course),
        "holds": [HoldRead.of(hold) for hold in details.holds],
    }
    summary = details.summary._mapping  # noqa: SLF001 - its public name
    return ClaimRead.model_validate({**summary, **more})
