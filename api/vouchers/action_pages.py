"""Forms on a project's page that change its voucher; another person confirms each."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.door.dependencies import Db, Now
from api.vouchers import routes
from api.vouchers.routes import Opener
from api.vouchers.schemas import CapCreate, LapseCreate, ValidityCreate
from api.web.forms import Fields, form

router = APIRouter(include_in_schema=False)


def _cap(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    return {"cap_fen": fields.get("fen"), "reason": fields.get("reason")}


@router.post("/projects/{code}/cap")
def propose_cap(
    *, code: str, viewer: Opener,
    request: Annotated[CapCreate, form(CapCreate, _cap)], db: Db, now: Now,
) -> Response:  # fmt: skip
    """Propose another cap."""
    decision = routes.propose_a_cap(code=code, request=request, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/projects/{code}/validity")
def propose_validity(
    *, code: str, viewer: Opener,
    request: Annotated[ValidityCreate, form(ValidityCreate)], db: Db, now: Now,
) -> Response:  # fmt: skip
    """Propose on which days the voucher is valid."""
    decision = routes.propose_days(code=code, request=request, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/projects/{code}/lapse")
def propose_lapse(
    *, code: str, viewer: Opener,
    request: Annotated[LapseCreate, form(LapseCreate)], db: Db, now: Now,
) -> Response:  # fmt: skip
    """Propose that the rest of the voucher lapses."""
    decision = routes.propose_to_lapse(code=code, request=request, viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)
