"""Forms of the reconcile desk: match, choose and propose, move a share, ask the centre.

Each leads on to the next month that waits for somebody, or back to the page that it stands on.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.door.dependencies import Db, Now
from api.reconciliation import difference_view, routes
from api.reconciliation.next_month import next_address
from api.reconciliation.notices import Act
from api.reconciliation.routes import Clerk
from api.reconciliation.schemas import (
    ExtraCreate,
    MonthRequest,
    MoveCreate,
    QuestionCreate,
    ReasonGiven,
)
from api.web import forms
from api.web.forms import Fields, SentForm, form, request_of, text
from ledger.people.steps.credentials import Viewer
from ledger.reconciliation.queries.month_details import month_details
from ledger.registry.tables import Contract

router = APIRouter(include_in_schema=False)


@router.post("/reconcile/match")
def match(viewer: Clerk, db: Db, now: Now) -> Response:
    """Allocate every document line that is not allocated yet."""
    routes.run(viewer=viewer, db=db, now=now)
    return RedirectResponse(f"/reconcile?act={Act.MATCHED}", 303)


@router.post("/reconcile/tolerable")
def propose_tolerable(
    viewer: Clerk, request: Annotated[MonthRequest, form(MonthRequest)], db: Db, now: Now
) -> Response:
    """Propose in one act every contract's month in which nothing asks for a person."""
    routes.propose_tolerable(request, viewer, db, now)
    return RedirectResponse(f"/reconcile?act={Act.TOLERABLE}", 303)


@router.post("/reconcile/{contract}/{month}")
def propose(
    contract: int, month: str, *, data: SentForm, viewer: Clerk, db: Db, now: Now
) -> Response:
    """Propose what of the month counts; another person confirms it. On to the next month."""
    place = _contract_month(db, viewer, contract, month)
    choices = difference_view.choices_of(month_details(db, *place).differences, data)
    routes.propose_choices(db, *place, choices, text(data, "reason"), viewer=viewer, now=now)
    return RedirectResponse(next_address(db, now, Act.PROPOSED), 303)


def _extra_of_cell(fields: Fields, _path: Mapping[str, Any]) -> Fields:
    extra_fen, reason = fields.get("fen"), fields.get("reason")
    return {"part": fields.get("part", ""), "extra_fen": extra_fen, "reason": reason}


@router.post("/reconcile/{contract}/{month}/extra")
def propose_extra(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    request: Annotated[ExtraCreate, form(ExtraCreate, _extra_of_cell)],
    db: Db,
    now: Now,
) -> Response:
    """Propose that more was used in a cell than was metered."""
    routes.propose_extra(f"{contract}-{month}", request, viewer, db, now)
    return RedirectResponse(f"/reconcile/{contract}/{month}?act={Act.EXTRA}", 303)


@router.post("/reconcile/{contract}/{month}/move")
def move_share(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    share: Annotated[str, Form()],
    target: Annotated[str, Form()] = "",
    yuan: Annotated[str, Form(max_length=30)],
) -> Response:
    """Move fen of a document line to another month or contract, or let them be unallocated."""
    contract_row, _month = _contract_month(db, viewer, contract, month)
    place = {"contract": contract_row.number, "month": month}
    document, _colon, rest = share.partition(":")
    line, _colon, source = rest.partition(":")
    fields = {
        "document": document,
        "line": line,
        "from_cell": {**place, "part": source},
        "to_cell": _cell(target) if target else None,
        "fen": forms.fen(yuan),
    }
    routes.move_share(request_of(MoveCreate, fields), viewer, db, now)
    return RedirectResponse(f"/reconcile/{contract}/{month}?act={Act.MOVED}#documents", 303)


@router.post("/reconcile/{contract}/{month}/exclusion")
def propose_exclusion(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    request: Annotated[ReasonGiven, form(ReasonGiven)],
    db: Db,
    now: Now,
) -> Response:
    """Propose that the month earns nothing."""
    decision = routes.propose_exclusion(f"{contract}-{month}", request, viewer, db, now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/reconcile/{contract}/{month}/readmission")
def propose_readmission(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    request: Annotated[ReasonGiven, form(ReasonGiven)],
    db: Db,
    now: Now,
) -> Response:
    """Propose that the month earns again."""
    decision = routes.propose_readmission(f"{contract}-{month}", request, viewer, db, now)
    return RedirectResponse(f"/decisions/{decision.id}", 303)


@router.post("/reconcile/{contract}/{month}/fall")
def propose_fall(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    request: Annotated[ReasonGiven, form(ReasonGiven)],
    db: Db,
    now: Now,
) -> Response:
    """Propose that what no longer counts of the month falls."""
    routes.propose_fall(f"{contract}-{month}", request, viewer, db, now)
    return RedirectResponse(next_address(db, now, Act.FALL, "falls"), 303)


@router.post("/reconcile/{contract}/{month}/messages")
def ask(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    request: Annotated[QuestionCreate, form(QuestionCreate)],
    db: Db,
    now: Now,
) -> Response:
    """Ask the centre; it has some working days to answer."""
    routes.ask(f"{contract}-{month}", request, viewer, db, now)
    return RedirectResponse(f"/reconcile/{contract}/{month}?act={Act.ASKED}#messages", 303)


def _contract_month(
    db: Session, viewer: Viewer, contract: int, month: str
) -> tuple[Contract, date]:
    return routes.contract_month(db, viewer, f"{contract}-{month}")


def _cell(target: str) -> Fields:
    """`K-1/2026-03/compute`: a contract's number, a month, a part of the cost."""
    return dict(zip(("contract", "month", "part"), target.rsplit("/", 2), strict=False))
