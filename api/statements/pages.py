"""Statements (对账单): what was metered under a contract in a month, for both parties to answer.

The bureau issues them, the centre and the builder confirm or contest line by line. The newest word
of a party counts; a statement whose figures changed has a newer revision, and that one is answered.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, ReadDb
from api.language.labels import labels
from api.statements import routes
from api.statements.routes import PARTIES, Answerer, Clerk, Reader
from api.statements.schemas import LineAnswersCreate, StatementCreate
from api.statements.selectors import selectors
from api.vouchers.year_notices import year_notices
from api.web.forms import form
from api.web.layout import Framed, pages
from api.web.mark import answer_state_mark
from ledger.people.steps.decisions import person
from ledger.registry.codes import LineKind
from ledger.statements import queries as statement_queries
from ledger.statements.codes import LineAnswer
from ledger.statements.rules import Statement, StatementSummary
from ledger.units import beijing_day, month_of
from ledger.vouchers.queries.years import years_of_project

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 100


def row(summary: StatementSummary) -> dict[str, Any]:
    """A statement in a list."""
    return {
        "seen": summary,
        "centre": answer_state_mark(summary.centre_says),
        "builder": answer_state_mark(summary.builder_says),
    }


@router.get("/statements")
def listing(
    *, frame: Framed, viewer: Reader, db: ReadDb, now: Now, offset: Offset = 0
) -> HTMLResponse:
    """The newest revision of each statement that is the reader's to see."""
    summaries = statement_queries.statements(
        db, centre=viewer.centre, project=viewer.project, limit=PAGE_ROWS + 1, offset=offset
    )
    rows = [row(summary) for summary in summaries[:PAGE_ROWS]]
    return frame.page(
        "statements/statements.html",
        {
            "rows": rows,
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(summaries) > PAGE_ROWS),
            "may_issue": access.may(viewer, Right.RECONCILE),
            "last_month": _before(beijing_day(now)),
        },
    )


def _before(today: date) -> date:
    """The month that ended last."""
    return month_of(month_of(today) - date.resolution)


@router.post("/statements")
def issue(
    viewer: Clerk, request: Annotated[StatementCreate, form(StatementCreate)], db: Db, now: Now
) -> Response:
    """State a month for every contract; the same figures again are the same statements."""
    routes.issue(request, viewer, db, now)
    return RedirectResponse("/statements", 303)


@router.get("/statements/{number}")
def statement_page(number: str, *, frame: Framed, viewer: Reader, db: ReadDb) -> HTMLResponse:
    """One statement: its lines, how well each is proved, and what both parties say."""
    statement = statement_queries.statement(
        db, number, centre=viewer.centre, project=viewer.project
    )
    return frame.page(
        "statements/statement.html",
        {
            "seen": statement,
            "kinds": labels(LineKind),
            "selectors": selectors,
            "answers": labels(LineAnswer),
            "person": person,
            "centre_says": answer_state_mark(statement.centre_says),
            "builder_says": answer_state_mark(statement.builder_says),
            "years": _years(db, statement) if access.may(viewer, Right.READ_PROJECTS) else [],
            "may_answer": viewer.role in PARTIES and statement.superseded_by is None,
        },
    )


def _years(db: Session, statement: Statement) -> list[str]:
    """What the cap of the year and its pool let through of the project's voucher, if it has any."""
    years = years_of_project(db, statement.project)
    return year_notices(year for year in years if year.book.year == statement.month.year)


@router.post("/statements/{number}")
def answer(
    number: str,
    viewer: Answerer,
    request: Annotated[LineAnswersCreate, form(LineAnswersCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Confirm or contest the lines that are ticked; with none ticked, all of them."""
    statement = routes.answer(number, request, viewer, db, now)
    return RedirectResponse(f"/statements/{statement.number}", 303)
