"""Cost documents: finding them, handing them in, and one in full.

A centre sees what was sold for it, a builder what was bought for its project, the bureau all. An
XML or OFD file is read by itself; what a person keys comes with the file that he keyed it from.
Either stands once a second person has compared it, several at once on the list, or has looked it
up. If anything is wrong, nothing is kept, every fault is reported with its place, and what was
typed stays in the form.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.documents import routes
from api.documents.routes import Answerer, Clerk, Giver, Reader, scope_of
from api.documents.schemas import DocumentsConfirm, FreezeCreate, PeriodCreate
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, ReadDb
from api.door.problems import Refusal
from api.door.route_table import FORM_MAX, limited
from api.door.schemas import LINE_MAX, PROOF_MAX, QR_MAX, TEXT_MAX
from api.language.i18n import gettext as _
from api.language.labels import label, label_of, labels
from api.messages.sentences import findings
from api.people.step_up import Proving
from api.web import forms
from api.web.forms import SentForm, form, request_of, text
from api.web.layout import Frame, Framed, pages
from api.web.mark import document_mark
from ledger.desk.steps.confirm import CLERKS
from ledger.desk.steps.take_documents import take_file, take_keyed, take_list_file
from ledger.desk.steps.verify_documents import look_up
from ledger.documents.codes import (
    DocumentKind,
    DocumentSource,
    DocumentState,
    LookupResult,
    SealOutcome,
    Verification,
)
from ledger.documents.queries import document_views
from ledger.documents.queries.document_views import DocumentQuery, DocumentView, Filter
from ledger.documents.queries.originals import File
from ledger.documents.rules.document_fields import FIELDS, LINE_FIELDS
from ledger.documents.steps.documents import Intake
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person, same_person
from ledger.people.tables import Decision
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 100
KEYED_LINES = 4
UNPROCESSABLE = 422


@router.get("/documents")
def listing(
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    state: Filter | None = None,
    number: Annotated[str, Query(max_length=LINE_MAX)] = "",
    offset: Offset = 0,
    prover: Proving,
) -> HTMLResponse:
    """Documents that are the reader's to see, newest first."""
    query = DocumentQuery(number=number.strip() or None, state=state)
    documents = document_views.documents(
        db, scope_of(viewer), query, limit=PAGE_ROWS + 1, offset=offset
    )
    rows = documents[:PAGE_ROWS]
    may_verify = any(_may_verify(viewer, view) for view in rows)
    return frame.page(
        "documents/documents.html",
        {
            "rows": [_row(view) | {"mine": _may_verify(viewer, view)} for view in rows],
            "state": state,
            "number": number.strip(),
            "states": _filters(),
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(documents) > PAGE_ROWS),
            "may_hand_in": access.may(viewer, Right.HAND_IN),
            "may_verify": may_verify,
            "code_wanted": may_verify and prover.asks(viewer),
        },
    )


def _filters() -> dict[str, str]:
    """What a list of documents can be narrowed to."""
    states = (
        DocumentState.TO_CONFIRM, DocumentState.PERIOD_UNKNOWN, DocumentState.FROZEN,
        DocumentState.REFUSED,
    )  # fmt: skip
    more = {"unallocated": _("未分配完"), "receipt_unproved": _("凭证待核")}
    return {state.value: label(state) for state in states} | more


def _row(view: DocumentView) -> dict[str, Any]:
    red = view.reverses is not None
    return {
        "seen": view,
        "kind": label_of(DocumentKind, view.kind),
        "source": label_of(DocumentSource, view.source),
        "mark": document_mark(view.state, red=red),
        "verification": label_of(Verification, view.verification),
        "red": red,
    }


def _may_verify(viewer: Viewer, view: DocumentView) -> bool:
    """Whether this reader may be the second person."""
    waits = view.state == DocumentState.TO_CONFIRM
    return waits and viewer.role in CLERKS and not same_person(viewer.actor, view.received_by)


@router.post("/documents/confirm")
def confirm(
    *,
    viewer: Answerer,
    db: Db,
    now: Now,
    prover: Proving,
    seen: Annotated[list[str] | None, Form()] = None,
    code: Annotated[str, Form(max_length=PROOF_MAX)] = "",
) -> Response:
    """Confirm the documents that were ticked after comparing them; all of them, or none."""
    ticked = dict.fromkeys(seen or ())
    if not ticked:
        faults = [Finding("documents", "none_ticked", ())]
        raise Refusal.with_faults("cost_documents", faults)
    documents = [
        dict(zip(("decision", "seen"), tick.split(":", 1), strict=False)) for tick in ticked
    ]
    request = request_of(DocumentsConfirm, {"documents": documents, "code": code.strip()})
    routes.confirm(request=request, viewer=viewer, db=db, now=now, prover=prover)
    return prover.keep(RedirectResponse("/documents?state=to_confirm", 303))


@router.post("/documents")
@limited(body=FORM_MAX)
def hand_in(
    *,
    viewer: Giver,
    db: Db,
    now: Now,
    file: UploadFile,
    how: Annotated[Literal["file", "list"], Form()],
    qr: Annotated[str, Form(max_length=QR_MAX)] = "",
) -> Response:
    """Take an XML or OFD file, or a list with many documents."""
    content = File.from_content(file.filename or "", file.file.read())
    if how == "list":
        db.commit()  # others have the connection while the file is read
        intake = take_list_file(db, content, actor=viewer.actor, now=now, centre=viewer.centre)
    else:
        intake = take_file(db, content, qr=qr, actor=viewer.actor, now=now, centre=viewer.centre)
    if isinstance(intake, Intake):
        return _after(intake)
    raise Refusal.with_faults("cost_documents", intake)


@router.get("/documents/new")
def keyed_form(*, frame: Framed, viewer: Giver) -> HTMLResponse:
    """The empty form for keying a document."""
    del viewer
    return _form(frame, {}, [], ())


@router.post("/documents/new")
@limited(body=FORM_MAX)
def key(*, data: SentForm, frame: Framed, viewer: Giver, db: Db, now: Now) -> Response:
    """Take what a person keyed, with the file that he keyed it from."""
    values = {name: value for name in FIELDS if (value := text(data, name))}
    lines = forms.lines(data, LINE_FIELDS, "line_")
    file = forms.file(data)
    if file is None:
        return _form(frame, values, lines, [Finding("file", "file_empty", (("name", ""),))])
    intake = take_keyed(
        db, {**values, "lines": lines}, file, qr=text(data, "qr"), actor=viewer.actor, now=now,
        centre=viewer.centre,
    )  # fmt: skip
    return _after(intake) if isinstance(intake, Intake) else _form(frame, values, lines, intake)


def _form(
    frame: Frame,
    values: dict[str, str],
    lines: list[dict[str, str]],
    faults: Sequence[Finding],
) -> HTMLResponse:
    blank = [dict[str, str]() for _ in range(KEYED_LINES - len(lines))]
    return frame.page(
        "documents/document-new.html",
        {
            "values": values,
            "lines": [*lines, *blank],
            "kinds": labels(DocumentKind),
            "faults": findings(faults),
        },
        UNPROCESSABLE if faults else 200,
    )


def _after(intake: Intake) -> Response:
    if len(intake.documents) == 1:
        return RedirectResponse(f"/documents/{intake.documents[0].id}", 303)
    return RedirectResponse("/documents", 303)


@router.get("/documents/{document}")
def document_page(
    document: int, *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, prover: Proving
) -> HTMLResponse:
    """One document: its parties, lines, what is allocated of it, and all that was said of it."""
    scope = scope_of(viewer)
    view = document_views.document(db, scope, document)
    decision = db.get(Decision, view.decision) if view.decision else None
    periods = document_views.stated_periods_of(db, document)
    return frame.page(
        "documents/document.html",
        {
            **_row(view),
            "by": person(view.received_by),
            "confirmed_by": person(view.confirmed_by or ""),
            "lines": document_views.lines_of(db, document),
            "shares": document_views.shares_of(db, scope, document),
            "reds": [_row(red) for red in document_views.reds_of(db, scope, document)],
            "freezes": document_views.freezes_of(db, document),
            "decision": view.decision
            if decision and access.may_read_decision(viewer, decision)
            else None,
            "may_deduct": access.may(viewer, Right.HAND_IN) and view.reverses is None,
            "may_freeze": access.may(viewer, Right.RECONCILE) and view.reverses is None,
            "may_look_up": access.may(viewer, Right.RECONCILE)
            and view.state not in (DocumentState.REFUSED, DocumentState.DROPPED),
            "lookups": [
                {
                    "seen": row,
                    "result": label_of(LookupResult, row.result),
                    "by": person(row.entered_by),
                }
                for row in document_views.lookups_of(db, document)
            ],
            "receipts": [
                {
                    "seen": row,
                    "by": person(row.entered_by),
                    "checked_by": person(row.checked_by or ""),
                    "mine": access.may(viewer, Right.RECONCILE)
                    and not same_person(viewer.actor, row.entered_by),
                }
                for row in document_views.receipts_of(db, document)
            ],
            "may_enter": access.may(viewer, Right.CLAIM) and view.reverses is None,
            "code_wanted": access.may(viewer, Right.RECONCILE) and prover.asks(viewer),
            "seal": label_of(SealOutcome, view.seal),
            "results": labels(LookupResult),
            "today": beijing_day(now),
            "periods": [{"seen": row, "by": person(row.stated_by)} for row in periods],
            "may_state": access.may(viewer, Right.RECONCILE)
            and view.reverses is None
            and view.allocated_fen == 0
            and bool(view.period_assumed or view.period_contradicts or periods),
        },
    )


@router.post("/documents/{document}/lookups")
@limited(body=FORM_MAX)
def add_lookup(
    document: int,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    file: UploadFile,
    result: Annotated[LookupResult, Form()],
    looked_up_on: Annotated[date, Form()],
    note: Annotated[str, Form(max_length=TEXT_MAX)] = "",
    prover: Proving,
    code: Annotated[str, Form(max_length=PROOF_MAX)] = "",
) -> Response:
    """Record what the tax platform said, with the picture; with a code it may confirm, too."""
    if code.strip():
        viewer = prover.take(viewer, code.strip())
    db.commit()  # others have the connection while the file is read
    look_up(
        db, document, result=result, looked_up_on=looked_up_on, note=note.strip(),
        file=File.from_content(file.filename or "", file.file.read()), viewer=viewer, now=now,
    )  # fmt: skip
    return prover.keep(RedirectResponse(f"/documents/{document}", 303))


@router.post("/documents/{document}/period")
def set_period(
    document: int, viewer: Clerk, wanted: Annotated[PeriodCreate, form(PeriodCreate)], db: Db,
    now: Now,
) -> Response:  # fmt: skip
    """State for which days a document is."""
    routes.set_period(document=document, request=wanted, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/documents/{document}", 303)


@router.post("/documents/{document}/freeze")
def freeze(
    document: int,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    confirmation: Annotated[str, Form(max_length=LINE_MAX)] = "",
) -> Response:
    """Freeze by the number of the red one's confirmation; without a number lift the freeze."""
    document_views.document(db, scope_of(viewer), document)
    if confirmation.strip():
        request = request_of(FreezeCreate, {"confirmation": confirmation})
        routes.freeze(document=document, request=request, viewer=viewer, db=db, now=now)
    else:
        routes.lift(document=document, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/documents/{document}", 303)
