"""The forms on a project's page that rest on facts: its voucher is proposed, or another rate."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from api.door.dependencies import Db, Now
from api.vouchers import routes
from api.vouchers.schemas import RateCreate, VoucherCreate
from api.web.forms import Fields, form
from ledger.errors import Refused
from ledger.formats.findings import printable

router = APIRouter(include_in_schema=False)


def _arrange(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    """Read the facts, one `name=value` a line, as the command does."""
    facts = dict(map(_fact, fields.pop("facts", "").splitlines()))
    face = {"face_fen": fields.pop("fen")} if "fen" in fields else {}
    return {**fields, **face, "facts": facts}


def _fact(line: str) -> tuple[str, Any]:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not (name and equals):
        raise Refused("fact_line", line=printable(line))
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@router.post("/projects/{code}/voucher")
def propose_here(
    code: str,
    viewer: routes.Opener,
    request: Annotated[VoucherCreate, form(VoucherCreate, _arrange)],
    db: Db,
    now: Now,
) -> RedirectResponse:
    """Propose the voucher, and show the decision that another person confirms."""
    read = routes.open_for(code=code, request=request, viewer=viewer, db=db, now=now)
    where = f"/decisions/{read.decision}" if read.decision else f"/projects/{code}"
    return RedirectResponse(where, 303)


@router.post("/projects/{code}/rate")
def propose_rate_here(
    code: str,
    viewer: routes.Opener,
    request: Annotated[RateCreate, form(RateCreate, _arrange)],
    db: Db,
    now: Now,
) -> RedirectResponse:
    """Propose another rate from a day on."""
    decision = routes.propose_another_rate(
        code=code, request=request, viewer=viewer, db=db, now=now
    )
    return RedirectResponse(f"/decisions/{decision.id}", 303)
