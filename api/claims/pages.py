"""Claims (兑付申请): what is asked for, where it stands, and what the reader may do next.

A builder sees and files her own; the bureau sees all. What may be done with a claim in its state by
which role stands in one table (`ledger/claims/rules.py`): the page shows just these buttons. Where
something lacks, nothing happens and all of it is told.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.claims.workflow_view import facts_asked, said_facts, stepper
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, having
from api.door.route_table import FORM_MAX, limited
from api.messages.sentences import findings
from api.web import forms
from api.web import labels as words
from api.web.forms import Sent, text
from api.web.layout import Framed, pages, refuse
from ledger.claims import queries as books
from ledger.claims.rules import actions
from ledger.claims.steps.approval import KIND, propose_approval, subject_of
from ledger.claims.steps.bank_accounts import change_pending, propose_account
from ledger.claims.steps.claim_actions import Action, Wish, handle
from ledger.claims.steps.claims import add_file, missing_files, open_claim
from ledger.claims.steps.publication import claim_of, receive, resolve
from ledger.claims.tables import Claim
from ledger.desk.queries import queues as desk
from ledger.documents.queries.originals import File
from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import open_decision, person
from ledger.policy.codes import FileRole
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation, Project
from ledger.units import beijing_day
from ledger.vouchers.queries import project_by_code
from ledger.vouchers.tables import Voucher

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_CLAIMS)]
Claimant = Annotated[Viewer, having(Right.CLAIM)]
Handler = Annotated[Viewer, having(Right.HANDLE_CLAIMS)]
Note = Annotated[str, Form(max_length=2_000)]
Line = Annotated[str, Form(max_length=200)]

PAGE_ROWS = 50
REVIEW = ("submitted", "accepted", "objected", "published")
BY_ITSELF = ("submit", "return", "accept", "publish", "refuse", "withdraw")


@router.get("/claims")
def listing(
    *,
    frame: Framed,
    viewer: Reader,
    db: Db,
    now: Now,
    queue: Literal["", "review"] = "",
    offset: Offset = 0,
) -> HTMLResponse:
    """Claims, newest first; `queue=review` those that wait for the bureau."""
    states = REVIEW if queue else None
    found = desk.claims(
        db, project=viewer.project, states=states, limit=PAGE_ROWS + 1, offset=offset
    )
    today = beijing_day(now)
    rows = [_row(each, today) for each in found[:PAGE_ROWS]]
    return frame.page(
        "claims/claims.html",
        {
            "rows": rows,
            "queue": queue,
            "mine": viewer.project is not None,
            "claimable": _claimable(db, viewer),
            "may_claim": access.may(viewer, Right.CLAIM),
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(found) > PAGE_ROWS),
        },
    )


def _row(row: Any, today: date) -> dict[str, Any]:  # noqa: ANN401 - a row of several tables
    over = row.state == "published" and desk.over(row, today)
    return {"claim": row, "mark": words.claim_mark(row.state), "over": over}


def _claimable(db: Session, viewer: Viewer) -> int | None:
    """What a builder may still ask for, fen; None for others, and without a voucher."""
    if viewer.project is None:
        return None
    try:
        return max(books.claimable(db, books.voucher_of(db, viewer.project)), 0)
    except NotFound:
        return None


@router.post("/claims")
def open_one(
    *, viewer: Claimant, db: Db, now: Now, project: Line = "", yuan: Line = ""
) -> Response:
    """A new claim; without an amount it is for all that may be claimed."""
    project_id = viewer.project
    if project_id is None:
        project_id = key(project_by_code(db, project.strip()))
    fen = forms.fen(yuan) if yuan.strip() else None
    made = open_claim(db, project_id, fen, actor=viewer.actor, now=now)
    return RedirectResponse(f"/claims/{made.number}", 303)


@router.get("/claims/{number}")
def claim_page(number: str, *, frame: Framed, viewer: Reader, db: Db, now: Now) -> HTMLResponse:
    """One claim: its steps, files, account, history, and what may be done next."""
    claim = access.claim(db, viewer, number)
    voucher = db.get_one(Voucher, claim.voucher)
    claim_id = key(claim)
    project = db.get_one(Project, voucher.project)
    return frame.page(
        "claims/claim.html",
        {
            "claim": claim,
            "voucher": voucher,
            "project": project,
            "payee": db.get_one(Organisation, claim.payee),
            "mark": words.claim_mark(claim.state),
            "steps": stepper(claim, books.events(db, claim_id), books.publication_of(db, claim_id)),
            "events": books.events(db, claim_id),
            "person": person,
            "action_words": words.claim_actions(),
            "state_words": words.claim_states(),
            "files": books.files(db, claim_id),
            "file_words": words.file_roles(),
            "account": books.account_of(db, claim.payee),
            "account_changing": change_pending(db, claim.payee),
            "published": books.publication_of(db, claim_id),
            "objections": books.objections(db, claim_id),
            "lacks": _lacking(db, claim),
            "facts": facts_asked(voucher),
            "decision": open_decision(db, KIND, subject_of(claim)),
            **_may(viewer, claim, beijing_day(now), db),
        },
    )


def _lacking(db: Session, claim: Claim) -> list[dict[str, str]]:
    return findings(missing_files(db, claim)) if claim.state == "draft" else []


def _may(viewer: Viewer, claim: Claim, today: date, db: Session) -> dict[str, Any]:
    """The buttons: what the case's table gives this role in this state."""
    allowed = actions(claim.state, viewer.role)
    published = books.publication_of(db, key(claim))
    over = published is not None and published.until < today
    return {
        "actions": [action for action in allowed if action in BY_ITSELF],
        "may_object": "object" in allowed,
        "may_resolve": "dismiss" in allowed,
        "may_propose": "propose" in allowed and over,
        "may_file": claim.state == "draft" and access.may(viewer, Right.CLAIM),
        "may_account": access.may(viewer, Right.CLAIM),
    }


@router.post("/claims/files")
@limited(body=FORM_MAX)
def put_file(
    *,
    viewer: Claimant,
    db: Db,
    now: Now,
    number: Line,
    role: Annotated[FileRole, Form()],
    file: UploadFile,
) -> Response:
    """Put a file to a draft."""
    claim = access.claim(db, viewer, number)
    given = File.from_content(file.filename or "", file.file.read())
    add_file(db, claim, role, given, actor=viewer.actor, now=now)
    return _back(claim, "files")


@router.post("/claims/{number}/step")
def step(
    number: str,
    *,
    sent: Sent,
    viewer: Annotated[Viewer, having(Right.MOVE_CLAIMS)],
    db: Db,
    now: Now,
    action: Annotated[Action, Form()],
) -> Response:
    """Take a step of the case; what it lacks is told, all at once."""
    claim = access.claim(db, viewer, number)
    voucher = db.get_one(Voucher, claim.voucher)
    wish = Wish(
        action,
        note=text(sent, "note"),
        facts=said_facts(voucher, sent),
        reference=text(sent, "reference"),
        channel=text(sent, "channel"),
    )
    done = handle(db, claim, wish, viewer=viewer, now=now)
    if done.code:
        refuse(done.findings, done.code, clause=voucher.clause)
    return _back(claim)


@router.post("/claims/{number}/account")
def account(
    number: str,
    *,
    viewer: Claimant,
    db: Db,
    now: Now,
    holder: Line,
    bank: Line,
    bank_code: Line,
    account_number: Line,
) -> Response:
    """Say where the payee is paid; another person of the bureau confirms it."""
    claim = access.claim(db, viewer, number)
    payee = db.get_one(Organisation, claim.payee)
    _made, found = propose_account(
        db, payee, holder=holder, bank=bank, bank_code=bank_code, number=account_number,
        actor=viewer.actor, now=now,
    )  # fmt: skip
    if found:
        refuse(found)
    return _back(claim, "account")


@router.post("/claims/{number}/objections")
def objected(
    number: str,
    *,
    viewer: Handler,
    db: Db,
    now: Now,
    objector: Line,
    contact: Line,
    body: Note,
) -> Response:
    """Write down an objection that somebody made."""
    claim = access.claim(db, viewer, number)
    receive(
        db, claim, objector=objector.strip(), contact=contact.strip(), body=body.strip(),
        **_by(viewer, now),
    )  # fmt: skip
    return _back(claim, "objections")


@router.post("/claims/{number}/objections/{objection}")
def resolved(
    number: str,
    objection: int,
    *,
    viewer: Handler,
    db: Db,
    now: Now,
    upheld: Annotated[Literal["yes", "no"], Form()],
    resolution: Note,
) -> Response:
    """Uphold an objection, or dismiss it."""
    claim = access.claim(db, viewer, number)
    if claim_of(db, objection).id != claim.id:
        raise NotFound("objection", id=objection)
    resolve(
        db, objection, upheld=upheld == "yes", resolution=resolution.strip(), **_by(viewer, now)
    )
    return _back(claim, "objections")


@router.post("/claims/{number}/approval")
def propose(number: str, *, viewer: Handler, db: Db, now: Now, reason: Note = "") -> Response:
    """Propose to approve; an approver confirms on the decision's page."""
    claim = access.claim(db, viewer, number)
    made = propose_approval(db, claim, reason=reason.strip(), **_by(viewer, now))
    return RedirectResponse(f"/decisions/{made.id}", 303)


def _by(viewer: Viewer, now: datetime) -> dict[str, Any]:
    return {"viewer_role": Role(viewer.role), "actor": viewer.actor, "now": now}


def _back(claim: Claim, part: str = "") -> Response:
    return RedirectResponse(f"/claims/{claim.number}{'#' if part else ''}{part}", 303)
