"""The security administrators' page: who may come in as what, and whom the second one vouches for.

A new token's secret is shown on the page that answers the form, this once. What is confirmed opens
from then on. The audit administrator and the auditor see the list and change nothing.
"""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, Wall, having
from api.language.labels import label
from api.people import routes
from api.people.schemas import TokenCreate, TokenSecret
from api.web.forms import form
from api.web.layout import Framed
from ledger.people.codes import Role
from ledger.people.rules import ADMINISTRATORS
from ledger.people.steps import credentials
from ledger.people.steps.credentials import Viewer

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_TOKENS)]
Issuer = Annotated[Viewer, having(Right.ISSUE_TOKENS)]


@router.get("/people")
def token_list(viewer: Reader, frame: Framed, db: Db, wall: Wall) -> HTMLResponse:
    """Every token, those first that wait; and the form for a new one."""
    return _page(viewer, frame, db, wall)


@router.post("/people/tokens")
def issue(
    viewer: Issuer,
    request: Annotated[TokenCreate, form(TokenCreate)],
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> HTMLResponse:
    """Issue a token, and show its secret this once."""
    secret = routes.issue(request, viewer, db, wall, settings)
    return _page(viewer, frame, db, wall, secret)


@router.post("/people/tokens/{token}/confirmation")
def confirm(viewer: Issuer, token: int, db: Db, wall: Wall) -> Response:
    """Confirm a token that waits for a second security administrator."""
    routes.confirm(token, viewer, db, wall)
    return RedirectResponse("/people", 303)


@router.post("/people/tokens/{token}/end")
def revoke(viewer: Issuer, token: int, db: Db, wall: Wall) -> Response:
    """End a token and the browser sessions made from it."""
    routes.revoke(token, viewer, db, wall)
    return RedirectResponse("/people", 303)


def _page(
    viewer: Viewer, frame: Framed, db: Db, wall: Wall, secret: TokenSecret | None = None
) -> HTMLResponse:
    rows = credentials.tokens(db)
    good = [row for row in rows if row.revoked_at is None and row.expires_at > wall]
    content = {
        "secret": secret,
        "waiting": [row for row in good if row.waits],
        "standing": [row for row in good if not row.waits],
        "ended": [row for row in rows if row not in good],
        "may_issue": access.may(viewer, Right.ISSUE_TOKENS),
        "roles": {role: label(role) for role in Role if role not in ADMINISTRATORS},
        "own": viewer.person,
        "label": label,
    }
    return frame.page("people/tokens.html", content)
