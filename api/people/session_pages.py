"""One's own browser sessions: where one is signed in, and was, each to be ended."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Db, ReadDb, Wall, lasts, signed_in
from api.door.middleware import SESSION_COOKIE
from api.language.labels import label
from api.web.layout import Framed
from ledger.people.steps import logins, sessions, subjects
from ledger.people.steps.authenticators import recovery_codes_left
from ledger.people.steps.credentials import Viewer

router = APIRouter(include_in_schema=False)
FAILURES = 20  # so many of the newest are shown
Self = Annotated[Viewer, Depends(signed_in)]


@router.get("/sessions")
def session_list(
    viewer: Self, request: Request, frame: Framed, db: ReadDb, wall: Wall
) -> HTMLResponse:
    """Where the reader is signed in, her last sign-ins, and those that did not succeed."""
    rows = sessions.sessions(db, viewer, lasts(request), wall)
    login = logins.login_of(db, viewer)
    linked = subjects.subject_of(db, login) if login else None
    content = {
        "subject": linked.subject if linked else "",
        "login": login.name if login else "",
        "left": recovery_codes_left(db, viewer.token),
        "failures": logins.failures_of(db, viewer, FAILURES),
        "active": [row for row in rows if row.ended_at is None],
        "past": [row for row in rows if row.ended_at is not None],
        "here": sessions.current(db, request.cookies.get(SESSION_COOKIE, "")),
        "label": label,
    }
    return frame.page("people/sessions.html", content)


@router.post("/sessions/{session}/end")
def end(viewer: Self, session: int, db: Db, wall: Wall) -> Response:
    """End one of the reader's sessions at once."""
    sessions.end(db, viewer, session, wall)
    return RedirectResponse("/sessions", 303)


@router.post("/sessions/end-others")
def end_others(viewer: Self, request: Request, db: Db, wall: Wall) -> Response:
    """End all of the reader's sessions but this one."""
    session = sessions.current(db, request.cookies.get(SESSION_COOKIE, ""))
    for row in sessions.sessions(db, viewer, lasts(request), wall):
        if row.id != session and row.ended_at is None:
            sessions.end(db, viewer, row.id, wall)
    return RedirectResponse("/sessions", 303)
