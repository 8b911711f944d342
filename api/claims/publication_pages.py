"""Publications (公示): what is to be paid to whom, before the public. Nobody has to sign in.

What is shown is what was published that day, word for word; never a person or an account.
"""

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.door.dependencies import Now, Offset, ReadDb
from api.web.layout import Framed, pages
from ledger.claims import queries as claim_queries
from ledger.formats.working_days import is_working_day
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50


@router.get("/publications")
def publications(*, frame: Framed, db: ReadDb, now: Now, offset: Offset = 0) -> HTMLResponse:
    """What is before the public now, then what was."""
    today = beijing_day(now)
    entries = claim_queries.publications(db, today, limit=PAGE_ROWS + 1, offset=offset)
    rows = [_row(entry, today) for entry in entries[:PAGE_ROWS]]
    return frame.page(
        "claims/publications.html",
        {
            "current": [row for row in rows if row["current"]],
            "past": [row for row in rows if not row["current"]],
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(entries) > PAGE_ROWS),
        },
    )


def _row(publication: Any, today: date) -> dict[str, Any]:  # noqa: ANN401 - a row of the books
    return {
        "told": publication.content,
        "since": publication.since,
        "until": publication.until,
        "days": publication.days,
        "current": publication.current,
        "approved_fen": publication.approved_fen,
        "left": days_left(max(today, publication.since), publication.until),
    }


def days_left(today: date, until: date) -> int:
    """Working days from today to the last one, both included."""
    span = range((until - today).days + 1)
    return sum(is_working_day(today + timedelta(days=n)) for n in span)
