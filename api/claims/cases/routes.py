"""Holds: what keeps a case from going on, opened and ended by the bureau."""

from typing import Annotated

from fastapi import APIRouter

from api.claims.cases.schemas import HoldCreate, HoldEnd, HoldRead
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, having
from ledger.claims.steps.holds import end_hold, open_hold
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["claims"])

Handler = Annotated[Viewer, having(Right.HANDLE_CLAIMS)]


@router.post("/claims/{number}/holds", status_code=201)
def hold(number: str, request: HoldCreate, viewer: Handler, db: Db, now: Now) -> HoldRead:
    """Hold a claim up; an objection is recorded instead, and holds it by itself."""
    claim = access.claim(db, viewer, number)
    row = open_hold(db, claim, request.kind, request.reason, actor=viewer.actor, now=now)
    return HoldRead.of(row)


@router.post("/claims/{number}/holds/{hold}/end")
def end(number: str, hold: int, request: HoldEnd, *, viewer: Handler, db: Db, now: Now) -> HoldRead:
    """End a hold and say what came of it; not by who opened it, unless it awaits the applicant."""
    claim = access.claim(db, viewer, number)
    return HoldRead.of(end_hold(db, claim, hold, request.outcome, actor=viewer.actor, now=now))
