"""Forms on the payments page that change the year's money; another person confirms each.

An indicator gets more or less, a project is asked for what is to be paid back, a year is closed.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.door.dependencies import Db, Now
from api.payment import return_routes, routes
from api.payment.pages import chosen_indicator
from api.payment.routes import Payer
from api.payment.schemas import AskedYear, IndicatorChange, RecoveryCreate, YearEndCreate
from api.web.forms import Fields, form

router = APIRouter(include_in_schema=False)


@router.post("/payments/indicators/{year}/{number}/changes")
def change_indicator(
    *, viewer: Payer, year: AskedYear, number: str,
    request: Annotated[IndicatorChange, form(IndicatorChange)], db: Db, now: Now,
) -> Response:  # fmt: skip
    """Propose that an indicator has more, or less where the sum is negative."""
    proposal = routes.change_indicator(
        year=year, number=number, request=request, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


@router.post("/payments/recoveries")
def open_recovery(
    viewer: Payer, request: Annotated[RecoveryCreate, form(RecoveryCreate)], db: Db, now: Now
) -> Response:
    """Propose to ask a project for what is to be paid back."""
    proposal = return_routes.new_recovery(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)


def _year_end_fields(fields: Fields, path: Mapping[str, Any]) -> Fields:
    """Both indicators are chosen as `2026/640100-2026-001`."""
    new = chosen_indicator({"indicator": fields.get("new_indicator", "")}, path)
    old = chosen_indicator(fields, path)
    return {**old, "new_indicator": new["indicator"], "new_year": new["year"]}


@router.post("/payments/year-end")
def close_year(
    viewer: Payer,
    request: Annotated[YearEndCreate, form(YearEndCreate, _year_end_fields)],
    db: Db,
    now: Now,
) -> Response:
    """Propose to close an indicator's year."""
    proposal = return_routes.year_end(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.id}", 303)
