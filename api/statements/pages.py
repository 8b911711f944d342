"""Statements (对账单): what was metered under a contract in a month, for both parties to answer.

The bureau issues them, the centre and the builder confirm or contest line by line. The newest word
of a party counts; a statement whose figures changed has a newer revision, and that one is answered.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, Offset, having
from api.door.problems import Refusal
from api.web import labels as words
from api.web.layout import Framed, pages
from api.web.months import is_month, month_of
from ledger.errors import Refused
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import person
from ledger.statements import queries as books
from ledger.statements import steps
from ledger.statements.codes import LineAnswer, Party
from ledger.statements.queries import Summary
from ledger.units import beijing_day
from ledger.units import month_of as first_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_MONTH)]

PAGE_ROWS = 100


def party_of(viewer: Viewer) -> Party | None:
    """For whom the reader answers; the bureau answers for nobody."""
    parties: dict[Role, Party] = {Role.OPERATOR: Party.CENTRE, Role.BUILDER: Party.BUILDER}
    return parties.get(viewer.role)


def row(summary: Summary) -> dict[str, Any]:
    """A statement in a list."""
    standings = words.standings()
    return {
        "seen": summary,
        Party.CENTRE: standings[summary.centre_says],
        Role.BUILDER: standings[summary.builder_says],
    }


@router.get("/statements")
def listing(*, frame: Framed, viewer: Reader, db: Db, now: Now, offset: Offset = 0) -> HTMLResponse:
    """The newest revision of each statement that is the reader's to see."""
    found = books.statements(
        db, centre=viewer.centre, project=viewer.project, limit=PAGE_ROWS + 1, offset=offset
    )
    rows = [row(each) for each in found[:PAGE_ROWS]]
    return frame.page(
        "statements/statements.html",
        {
            "rows": rows,
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(found) > PAGE_ROWS),
            "may_issue": access.may(viewer, Right.RECONCILE),
            "last_month": _before(beijing_day(now)),
        },
    )


def _before(today: date) -> date:
    """The month that ended last."""
    return first_of(first_of(today) - date.resolution)


@router.post("/statements")
def issue(
    *,
    viewer: Annotated[Viewer, having(Right.RECONCILE)],
    db: Db,
    now: Now,
    month: Annotated[str, Form()],
) -> Response:
    """State a month for every contract; the same figures again are the same statements."""
    if not is_month(month.strip()):
        raise Refused("bad_month")
    steps.issue_all(db, month_of(month.strip()), actor=viewer.actor, now=now)
    return RedirectResponse("/statements", 303)


@router.get("/statements/{number}")
def statement_page(number: str, *, frame: Framed, viewer: Reader, db: Db) -> HTMLResponse:
    """One statement: its lines, how well each is proved, and what both parties say."""
    seen = books.statement(db, number, centre=viewer.centre, project=viewer.project)
    party = party_of(viewer)
    standings = words.standings()
    return frame.page(
        "statements/statement.html",
        {
            "seen": seen,
            "kinds": words.line_kinds(),
            "selectors": words.selectors,
            "answers": words.line_answers(),
            "person": person,
            "centre_says": standings[seen.centre_says],
            "builder_says": standings[seen.builder_says],
            "may_answer": party is not None and seen.superseded_by is None,
        },
    )


@router.post("/statements/{number}")
def answer(
    number: str,
    *,
    viewer: Annotated[Viewer, having(Right.ANSWER_STATEMENTS)],
    db: Db,
    now: Now,
    word: Annotated[LineAnswer, Form()],
    line: Annotated[list[int] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Confirm or contest the lines that are ticked; with none ticked, all of them."""
    party = party_of(viewer)
    if party is None:
        raise Refusal(403, "not_a_party", {"role": viewer.role})
    seen = books.statement(db, number, centre=viewer.centre, project=viewer.project)
    steps.answer(
        db, seen.number, lines=line, party=party, word=word,
        reason=reason, actor=viewer.actor, now=now,
    )  # fmt: skip
    return RedirectResponse(f"/statements/{seen.number}", 303)
