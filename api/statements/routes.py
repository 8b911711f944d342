"""Statements (对账单): issued by the bureau, read and answered by the centre and the builder."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import Session, select

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.door.schemas import YearMonth
from api.statements.schemas import (
    LineAnswersCreate,
    StatementCreate,
    StatementRead,
    StatementSummary,
)
from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.registry.tables import Contract
from ledger.statements import queries as books
from ledger.statements import steps
from ledger.statements.codes import Party
from ledger.statements.rules import Statement, as_csv

router = APIRouter(tags=["statements"])

Reader = Annotated[Viewer, having(Right.READ_MONTH)]
PARTIES: dict[Role, Party] = {Role.OPERATOR: Party.CENTRE, Role.BUILDER: Party.BUILDER}


@router.post("/statements", status_code=201)
def issue(
    asked: StatementCreate, viewer: Annotated[Viewer, having(Right.RECONCILE)], db: Db, now: Now
) -> list[StatementRead]:
    """State a month; asked again with the same figures, they are the same statements."""
    month = date.fromisoformat(f"{asked.month}-01")
    if asked.contract is None:
        if asked.preview:
            raise Refusal(422, "preview_of_one")
        made = steps.issue_all(db, month, actor=viewer.actor, now=now)
    elif asked.preview:
        made = [steps.preview(db, _contract(db, asked.contract), month, now=now)]
    else:
        key = _contract(db, asked.contract)
        made = [steps.issue(db, key, month, actor=viewer.actor, now=now)]
    return [StatementRead.model_validate(one) for one in made]


@router.get("/statements")
def statements(
    *,
    viewer: Reader,
    db: Db,
    month: YearMonth | None = None,
    contract: str | None = None,
    superseded: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> list[StatementSummary]:
    """Statements of the viewer's centre or project, or of all; newest month first."""
    found = books.statements(
        db,
        centre=viewer.centre,
        project=viewer.project,
        month=date.fromisoformat(f"{month}-01") if month else None,
        contract=contract,
        superseded=superseded,
        limit=limit,
        offset=offset,
    )
    return [StatementSummary.model_validate(one) for one in found]


@router.get("/statements/{number}.csv", response_class=Response)
def as_file(number: str, viewer: Reader, db: Db) -> Response:
    """A statement as a table for a spreadsheet (CSV, UTF-8)."""
    content = as_csv(seen(db, viewer, number))
    named = {"Content-Disposition": f'attachment; filename="{number}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=named)


@router.get("/statements/{number}")
def statement(number: str, viewer: Reader, db: Db) -> StatementRead:
    """A statement with its lines and what both parties say of them."""
    return StatementRead.model_validate(seen(db, viewer, number))


@router.post("/statements/{number}/answers")
def answer(
    number: str,
    asked: LineAnswersCreate,
    viewer: Annotated[Viewer, having(Right.ANSWER_STATEMENTS)],
    db: Db,
    now: Now,
) -> StatementRead:
    """Confirm or contest lines, as the party that the viewer's role is."""
    seen(db, viewer, number)
    steps.answer(
        db,
        number,
        lines=None if asked.lines == "all" else asked.lines,
        party=party_of(viewer),
        word=asked.answer,
        reason=asked.reason,
        actor=viewer.actor,
        now=now,
    )
    return StatementRead.model_validate(seen(db, viewer, number))


def seen(db: Session, viewer: Viewer, number: str) -> Statement:
    """The statement, if it is there and the viewer's to see; else NotFound."""
    return books.statement(db, number, centre=viewer.centre, project=viewer.project)


def party_of(viewer: Viewer) -> Party:
    """For whom the viewer answers; nobody answers for another."""
    if viewer.role not in PARTIES:
        raise Refusal(403, "not_a_party", {"role": viewer.role})
    return PARTIES[viewer.role]


def _contract(db: Session, number: str) -> int:
    key = db.exec(select(Contract.id).where(Contract.number == number)).one_or_none()
    if key is None:
        raise NotFound("contract", number=number)
    return key
