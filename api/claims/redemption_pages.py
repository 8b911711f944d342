"""Deductions at the counter: the list, the centre's forms, the builder's confirmation."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.claims import redemption_routes
from api.claims.redemption_routes import Confirmer, Counter, Onlooker
from api.claims.schemas import DeductionCreate, RedemptionCreate
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now
from api.web.forms import form
from api.web.layout import Framed
from ledger.people.steps.decisions import person

router = APIRouter(include_in_schema=False)

PAGE = "/deductions"


@router.get(PAGE)
def listing(frame: Framed, viewer: Onlooker, db: Db) -> HTMLResponse:
    """What was deducted, and what the reader may do with it."""
    rows = redemption_routes.deductions(viewer, db)
    return frame.page(
        "claims/deductions.html",
        {
            "rows": [{"seen": row, "by": person(row.stated_by)} for row in rows],
            "confirmed_fen": sum(row.fen for row in rows if row.confirmed_at),
            "may_state": access.may(viewer, Right.HAND_IN),
            "may_confirm": viewer.project is not None,
            "names_centre": viewer.centre is None,
        },
    )


@router.post("/documents/{document}/deductions")
def state(
    document: int,
    request: Annotated[DeductionCreate, form(DeductionCreate)],
    viewer: Counter,
    db: Db,
    now: Now,
) -> Response:
    """The centre or a clerk states what was deducted of a document."""
    redemption_routes.state(document, request, viewer, db, now)
    return RedirectResponse(PAGE, 303)


@router.post("/deductions/{deduction}/confirm")
def confirm(deduction: int, viewer: Confirmer, db: Db, now: Now) -> Response:
    """The builder confirms it."""
    redemption_routes.confirm(deduction, viewer, db, now)
    return RedirectResponse(PAGE, 303)


@router.post("/redemptions")
def redeem(
    request: Annotated[RedemptionCreate, form(RedemptionCreate)], viewer: Counter, db: Db, now: Now
) -> Response:
    """The centre claims what was deducted there."""
    claim = redemption_routes.redeem(request, viewer, db, now)
    place = PAGE if viewer.centre is not None else f"/claims/{claim.number}"
    return RedirectResponse(place, 303)
