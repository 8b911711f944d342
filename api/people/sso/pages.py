"""Signing in at the site's provider of identities, and linking one's login with it.

Whoever comes back from the provider comes from another site, and a browser keeps our cookies back
until a page of ours sends her on: so each way back ends at a page whose link follows itself.
"""

from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import (
    Db,
    Wall,
    by_https,
    open_session,
    place_of,
    public_url,
    signed_in,
)
from api.door.problems import Refusal
from api.door.route_table import limited
from api.door.schemas import PROOF_MAX
from api.language.i18n import gettext as _
from api.messages.sentences import sentence
from api.people.pages import local, sign_in_page
from api.people.sso.errands import LASTS, Errand, new_errand, open_errand, seal
from api.people.sso.provider import Provider, Unbelievable
from api.web.layout import Frame, Framed, places
from ledger.errors import LedgerError, NotFound
from ledger.people.steps import logins, step_up, subjects
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key

COOKIE = "suanquan_errand"
CALLBACK = "/sign-in/oidc/callback"

log = structlog.get_logger("suanquan.sso")
router = APIRouter(include_in_schema=False)
Self = Annotated[Viewer, Depends(signed_in)]


def provider_of(request: Request) -> Provider:
    """The site's provider; where it has none, there is nothing here."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise Refusal(404, "no_provider")
    return provider


Asked = Annotated[Provider, Depends(provider_of)]


@router.get("/sign-in/oidc")
@limited(guesses=True)
def leave(
    request: Request,
    *,
    frame: Framed,
    db: Db,
    provider: Asked,
    wall: Wall,
    next: str = "",  # noqa: A002 - the query's name
) -> Response:
    """Send the browser to the provider."""
    db.commit()  # others have the connection while the provider answers
    errand = new_errand(wall, next_page=local(next))
    try:
        address = provider.address(errand, _callback(request))
    except Unbelievable as error:
        return _failed(frame, error)
    response = RedirectResponse(address, 303)
    return _carrying(request, response, errand, provider)


@router.get(CALLBACK)
@limited(guesses=True)
def come_back(
    request: Request,
    *,
    frame: Framed,
    db: Db,
    provider: Asked,
    wall: Wall,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Take the provider's answer: sign in, or link the login that the errand is about."""
    secret, issuer = provider.client.secret, provider.client.issuer
    errand = open_errand(request.cookies.get(COOKIE, ""), secret)
    if errand is None or not errand.is_answered_by(state, wall):
        return _over(request, sign_in_page(frame, _("这次登录已经过期，请重新开始。"), "", 403))
    if error or not code or iss not in ("", issuer):
        return _over(request, _failed(frame, Unbelievable(error or "no code")))
    db.commit()  # others have the connection while the provider answers
    try:
        claims = provider.redeem(code, errand, _callback(request), wall)
    except Unbelievable as failure:
        return _over(request, _failed(frame, failure))
    try:
        with db.begin_nested():
            if errand.login is not None:
                subjects.link(db, errand.login, issuer, claims.subject, wall)
                return _over(request, _onwards(frame, "/sessions"))
            viewer = subjects.enter(db, issuer, claims.subject, wall)
            response = _onwards(frame, errand.next or places(viewer, "")[0].url)
            open_session(request, response, db, viewer, wall, provider_sid=claims.sid or "")
            return _over(request, response)
    except LedgerError as refusal:
        log.warning("refused", reason=refusal.code)
        words = sentence(refusal.code, refusal.params)
        return _over(request, sign_in_page(frame, words, errand.next, 403))


@router.post("/sign-in/oidc/logout")
@limited(guesses=True)
def logged_out(
    db: Db, provider: Asked, wall: Wall, logout_token: Annotated[str, Form()] = ""
) -> Response:
    """End what the provider opened, on its word (back-channel logout)."""
    try:
        claims = provider.logged_out(logout_token, wall)
    except Unbelievable as error:
        log.warning("unbelievable", reason=str(error))
        raise Refusal(400, "logout_token") from error
    subjects.end_sessions(db, provider.client.issuer, claims.subject, claims.sid, wall)
    return Response(status_code=200)


@router.post("/sessions/oidc")
def link(
    viewer: Self,
    request: Request,
    *,
    frame: Framed,
    db: Db,
    provider: Asked,
    wall: Wall,
    code: Annotated[str, Form(max_length=PROOF_MAX)] = "",
) -> Response:
    """Begin to link one's login, by a code: who finds a browser open links nothing."""
    login = logins.login_of(db, viewer)
    if login is None:
        raise NotFound("login", id=viewer.token)
    if not step_up.prove(db, viewer, code, place_of(request), wall):
        db.commit()  # the guess counts
        raise Refusal(422, "step_up_code")
    errand = new_errand(wall, login=key(login))
    try:
        address = provider.address(errand, _callback(request))
    except Unbelievable as error:
        return _failed(frame, error)
    return _carrying(request, _onwards(frame, address), errand, provider)


@router.post("/sessions/oidc/end")
def unlink(viewer: Self, db: Db, wall: Wall) -> Response:
    """End the link of one's login."""
    login = logins.login_of(db, viewer)
    if login is not None:
        subjects.unlink(db, key(login), wall)
    return RedirectResponse("/sessions", 303)


def _onwards(frame: Frame, address: str) -> HTMLResponse:
    where = urlsplit(address).hostname or ""
    return frame.page("people/onwards.html", {"address": address, "where": where})


def _failed(frame: Frame, error: Unbelievable) -> HTMLResponse:
    log.warning("unbelievable", reason=str(error))
    return sign_in_page(frame, _("统一认证没有确认您的身份，请再试，或用账号登录。"), "", 403)


def _callback(request: Request) -> str:
    return public_url(request) + CALLBACK


def _carrying(request: Request, response: Response, errand: Errand, provider: Provider) -> Response:
    """The response, with the errand for the browser to carry; it comes back from another site."""
    response.set_cookie(
        COOKIE, seal(errand, provider.client.secret), max_age=int(LASTS.total_seconds()),
        path="/sign-in/oidc", secure=by_https(request), httponly=True, samesite="lax",
    )  # fmt: skip
    return response


def _over(request: Request, response: Response) -> Response:
    """The response, after which the errand is over."""
    response.delete_cookie(
        COOKIE, path="/sign-in/oidc", secure=by_https(request), httponly=True, samesite="lax"
    )
    return response
