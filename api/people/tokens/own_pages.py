"""One's own tokens: which there are, what they open, until when; to be renewed and ended.

A browser that came in by a token may renew that one; its secret is shown on the page that answers,
this once. Tokens of others, and new ones, are the security administrator's (`pages.py`).
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door.dependencies import Configured, Db, ReadDb, Wall, signed_in
from api.language.labels import label
from api.people import routes
from api.people.rights import right_words
from api.people.schemas import TokenRenew, TokenSecret
from api.people.tokens.pages import by_day
from api.web.forms import form
from api.web.layout import Framed
from ledger.errors import Refused
from ledger.people.steps import credentials, logins
from ledger.people.steps.credentials import OVERLAP_HOURS_MAX, Viewer

router = APIRouter(include_in_schema=False)
Self = Annotated[Viewer, Depends(signed_in)]


@router.get("/tokens")
def token_list(viewer: Self, frame: Framed, db: ReadDb, wall: Wall) -> HTMLResponse:
    """The reader's tokens, and the form that renews the one by which she came in."""
    return _page(viewer, frame, db, wall)


@router.post("/tokens/renewal")
def renew(
    viewer: Self,
    request: Annotated[TokenRenew, form(TokenRenew, by_day)],
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> HTMLResponse:
    """Renew the token of this session, and show the new one's secret this once."""
    if logins.login_of(db, viewer):
        raise Refused("token_of_login")
    secret = routes.renew(request, viewer, db, wall, settings)
    return _page(viewer, frame, db, wall, secret)


@router.post("/tokens/{token}/end")
def end(viewer: Self, token: int, db: Db, wall: Wall) -> Response:
    """End one of the reader's tokens."""
    credentials.end_own(db, token, viewer, wall)
    return RedirectResponse("/tokens", 303)


def _page(
    viewer: Viewer, frame: Framed, db: Db, wall: Wall, secret: TokenSecret | None = None
) -> HTMLResponse:
    rows = credentials.tokens(db, viewer)
    content = {
        "secret": secret,
        "good": [row for row in rows if row.revoked_at is None and row.expires_at > wall],
        "ended": [row for row in rows if row.revoked_at is not None or row.expires_at <= wall],
        "here": viewer.token,
        "may_renew": not logins.login_of(db, viewer),
        "hours_max": OVERLAP_HOURS_MAX,
        "rights": right_words(),
        "label": label,
    }
    return frame.page("people/own-tokens.html", content)
