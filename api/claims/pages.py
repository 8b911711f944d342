"""Claims (兑付申请): the amount, the state, and what the reader may do next.

A builder sees and files her own, a centre what it redeems; the bureau sees all. What may be done
with a claim in its state by which role stands in one table (`ledger/claims/rules/courses.py`): the
page shows just these buttons. If anything is missing, nothing happens and everything that is
missing is reported.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Form, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.claims import bank_account_routes, publication_routes, routes
from api.claims.account_numbers import Numbers
from api.claims.cases.picture import course_pictures
from api.claims.papers import Paper, paper_content
from api.claims.routes import Bringer, Claimant, Handler, Mover, Reader
from api.claims.schemas import (
    AccountCreate,
    ActionCreate,
    ApprovalCreate,
    ClaimCreate,
    ObjectionCreate,
    ResolutionCreate,
)
from api.claims.workflow_view import (
    fact_fields,
    facts_of_form,
    hold_view,
    hold_words,
    stages_behind,
    stepper,
)
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, ReadDb
from api.door.files import Upload
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX
from api.language.labels import labels
from api.web import forms
from api.web.claim_form import faults_of, new_claim, typed_claim
from api.web.forms import Fields, SentForm, form, request_of, text
from api.web.layout import Framed, pages
from api.web.mark import claim_mark
from ledger.claims import queries as claim_queries
from ledger.claims.codes import ClaimAction, ClaimState, HoldKind
from ledger.claims.rules.courses import OPEN
from ledger.claims.steps.claim_actions import Action
from ledger.claims.steps.eligibility import facts_of
from ledger.claims.steps.publication import claim_of
from ledger.claims.tables import BankAccount
from ledger.desk.queries import queues
from ledger.desk.queries.claim_details import ClaimDetails, claim_details
from ledger.documents.queries.originals import File
from ledger.errors import LedgerError, NotFound
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person
from ledger.policy.codes import FileRole
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation, Project
from ledger.units import beijing_day
from ledger.vouchers.tables import Voucher

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50
BY_ITSELF = get_args(Action)


@router.get("/claims")
def listing(
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    queue: Literal["", "review"] = "",
    offset: Offset = 0,
) -> HTMLResponse:
    """Claims, newest first; `queue=review` those that wait for the bureau."""
    states = queues.REVIEW if queue else None
    claims = queues.claims(
        db, project=viewer.project, centre=viewer.centre, states=states, limit=PAGE_ROWS + 1,
        offset=offset,
    )  # fmt: skip
    today = beijing_day(now)
    rows = [_row(claim, today) for claim in claims[:PAGE_ROWS]]
    return frame.page(
        "claims/claims.html",
        {
            "rows": rows,
            "queue": queue,
            "mine": viewer.project is not None or viewer.centre is not None,
            "redeems": viewer.centre is not None,
            "claim_form": _claim_form(db, viewer),
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(claims) > PAGE_ROWS),
        },
    )


def _row(row: Any, today: date) -> dict[str, Any]:  # noqa: ANN401 - a row of several tables
    over = row.state == "published" and queues.over(row, today)
    return {"claim": row, "mark": claim_mark(row.state, is_held=row.is_held), "over": over}


def _claim_form(db: Session, viewer: Viewer) -> dict[str, Any] | None:
    """The form of a new claim; None where there is nothing to claim, or nobody to claim it."""
    if not access.may(viewer, Right.CLAIM):
        return None
    if viewer.project is None:
        return new_claim("", ())
    project = db.get_one(Project, viewer.project)
    try:
        rest = claim_queries.months_left(db, claim_queries.voucher_of(db, viewer.project))
    except NotFound:
        return None
    return new_claim(project.code, rest)


@router.post("/claims")
def open_claim(*, frame: Framed, viewer: Claimant, data: SentForm, db: Db, now: Now) -> Response:
    """Open a claim; without an amount it is for all that may be claimed.

    What is wrong stands at its field, and what was typed stays.
    """
    typed = typed_claim(data)
    if viewer.project is not None:
        typed["project"] = db.get_one(Project, viewer.project).code
    try:
        fields = {"project": typed["project"], "months": typed["months"]}
        fields |= {"fen": forms.fen(typed["yuan"])} if typed["yuan"] else {}
        claim = routes.open_for(request_of(ClaimCreate, fields), viewer, db, now)
    except (LedgerError, RequestValidationError) as error:
        rest = _left_of(db, viewer, typed["project"])
        content = {"claim_form": new_claim(typed["project"], rest, typed, faults_of(error))}
        return frame.page("claims/claim-new.html", content, status=422)
    return _back(claim.number, "files")


def _left_of(db: Session, viewer: Viewer, code: str) -> Sequence[claim_queries.MonthLeft]:
    try:
        project = access.project(db, viewer, code)
        return claim_queries.months_left(db, claim_queries.voucher_of(db, key(project)))
    except NotFound:
        return ()


@router.get("/claims/{number}")
def claim_page(
    number: str, *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, numbers: Numbers
) -> HTMLResponse:
    """One claim: its steps, files, account, history, and what may be done next."""
    details = claim_details(db, access.claim(db, viewer, number))
    claim = details.claim
    return frame.page(
        "claims/claim.html",
        {
            "claim": claim,
            "voucher": details.voucher,
            "project": details.project,
            "payee": details.payee,
            "mark": claim_mark(claim.state, is_held=details.summary.is_held),
            "months": details.summary.months,
            "steps": stepper(details),
            "pictures": course_pictures(details.course, stages_behind(details)),
            "holds": [hold_view(hold, viewer) for hold in details.holds],
            "hold_kinds": labels(HoldKind),
            "hold_words": hold_words(),
            "events": details.events,
            "person": person,
            "action_words": labels(ClaimAction),
            "state_words": labels(ClaimState),
            "files": details.files,
            "file_words": labels(FileRole),
            "account": details.account,
            "account_number": _account_number(numbers, viewer, details.account),
            "account_change": details.account_change,
            "may_decide": access.may(viewer, Right.HANDLE_CLAIMS),
            "may_dossier": access.may(viewer, Right.TAKE_DOSSIERS),
            "published": details.publication,
            "objections": details.objections,
            "objectors_hidden": details.objections and not access.may(viewer, Right.READ_PAYMENTS),
            "may_projects": access.may(viewer, Right.READ_PROJECTS),
            "checklist": details.checklist,
            "prints": tuple(Paper),
            "documents": details.documents,
            "facts": fact_fields(details.voucher, facts_of(db, details.voucher, claim)[-1]),
            "decision": details.decision,
            **_may(viewer, details, beijing_day(now)),
        },
    )


def _account_number(numbers: Numbers, viewer: Viewer, account: BankAccount | None) -> str:
    """The number as this reader may see it."""
    if account is None:
        return ""
    return numbers.show(viewer, {key(account): account.number})[key(account)]


def _may(viewer: Viewer, details: ClaimDetails, today: date) -> dict[str, Any]:
    """The buttons: what the case's table gives this role in this state."""
    state, publication = details.claim.state, details.publication
    permitted = details.actions(viewer.role)
    over = publication is not None and publication.until < today
    return {
        "actions": [action for action in permitted if action in BY_ITSELF],
        "may_hold": state in OPEN and access.may(viewer, Right.HANDLE_CLAIMS),
        "may_object": "object" in permitted,
        "may_resolve": "dismiss" in permitted,
        "may_propose": "propose" in permitted and over,
        "may_file": state == "draft" and access.may(viewer, Right.BRING_PAPERS),
        "may_account": access.may(viewer, Right.BRING_PAPERS),
    }


@router.get("/claims/{number}/print/{paper}")
def paper(
    number: str,
    paper: Paper,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    numbers: Numbers,
) -> HTMLResponse:
    """The application form or the commitment, filled in, to print, sign and stamp."""
    details = claim_details(db, access.claim(db, viewer, number))
    return frame.page(f"claims/{paper}.html", paper_content(details, viewer, numbers, now))


@router.post("/claims/files")
@limited(body=FORM_MAX)
def add_file(
    *,
    viewer: Bringer,
    db: Db,
    now: Now,
    number: Annotated[str, Form(max_length=LINE_MAX)],
    role: Annotated[FileRole, Form()],
    file: UploadFile,
    proves: Annotated[str, Form(max_length=LINE_MAX)] = "",
) -> Response:
    """Put a file to a draft."""
    upload = Upload(File.from_content(file.filename or "", file.file.read()), None)
    routes.add(
        number=number, role=role, proves=proves, upload=upload, viewer=viewer, db=db, now=now
    )
    return _back(number, "files")


@router.post("/claims/{number}/step")
def act(
    number: str,
    *,
    data: SentForm,
    viewer: Mover,
    db: Db,
    now: Now,
    action: Annotated[Action, Form()],
) -> Response:
    """Take a step of the claim; everything that is missing is reported at once."""
    claim = access.claim(db, viewer, number)
    voucher = db.get_one(Voucher, claim.voucher_id)
    texts = {name: text(data, name) for name in ("note", "reference", "channel")}
    facts = facts_of_form(voucher, facts_of(db, voucher, claim)[-1], data)
    request = request_of(ActionCreate, {"action": action, "facts": facts, **texts})
    routes.act(number, request, viewer, db, now)
    return _back(number)


@router.post("/claims/{number}/account")
def propose_account(
    number: str,
    viewer: Bringer,
    request: Annotated[AccountCreate, form(AccountCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Say where the payee is paid; another person of the bureau confirms it."""
    claim = access.claim(db, viewer, number)
    uscc = db.get_one(Organisation, claim.payee_id).uscc
    account = request.model_copy(update={"organisation": uscc})
    bank_account_routes.propose(account, viewer, db, now)
    return _back(number, "account")


def _about_claim(fields: Fields, path: Mapping[str, Any]) -> Fields:
    return {**fields, "claim": path["number"]}


@router.post("/claims/{number}/objections")
def receive_objection(
    number: str,
    viewer: Handler,
    request: Annotated[ObjectionCreate, form(ObjectionCreate, _about_claim)],
    db: Db,
    now: Now,
) -> Response:
    """Write down an objection that somebody made."""
    publication_routes.receive_one(request, viewer, db, now)
    return _back(number, "objections")


@router.post("/claims/{number}/objections/{objection}")
def resolve_objection(
    number: str,
    objection: int,
    *,
    viewer: Handler,
    request: Annotated[ResolutionCreate, form(ResolutionCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Uphold an objection, or dismiss it."""
    claim = access.claim(db, viewer, number)
    if claim_of(db, objection).id != claim.id:
        raise NotFound("objection", id=objection)
    publication_routes.resolve_one(objection, request, viewer, db, now)
    return _back(number, "objections")


@router.post("/claims/{number}/approval")
def propose_approval(
    number: str,
    viewer: Handler,
    request: Annotated[ApprovalCreate, form(ApprovalCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Propose to approve; an approver confirms on the decision's page."""
    proposal = routes.propose(number, request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.decision}", 303)


def _back(number: str, part: str = "") -> Response:
    return RedirectResponse(f"/claims/{number}{'#' if part else ''}{part}", 303)
