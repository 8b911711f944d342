"""Coming in by a name and a password: signing in, an invitation, another password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import (
    Configured,
    Db,
    Wall,
    open_session,
    place_of,
    signed_in,
)
from api.door.route_table import limited
from api.language.i18n import gettext as _
from api.people.pages import local, sign_in_page
from api.settings import Settings
from api.web.layout import Framed, places
from ledger.errors import Refused
from ledger.people.rules import PasswordRules
from ledger.people.steps import logins
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.logins import Wait

router = APIRouter(include_in_schema=False)
Self = Annotated[Viewer, Depends(signed_in)]


def rules(settings: Settings) -> PasswordRules:
    """The site's rules of passwords."""
    return PasswordRules(
        settings.password_length, settings.password_kinds, settings.password_history
    )


@router.post("/sign-in/password")
@limited(guesses=True)
def sign_in(
    request: Request,
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the form's name
) -> Response:
    """Open a session by a name and a password, and go where the reader wanted to go."""
    outcome = logins.enter(db, name.strip(), password, place_of(request), wall)
    if isinstance(outcome, Wait):
        refused = _("口令输错过，请在 {seconds} 秒后再试。").format(seconds=outcome.seconds)
        return sign_in_page(frame, refused, next, 429)
    if outcome is None:
        return sign_in_page(frame, _("名字或口令不对，或这个账号已停用。"), next, 403)
    response = RedirectResponse(local(next) or places(outcome, "")[0].url, 303)
    open_session(request, response, db, outcome, wall)
    return response


@router.get("/invitation")
def invitation(
    frame: Framed, db: Db, wall: Wall, settings: Configured, code: str = ""
) -> HTMLResponse:
    """The form of an invitation."""
    viewer = logins.invited(db, code, wall)
    return frame.page("people/invitation.html", {"code": code, "who": viewer} | _words(settings))


@router.post("/invitation")
@limited(guesses=True)
def accept(
    request: Request,
    *,
    db: Db,
    wall: Wall,
    settings: Configured,
    code: Annotated[str, Form()],
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set one's name and password, and come in."""
    if password != again:
        raise Refused("password_differs")
    viewer = logins.accept(db, code, name.strip(), password, rules=rules(settings), now=wall)
    response = RedirectResponse(places(viewer, "")[0].url, 303)
    open_session(request, response, db, viewer, wall)
    return response


@router.get("/password")
def password_form(viewer: Self, frame: Framed, db: Db, settings: Configured) -> HTMLResponse:
    """The form for another password."""
    content = {"has_login": logins.has_login(db, viewer)} | _words(settings)
    return frame.page("people/password.html", content)


@router.post("/password")
@limited(guesses=True)
def change(
    viewer: Self,
    *,
    db: Db,
    wall: Wall,
    settings: Configured,
    old: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set another password; all sessions end, and one signs in anew."""
    if password != again:
        raise Refused("password_differs")
    logins.change(db, viewer, old, password, rules=rules(settings), now=wall)
    return RedirectResponse("/sign-in", 303)


def _words(settings: Settings) -> dict[str, Any]:
    return {
        "length": settings.password_length,
        "kinds": settings.password_kinds,
        "history": settings.password_history,
    }
