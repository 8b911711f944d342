"""The page of the yearly pools, and the forms that propose a pool or a cap for the years."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.vouchers import year_routes
from api.vouchers.routes import Opener
from api.vouchers.year_routes import Payer
from api.vouchers.year_schemas import PoolCreate, YearCapCreate
from api.web.forms import Fields, form
from api.web.layout import Framed
from ledger.people.steps.credentials import Viewer
from ledger.units import beijing_day
from ledger.vouchers.queries import pools

router = APIRouter(include_in_schema=False)

Reader = Annotated[Viewer, having(Right.READ_PAYMENTS)]


def _year_cap(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    cap = {"cap_fen": fields.pop("fen")} if "fen" in fields else {}
    return {**fields, **cap}


def _pool(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    clauses = [part for text in fields.pop("clauses", ()) for part in re.split(r"[\s,，、]+", text)]
    cap = {"cap_fen": fields.pop("fen")} if "fen" in fields else {}
    return {**fields, **cap, "clauses": [clause for clause in clauses if clause]}


@router.get("/pools")
def pools_page(*, frame: Framed, viewer: Reader, db: ReadDb, now: Now) -> Response:
    """Every pool with its projects and its queue."""
    content = {
        "pools": pools.pools(db),
        "may_change": access.may(viewer, Right.PAY),
        "year": beijing_day(now).year,
    }
    return frame.page("vouchers/pools.html", content)


@router.post("/pools")
def propose_pool_here(
    *, viewer: Payer, request: Annotated[PoolCreate, form(PoolCreate, _pool)], db: Db, now: Now
) -> Response:
    """Propose a pool, and show the decision that another person confirms."""
    decision = year_routes.propose_a_pool(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/projects/{code}/year-cap")
def propose_year_cap_here(
    *, viewer: Opener, code: str,
    request: Annotated[YearCapCreate, form(YearCapCreate, _year_cap)], db: Db, now: Now,
) -> Response:  # fmt: skip
    """Propose a cap for the years of a project's voucher."""
    decision = year_routes.propose_a_year_cap(
        code=code, request=request, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(f"/decisions/{decision.id}", 303)
