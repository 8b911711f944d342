"""Everybody's sign-ins, for the audit administrator and the auditor."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.door.access import Right
from api.door.dependencies import Limit, ReadDb, Wall, having
from api.language.labels import label
from api.people import routes
from api.web.layout import Framed

router = APIRouter(include_in_schema=False)


@router.get("/sign-ins", dependencies=[having(Right.READ_LOGS)])
def sign_ins(
    request: Request, *, frame: Framed, db: ReadDb, wall: Wall, limit: Limit = 100
) -> HTMLResponse:
    """Who signed in when, from where, newest first."""
    rows = routes.sign_ins(request, db, wall, limit)
    content = {"rows": rows, "failures": routes.failures(db, limit), "label": label}
    return frame.page("people/sign-ins.html", content)
