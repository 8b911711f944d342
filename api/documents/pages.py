"""Cost documents: finding them, handing them in, and one in full.

A centre sees what was sold for it, a builder what was bought for its project, the bureau all. An
XML or OFD file is read by itself; what a person keys comes with the file that he keyed it from, and
stands once a second person confirmed it. Where something is wrong nothing is kept, every fault is
told with its place, and what was typed stays in the form.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, having
from api.door.route_table import FORM_MAX, limited
from api.language.i18n import gettext as _
from api.language.labels import label, label_of, labels
from api.messages.sentences import findings
from api.people.decision_rights import may_read
from api.web import forms
from api.web.forms import Sent, text
from api.web.layout import Frame, Framed, pages
from api.web.mark import document_mark
from ledger.desk.steps.take_documents import take_document, take_list
from ledger.documents.codes import DocumentKind, DocumentSource, DocumentState
from ledger.documents.queries import document_views as books
from ledger.documents.queries.document_views import DocumentQuery, DocumentView, Filter, Scope
from ledger.documents.queries.originals import File
from ledger.documents.rules.document_fields import FIELDS, LINE_FIELDS
from ledger.documents.rules.document_file import read_document, read_keyed
from ledger.documents.rules.document_list import read_documents
from ledger.documents.rules.qr import agrees, read_qr
from ledger.documents.steps import freezes
from ledger.documents.steps.documents import Intake
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person
from ledger.people.tables import Decision

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Giver = Annotated[Viewer, having(Right.HAND_IN)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]

PAGE_ROWS = 100
KEYED_LINES = 4
UNPROCESSABLE = 422


@router.get("/documents")
def listing(
    *,
    frame: Framed,
    viewer: Reader,
    db: Db,
    state: Filter | None = None,
    number: Annotated[str, Query(max_length=200)] = "",
    offset: Offset = 0,
) -> HTMLResponse:
    """Documents that are the reader's to see, newest first."""
    return _listing(frame, viewer, db, state=state, number=number.strip(), offset=offset)


def _listing(
    frame: Frame,
    viewer: Viewer,
    db: Session,
    *,
    state: Filter | None = None,
    number: str = "",
    offset: int = 0,
    faults: Sequence[Finding] = (),
) -> HTMLResponse:
    wanted = DocumentQuery(number=number or None, state=state)
    found = books.documents(db, _scope(viewer), wanted, limit=PAGE_ROWS + 1, offset=offset)
    rows = found[:PAGE_ROWS]
    return frame.page(
        "documents/documents.html",
        {
            "rows": [_row(each) for each in rows],
            "state": state,
            "number": number,
            "states": _filters(),
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(found) > PAGE_ROWS),
            "may_hand_in": access.may(viewer, Right.HAND_IN),
            "faults": findings(faults),
        },
        UNPROCESSABLE if faults else 200,
    )


def _filters() -> dict[str, str]:
    """What a list of documents can be narrowed to."""
    states = (DocumentState.TO_CONFIRM, DocumentState.FROZEN, DocumentState.REFUSED)
    return {state.value: label(state) for state in states} | {"unallocated": _("未分配完")}


def _row(seen: DocumentView) -> dict[str, Any]:
    red = seen.reverses is not None
    return {
        "seen": seen,
        "kind": label_of(DocumentKind, seen.kind),
        "source": label_of(DocumentSource, seen.source),
        "mark": document_mark(seen.state, red=red),
        "red": red,
    }


def _scope(viewer: Viewer) -> Scope:
    return Scope(viewer.centre, viewer.project)


@router.post("/documents")
@limited(body=FORM_MAX)
def hand_in(
    *,
    frame: Framed,
    viewer: Giver,
    db: Db,
    now: Now,
    file: UploadFile,
    how: Annotated[Literal["file", "list"], Form()],
    qr: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take an XML or OFD file, or a list with many documents."""
    given = File.from_content(file.filename or "", file.file.read())
    by: dict[str, Any] = {"actor": viewer.actor, "now": now, "centre": viewer.centre}
    taken: Intake | list[Finding]
    if how == "list":
        documents, found = read_documents(given.content)
        taken = found or take_list(db, documents, given, **by)
    else:
        document, found = read_document(given.content, given.name)
        if document is not None and not found:
            found = _qr_faults(qr, document)
        taken = found if found or document is None else take_document(db, document, given, **by)
    if isinstance(taken, Intake):
        return _after(taken)
    return _listing(frame, viewer, db, faults=taken)


@router.get("/documents/new")
def keyed_form(*, frame: Framed, viewer: Giver) -> HTMLResponse:
    """The empty form for keying a document."""
    del viewer
    return _form(frame, {}, [], ())


@router.post("/documents/new")
@limited(body=FORM_MAX)
def key(*, sent: Sent, frame: Framed, viewer: Giver, db: Db, now: Now) -> Response:
    """Take what a person keyed, with the file that he keyed it from."""
    values = {name: said for name in FIELDS if (said := text(sent, name))}
    lines = forms.lines(sent, LINE_FIELDS, "line_")
    given = forms.file(sent)
    if given is None:
        return _form(frame, values, lines, [Finding("file", "file_empty", (("name", ""),))])
    document, found = read_keyed({**values, "lines": lines})
    if document is not None and not found:
        found = _qr_faults(text(sent, "qr"), document)
    if found or document is None:
        return _form(frame, values, lines, found)
    taken = take_document(db, document, given, actor=viewer.actor, now=now, centre=viewer.centre)
    return _after(taken) if isinstance(taken, Intake) else _form(frame, values, lines, taken)


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


def _qr_faults(qr: str, document: Any) -> list[Finding]:  # noqa: ANN401 - the reader's own type
    if not qr.strip():
        return []
    scanned, unreadable = read_qr(qr.strip())
    return agrees(scanned, document) if scanned else unreadable


def _after(taken: Intake) -> Response:
    if len(taken.documents) == 1:
        return RedirectResponse(f"/documents/{taken.documents[0].id}", 303)
    return RedirectResponse("/documents", 303)


@router.get("/documents/{document}")
def document_page(document: int, *, frame: Framed, viewer: Reader, db: Db) -> HTMLResponse:
    """One document: its parties, lines, what is allocated of it, red ones, freezes."""
    scope = _scope(viewer)
    seen = books.document(db, scope, document)
    made = db.get(Decision, seen.decision) if seen.decision else None
    return frame.page(
        "documents/document.html",
        {
            **_row(seen),
            "by": person(seen.received_by),
            "confirmed_by": person(seen.confirmed_by or ""),
            "lines": books.lines_of(db, document),
            "shares": books.shares_of(db, scope, document),
            "reds": [_row(each) for each in books.reds_of(db, scope, document)],
            "freezes": books.freezes_of(db, document),
            "decision": seen.decision if made and may_read(viewer, made) else None,
            "may_freeze": access.may(viewer, Right.RECONCILE) and seen.reverses is None,
        },
    )


@router.post("/documents/{document}/freeze")
def freeze(
    document: int,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    confirmation: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Freeze by the number of the red one's confirmation; without a number lift the freeze."""
    books.document(db, _scope(viewer), document)
    if confirmation.strip():
        freezes.freeze(db, document, confirmation.strip(), actor=viewer.actor, now=now)
    else:
        freezes.lift(db, document, actor=viewer.actor, now=now)
    return RedirectResponse(f"/documents/{document}", 303)
