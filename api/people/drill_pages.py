"""Playing a made-up person of a drill: one click, and the browser is hers.

This is there only where the server runs a drill (ADR 0007), and plays nobody but those whom
`suanquan up` made up; no real project is ever in their database (`drill_stays`).
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.door.dependencies import Db, Wall, open_session
from api.door.outer import admits
from api.door.problems import Refusal
from api.door.route_table import limited
from api.settings import Settings
from api.web.layout import places
from ledger.people.steps import drill
from ledger.people.steps.drill import Part

router = APIRouter(include_in_schema=False)


def playable(db: Session, settings: Settings, now: datetime) -> list[Part]:
    """The made-up people that a visitor may play here; outside a drill nobody."""
    if settings.drill_clock is None:
        return []
    return [part for part in drill.parts(db, now) if admits(settings.door, part.role)]


@router.post("/sign-in/drill")
@limited(guesses=True)
def play(request: Request, db: Db, wall: Wall, part: Annotated[int, Form()]) -> Response:
    """Sign the browser in as a made-up person, at a device of her own."""
    if request.app.state.settings.drill_clock is None:
        raise Refusal(403, "no_drill_here")
    viewer = drill.play(db, part, wall)
    response = RedirectResponse(places(viewer, "")[0].url, 303)
    open_session(request, response, db, viewer, wall, own_device=True)
    return response
