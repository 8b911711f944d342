"""Statements (对账单): issued by the bureau, read and answered by the centre and the builder."""

from typing import Annotated

from fastapi import APIRouter, Response
from sqlmodel import Session

from api.door.access import Right
from api.door.dependencies import Db, Limit, Now, Offset, ReadDb, having
from api.door.files import download
from api.door.problems import Refusal
from api.door.schemas import YearMonth, first_day
from api.statements.schemas import LineAnswersCreate, StatementCreate
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.registry.queries import contract_by_number
from ledger.statements import queries as statement_queries
from ledger.statements import steps
from ledger.statements.codes import Party
from ledger.statements.rules import Statement, StatementSummary, as_csv

router = APIRouter(tags=["statements"])

Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
Answerer = Annotated[Viewer, having(Right.ANSWER_STATEMENTS)]
PARTIES: dict[Role, Party] = {Role.OPERATOR: Party.CENTRE, Role.BUILDER: Party.BUILDER}


@router.post("/statements", status_code=201)
def issue(request: StatementCreate, viewer: Clerk, db: Db, now: Now) -> list[Statement]:
    """Issue the statements of a month; with the same figures they are the same statements."""
    month = first_day(request.month)
    if request.contract is None:
        if request.preview:
            raise Refusal(422, "preview_of_one")
        issued = steps.issue_all(db, month, actor=viewer.actor, now=now)
    else:
        contract = key(contract_by_number(db, request.contract))
        issued = [
            steps.preview(db, contract, month, now=now)
            if request.preview
            else steps.issue(db, contract, month, actor=viewer.actor, now=now)
        ]
    return issued


@router.get("/statements")
def statements(
    *,
    viewer: Reader,
    db: ReadDb,
    month: YearMonth | None = None,
    contract: str | None = None,
    superseded: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[StatementSummary]:
    """List the statements in the viewer's scope, newest month first."""
    return statement_queries.statements(
        db,
        centre=viewer.centre,
        project=viewer.project,
        month=first_day(month) if month else None,
        contract=contract,
        superseded=superseded,
        limit=limit,
        offset=offset,
    )


@router.get("/statements/{number}.csv", response_class=Response)
def as_file(number: str, viewer: Reader, db: ReadDb) -> Response:
    """Download a statement as a table for a spreadsheet (CSV, UTF-8)."""
    content = as_csv(own_statement(db, viewer, number))
    return download(content, f"{number}.csv")


@router.get("/statements/{number}")
def statement(number: str, viewer: Reader, db: ReadDb) -> Statement:
    """Return a statement with its lines and both parties' answers."""
    return own_statement(db, viewer, number)


@router.post("/statements/{number}/answers")
def answer(
    number: str,
    request: LineAnswersCreate,
    viewer: Answerer,
    db: Db,
    now: Now,
) -> Statement:
    """Confirm or contest lines, as the centre or the builder."""
    party = party_of(viewer)  # who is none may not answer, whether there is such a statement or not
    own_statement(db, viewer, number)
    steps.answer(
        db,
        number,
        lines=None if request.lines == "all" else request.lines,
        party=party,
        word=request.answer,
        reason=request.reason,
        actor=viewer.actor,
        now=now,
    )
    return own_statement(db, viewer, number)


def own_statement(db: Session, viewer: Viewer, number: str) -> Statement:
    """The statement, if it is there and the viewer's to see; else NotFound."""
    return statement_queries.statement(db, number, centre=viewer.centre, project=viewer.project)


def party_of(viewer: Viewer) -> Party:
    """For whom the viewer answers; nobody answers for another."""
    if viewer.role not in PARTIES:
        raise Refusal(403, "not_a_party", {"role": viewer.role})
    return PARTIES[viewer.role]
