"""Logins in a browser: signing in, setting one up by an invitation, another password.

An authenticator's secret is made when the form of an invitation is opened, and goes back and forth
with it until a code shows that an app has it; no address and no log ever holds it.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Configured, Db, Wall, open_session, place_of, signed_in
from api.door.route_table import limited
from api.language.i18n import gettext as _
from api.messages.sentences import sentence
from api.people.pages import local, sign_in_page
from api.settings import Settings
from api.web.layout import Framed, places
from api.web.squares import in_fours, square
from ledger.errors import Refused
from ledger.people.rules import one_time_codes
from ledger.people.rules.passwords import PasswordRules
from ledger.people.steps import invitations, logins
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.invitations import NewLogin
from ledger.people.steps.logins import Proof

ISSUER = "算券"  # how an authenticator lists us

router = APIRouter(include_in_schema=False)
Self = Annotated[Viewer, Depends(signed_in)]


@dataclass(frozen=True)
class Typed:
    """The form of an invitation, as it was typed."""

    code: Annotated[str, Form()] = ""
    name: Annotated[str, Form()] = ""
    password: Annotated[str, Form()] = ""
    again: Annotated[str, Form()] = ""
    authenticator: Annotated[str, Form()] = ""
    digits: Annotated[str, Form()] = ""

    def wish(self) -> NewLogin:
        """What she chose; refused if she typed two passwords."""
        if self.password != self.again:
            raise Refused("password_differs")
        return NewLogin(self.name.strip(), self.password, self.authenticator, self.digits)


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
    digits: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the form's name
) -> Response:
    """Open a session by a login, and go where the reader wanted to go."""
    viewer = logins.enter(db, name.strip(), Proof(password, digits), place_of(request), wall)
    if viewer is None:
        return sign_in_page(frame, _wrong(), next, 403)
    response = RedirectResponse(local(next) or places(viewer, "")[0].url, 303)
    open_session(request, response, db, viewer, wall, proven=True)
    return response


@router.get("/invitation")
def invitation(
    frame: Framed, db: Db, wall: Wall, settings: Configured, code: str = ""
) -> HTMLResponse:
    """The form of an invitation."""
    viewer = invitations.invited(db, code, wall)
    return _form(frame, settings, Typed(code=code), viewer)


@router.post("/invitation")
@limited(guesses=True)
def accept(
    request: Request,
    typed: Annotated[Typed, Depends()],
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> Response:
    """Set up one's login and come in; the recovery codes are shown this once."""
    viewer = invitations.invited(db, typed.code, wall)
    try:
        with db.begin_nested():
            viewer, codes = invitations.accept(
                db, typed.code, typed.wish(), rules=_rules(settings), now=wall
            )
    except Refused as error:
        refused = sentence(error.code, error.params)
        return _form(frame, settings, typed, viewer, refused=refused)
    content = {"codes": codes, "onwards": places(viewer, "")[0].url}
    response = frame.page("people/recovery-codes.html", content)
    open_session(request, response, db, viewer, wall, proven=True)
    return response


@router.get("/password")
def password_form(viewer: Self, frame: Framed, db: Db, settings: Configured) -> HTMLResponse:
    """The form for another password."""
    return _password(viewer, frame, db, settings)


@router.post("/password")
@limited(guesses=True, of_caller=True)
def change(
    viewer: Self,
    request: Request,
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
    old: Annotated[str, Form()] = "",
    digits: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set another password; all sessions end, and one signs in anew."""
    if password != again:
        raise Refused("password_differs")
    is_set = logins.change_password(
        db, viewer, Proof(old, digits), password,
        rules=_rules(settings), place=place_of(request), now=wall,
    )  # fmt: skip
    if not is_set:
        return _password(viewer, frame, db, settings, refused=_wrong())
    return RedirectResponse("/sign-in", 303)


def _rules(settings: Settings) -> PasswordRules:
    """The site's rules of passwords."""
    return PasswordRules(
        settings.password_length, settings.password_kinds, settings.password_history
    )


def _wrong() -> str:
    """What is said of whatever is wrong with a sign-in: no guess learns which part was right."""
    return _(
        "账号、口令或验证码不对，或试得太快。连错三次以后每次要等，从两秒到十五分钟。验证码每个只能用一次。"
    )


def _form(
    frame: Framed, settings: Settings, typed: Typed, viewer: Viewer, *, refused: str = ""
) -> HTMLResponse:
    secret = one_time_codes.plain_code(typed.authenticator)
    if one_time_codes.read_secret(secret) is None:
        secret = one_time_codes.new_secret()
    address = one_time_codes.address(secret, viewer.person, ISSUER)
    content = {
        "typed": typed,
        "who": viewer,
        "groups": in_fours(secret),
        "address": address,
        "square": square(address, _("验证器的二维码")),
        "rules": _rules(settings),
        "refused": refused,
    }
    return frame.page("people/invitation.html", content, 422 if refused else 200)


def _password(
    viewer: Viewer, frame: Framed, db: Db, settings: Settings, *, refused: str = ""
) -> HTMLResponse:
    login = logins.login_of(db, viewer)
    content = {
        "login": login.name if login else "", "rules": _rules(settings), "refused": refused
    }  # fmt: skip
    return frame.page("people/password.html", content, 403 if refused else 200)
