"""A centre's own page: questions to it, its statements, its months and differences, its documents.

The bureau is led to the reconcile desk instead, which shows the same months of all centres.
"""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.language.labels import labels
from api.reconciliation import routes
from api.reconciliation.pages import month_mark
from api.reconciliation.schemas import MessageAnswerCreate
from api.statements import pages as statements_pages
from api.web.forms import form
from api.web.layout import Framed
from api.web.mark import document_mark
from ledger.documents.queries import document_views
from ledger.documents.queries.document_views import DocumentQuery, Scope
from ledger.people.steps.credentials import Viewer
from ledger.reconciliation.codes import DifferenceCode
from ledger.reconciliation.queries import messages
from ledger.reconciliation.queries import months as month_queries
from ledger.registry.tables import Centre
from ledger.statements import queries as statement_queries
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

NEWEST = 10


@router.get("/centre")
def centre_page(
    *, frame: Framed, viewer: Annotated[Viewer, having(Right.READ_METERING)], db: ReadDb, now: Now
) -> Response:
    """Everything that waits for the centre, then its months."""
    if viewer.centre is None:
        return RedirectResponse("/reconcile", 303)
    summaries = statement_queries.statements(db, centre=viewer.centre)
    months = month_queries.months(db, centre=viewer.centre)
    newest = document_views.documents(db, Scope(viewer.centre), DocumentQuery(), limit=NEWEST)
    return frame.page(
        "desk/centre.html",
        {
            "centre": db.get_one(Centre, viewer.centre),
            "today": beijing_day(now),
            "messages": messages.of_centre(db, viewer.centre),
            "codes": labels(DifferenceCode),
            "statements": [statements_pages.row(entry) for entry in summaries],
            "months": [{"month": row, "mark": month_mark(row)} for row in reversed(months)],
            "documents": [
                {"seen": entry, "mark": document_mark(entry.state, red=bool(entry.reverses))}
                for entry in newest
            ],
            "may_answer": access.may(viewer, Right.HAND_IN),
        },
    )


@router.post("/centre/messages/{message}")
def answer(
    message: int,
    *,
    viewer: Annotated[Viewer, having(Right.HAND_IN)],
    request: Annotated[MessageAnswerCreate, form(MessageAnswerCreate)],
    db: Db,
    now: Now,
) -> Response:
    """The centre answers a question, once."""
    routes.answer(message, request, viewer, db, now)
    return RedirectResponse("/centre", 303)
