"""The auditor's pages of the chain: postings, one posting, a batch with its signature checked."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.desk.chain import routes as chain_routes
from api.desk.chain.routes import Number, Reader
from api.desk.chain.view import book_place, cause_place, kinds, roles
from api.door.dependencies import Offset, ReadDb
from api.door.schemas import LINE_MAX
from api.web.layout import Framed, pages
from ledger.desk.queries import chain
from ledger.people.steps.decisions import person

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50
Words = Annotated[str, Query(max_length=LINE_MAX)]


@router.get("/postings")
def postings(
    *,
    frame: Framed,
    _: Reader,
    db: ReadDb,
    cause: Words = "",
    project: Words = "",
    offset: Offset = 0,
) -> HTMLResponse:
    """Every posting, newest first; searched by how the cause begins, or by project."""
    entries = chain.postings(
        db, cause=cause.strip() or None, project=project.strip() or None, limit=PAGE_ROWS + 1,
        offset=offset,
    )  # fmt: skip
    rows = entries[:PAGE_ROWS]
    return frame.page(
        "desk/postings.html",
        {
            "rows": [(row, cause_place(row)) for row in rows],
            "cause": cause,
            "project": project,
            "person": person,
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(entries) > PAGE_ROWS),
        },
    )


@router.get("/postings/{number}")
def posting(number: Number, frame: Framed, viewer: Reader, db: ReadDb) -> HTMLResponse:
    """One posting: why money moved, and from where to where."""
    record = chain_routes.posting(number, viewer, db)
    return frame.page(
        "desk/posting.html",
        {
            "posting": record,
            "cause": cause_place(record),
            "moves": [(move, book_place(move)) for move in record.movements],
            "kinds": kinds(),
            "roles": roles(),
            "person": person,
        },
    )


@router.get("/batches/{stream}/{number}")
def batch(stream: UUID, number: Number, frame: Framed, viewer: Reader, db: ReadDb) -> HTMLResponse:
    """One batch: who signed it, whether that still holds, and what rests on it."""
    record = chain_routes.one_batch(stream, number, viewer, db)
    content: dict[str, Any] = {"batch": record}
    return frame.page("desk/batch.html", content)
