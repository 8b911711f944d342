"""The forms of holds on a claim's page."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.claims.cases import routes
from api.claims.cases.routes import Handler
from api.claims.cases.schemas import HoldCreate, HoldEnd
from api.door.dependencies import Db, Now
from api.web.forms import form

router = APIRouter(include_in_schema=False)


@router.post("/claims/{number}/holds")
def hold(
    viewer: Handler,
    number: str,
    request: Annotated[HoldCreate, form(HoldCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Hold a claim up."""
    routes.hold(number, request, viewer, db, now)
    return RedirectResponse(f"/claims/{number}#holds", 303)


@router.post("/claims/{number}/holds/{hold}")
def end(
    viewer: Handler,
    number: str,
    hold: int,
    *,
    request: Annotated[HoldEnd, form(HoldEnd)],
    db: Db,
    now: Now,
) -> Response:
    """End a hold."""
    routes.end(number, hold, request, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/claims/{number}#holds", 303)
