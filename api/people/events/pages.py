"""The page of the event log, for the audit administrator and the auditor."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.door.access import Right
from api.door.dependencies import ReadDb, having
from api.language.labels import label_of
from api.people.events.acts import NOUNS, noun_words
from api.people.events.query import EventsPage
from api.people.events.words import events
from api.web.layout import Framed, pages
from ledger.people.codes import EventResult

router = APIRouter(include_in_schema=False)


@router.get("/events", dependencies=[having(Right.READ_LOGS)])
def events_page(*, frame: Framed, db: ReadDb, page: Annotated[EventsPage, Query()]) -> HTMLResponse:
    """What was asked for, newest first."""
    rows = events(db, page.as_asked(), limit=page.limit + 1, offset=page.offset)
    page_rows = rows[: page.limit]
    query = page.model_dump(mode="json", exclude={"limit", "offset"}, exclude_none=True)
    content = {
        "rows": page_rows,
        "nouns": sorted({noun_words(noun) for noun in NOUNS}),
        "query": page,
        "results": [(result, label_of(EventResult, result)) for result in EventResult],
        "query_text": urlencode({name: value for name, value in query.items() if value}),
        "pages": pages(frame, page.offset, page.limit, len(page_rows), more=len(rows) > page.limit),
    }
    return frame.page("people/events.html", content)
