"""The pages of closes: which months are closed, and one month with what it carries."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.closes import routes
from api.closes.routes import READ, AskedMonth, Closer
from api.closes.schemas import CloseCreate
from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, Now, Offset, ReadDb
from api.language.labels import labels
from api.web.forms import form
from api.web.layout import Framed, pages
from ledger.closes.codes import CloseKind, OpenKind
from ledger.closes.queries import closes as close_queries
from ledger.people.codes import Role
from ledger.people.steps.decisions import person
from ledger.units import beijing_day, month_of

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50
COUNTED = frozenset({OpenKind.QUARANTINE})
MEASURED = frozenset({OpenKind.UNPRICED})


@router.get("/closes", dependencies=[READ])
def closes(*, frame: Framed, db: ReadDb, now: Now, offset: Offset = 0) -> HTMLResponse:
    """The months that are closed, newest first, and the form that closes one."""
    rows = close_queries.closes(db, limit=PAGE_ROWS + 1, offset=offset)
    more = len(rows) > PAGE_ROWS
    content = {
        "rows": [routes.row_of(row) for row in rows[:PAGE_ROWS]],
        "kinds": labels(CloseKind),
        "person": person,
        "pages": pages(frame, offset, PAGE_ROWS, min(len(rows), PAGE_ROWS), more=more),
        "may_close": frame.viewer is not None and access.may(frame.viewer, Right.CLOSE),
        "last_month": _before(beijing_day(now)),
    }
    return frame.page("closes/closes.html", content)


@router.post("/closes")
def close_month(
    viewer: Closer,
    request: Annotated[CloseCreate, form(CloseCreate)],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Close a month's usage, or propose to close its books."""
    outcome = routes.close_month(request, viewer, db, now, settings)
    page = f"/decisions/{outcome.id}" if outcome.id else f"/closes/{request.kind}/{request.month}"
    return RedirectResponse(page, 303)


@router.get("/closes/{kind}/{month}", dependencies=[READ])
def close_page(
    *,
    kind: CloseKind,
    month: AskedMonth,
    frame: Framed,
    db: ReadDb,
    now: Now,
    settings: Configured,
) -> HTMLResponse:
    """A month as it was closed, or as it would be, with what is carried and what came late."""
    content = {
        "seen": routes.close_of(kind, month, db, now, settings),
        "kinds": labels(CloseKind),
        "open_kinds": labels(OpenKind),
        "roles": labels(Role),
        "counted": COUNTED,
        "measured": MEASURED,
        "person": person,
    }
    return frame.page("closes/close.html", content)


def _before(today: date) -> date:
    """The month that ended last."""
    return month_of(month_of(today) - date.resolution)
