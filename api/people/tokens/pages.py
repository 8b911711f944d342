"""The security administrators' page: who may come in as what, and whom the second one vouches for.

A new token's secret is shown on the page that answers the form, this once. What is confirmed opens
from then on. The audit administrator and the auditor see the list and change nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Configured, Db, ReadDb, Wall, having, public_url
from api.door.files import Uploaded
from api.door.route_table import KIB, limited
from api.door.schemas import LINE_MAX
from api.language.labels import label
from api.people import routes
from api.people.persons import workbook_routes
from api.people.rights import right_words
from api.people.schemas import InvitationRead, Proof, TokenCreate, TokenSecret
from api.people.step_up import Proving
from api.web.forms import Fields, form
from api.web.layout import Framed
from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS, plain
from ledger.people.steps import credentials
from ledger.people.steps.credentials import Viewer
from ledger.units import midnight

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_TOKENS)]
Issuer = Annotated[Viewer, having(Right.ISSUE_TOKENS)]


class Invited(NamedTuple):
    """An invitation, its link as the browser opens it, and whom it is for."""

    link: str
    invitation: InvitationRead
    person: str


def by_day(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    """Read a form's last day of a token as the moment in which that Beijing day is over."""
    try:
        last = date.fromisoformat(fields.get("expires_at", ""))
        return {**fields, "expires_at": midnight(last + timedelta(days=1)).isoformat()}
    except (ValueError, OverflowError):
        return fields


@router.get("/people")
def token_list(
    *, viewer: Reader, frame: Framed, db: ReadDb, wall: Wall, prover: Proving,
    who: Annotated[str, Query(max_length=LINE_MAX)] = "",
) -> HTMLResponse:  # fmt: skip
    """Every token, or those of people with such a name, and the form for a new one."""
    return _page(viewer, frame, db, wall, code_wanted=prover.asks(viewer), name=who.strip())


@router.post("/people/tokens")
def issue(
    viewer: Issuer,
    request: Annotated[TokenCreate, form(TokenCreate, by_day)],
    *,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> HTMLResponse:
    """Issue a token, and show its secret this once."""
    secret = routes.issue(request, viewer, db, wall, settings)
    return _page(viewer, frame, db, wall, secret=secret)


@router.post("/people/invitations")
def invite(
    viewer: Issuer,
    wanted: Annotated[TokenCreate, form(TokenCreate, by_day)],
    *,
    request: Request,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> HTMLResponse:
    """Invite somebody to set up her account, and show the link this once."""
    invitation = routes.invite(wanted, viewer, db, wall, settings)
    row = Invited(public_url(request) + invitation.path, invitation, wanted.person)
    return _page(viewer, frame, db, wall, invited=[row])


@router.post("/people/workbook")
@limited(body=KIB * KIB)
def invite_persons(
    viewer: Issuer,
    upload: Uploaded,
    *,
    request: Request,
    frame: Framed,
    db: Db,
    wall: Wall,
    settings: Configured,
) -> HTMLResponse:
    """Invite everybody of a workbook, and show the links this once."""
    outcome = workbook_routes.invite_persons(
        upload=upload, viewer=viewer, db=db, wall=wall, settings=settings
    )
    address = public_url(request)
    invitations = [Invited(address + row.path, row, row.person) for row in outcome.invitations]
    return _page(viewer, frame, db, wall, invited=invitations, unchanged=outcome.unchanged)


@router.post("/people/tokens/{token}/confirmation")
def confirm(
    *,
    viewer: Issuer,
    token: int,
    proof: Annotated[Proof, form(Proof)],
    db: Db,
    wall: Wall,
    prover: Proving,
) -> Response:
    """Confirm a token that waits for a second security administrator."""
    routes.confirm(token=token, viewer=viewer, db=db, wall=wall, prover=prover, request=proof)
    return prover.keep(RedirectResponse("/people", 303))


@router.post("/people/tokens/{token}/end")
def revoke(viewer: Issuer, token: int, db: Db, wall: Wall) -> Response:
    """End a token and the browser sessions made from it."""
    routes.revoke(token, viewer, db, wall)
    return RedirectResponse("/people", 303)


def _page(
    viewer: Viewer,
    frame: Framed,
    db: Db,
    wall: Wall,
    *,
    secret: TokenSecret | None = None,
    invited: Sequence[Invited] = (),
    unchanged: int = 0,
    code_wanted: bool = False,
    name: str = "",
) -> HTMLResponse:
    part = plain(name)
    rows = [row for row in credentials.tokens(db) if part in plain(row.person)]
    good = [row for row in rows if row.revoked_at is None and row.expires_at > wall]
    content = {
        "who": name,
        "secret": secret,
        "invited": invited,
        "unchanged": unchanged,
        "waiting": [row for row in good if row.waits],
        "standing": [row for row in good if not row.waits],
        "ended": [row for row in rows if row not in good],
        "may_issue": access.may(viewer, Right.ISSUE_TOKENS),
        "roles": {role: label(role) for role in Role if role not in ADMINISTRATORS},
        "rights": right_words(),
        "own": viewer.person,
        "code_wanted": code_wanted or viewer.unproven,
        "label": label,
    }
    return frame.page("people/tokens.html", content)
