"""The chain, both ways: postings and movements with their causes, months, batches as signed.

A payment line names its claim, the claim its months, a month its days, documents and statements; a
day its windows (`/projects/{code}/days/{day}/windows`), a window its batch, and a batch the months
in which its windows are charged.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from api.desk.chain.batch_check import check_batch
from api.desk.schemas import (
    BatchMonth,
    BatchRead,
    BatchSummary,
    BatchUse,
    ClaimOfMonth,
    LineOfMonth,
    MonthChain,
    MovementOfPosting,
    MovementRead,
    PostingRead,
    PostingSummary,
)
from api.door.access import Right
from api.door.dependencies import Limit, Offset, ReadDb, having
from api.door.files import download
from api.door.schemas import LINE_MAX
from api.reconciliation.routes import contract_month
from ledger.desk.queries import chain
from ledger.errors import NotFound
from ledger.metering.queries import batches
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key as key_of
from ledger.registry.tables import Contract, Project
from ledger.units import FEN_MAX

router = APIRouter(tags=["audit"])

Reader = Annotated[Viewer, having(Right.READ_POSTINGS)]
Words = Annotated[str | None, Query(max_length=LINE_MAX)]
Number = Annotated[int, Path(ge=1, le=FEN_MAX)]


@router.get("/postings")
def postings(
    *,
    _: Reader,
    db: ReadDb,
    cause: Words = None,
    project: Words = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[PostingSummary]:
    """List postings, newest first; those whose cause begins so, or of this project's voucher."""
    rows = chain.postings(db, cause=cause, project=project, limit=limit, offset=offset)
    return [PostingSummary.model_validate(row) for row in rows]


@router.get("/postings/{number}")
def posting(number: Number, _: Reader, db: ReadDb) -> PostingRead:
    """Return a posting with its movements and what its cause names."""
    rows = chain.postings(db, number=number)
    if not rows:
        raise NotFound("posting", number=number)
    row = rows[0]
    moves = chain.movements_of(db, [row.id])[row.id]
    summary = PostingSummary.model_validate(row).model_dump()
    return PostingRead(
        **summary, movements=[MovementOfPosting.model_validate(move) for move in moves]
    )


@router.get("/movements")
def movements(
    *,
    _: Reader,
    db: ReadDb,
    kind: Words = None,
    project: Words = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[MovementRead]:
    """List movements, newest first, each with its posting, its cause and what that names."""
    rows = chain.movements(db, kind=kind, project=project, limit=limit, offset=offset)
    return [MovementRead.model_validate(row) for row in rows]


@router.get("/batches")
def stored(
    *,
    _: Reader,
    db: ReadDb,
    stream: UUID | None = None,
    cluster: Words = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[BatchSummary]:
    """List batches, stream by stream, of each the newest first."""
    rows = batches.batches(db, stream=stream, cluster=cluster, limit=limit, offset=offset)
    return [BatchSummary.model_validate(row) for row in rows]


@router.get("/batches/{stream}/{number}")
def one_batch(stream: UUID, number: Number, _: Reader, db: ReadDb) -> BatchRead:
    """Return a batch, its signature checked anew, and the days and months that rest on it."""
    row = batches.batch(db, stream, number)
    check = check_batch(db, row)
    uses = (
        chain.uses_of_batch(db, str(stream), number, check.gpus, check.span) if check.span else []
    )
    return BatchRead(
        **BatchSummary.model_validate(row).model_dump(),
        sha256=check.sha256,
        public_key=row.public_key.hex(),
        signature=row.signature.hex(),
        is_signed=check.is_signed,
        windows=check.windows,
        stored=check.stored,
        altered=check.altered,
        answer=row.answer,
        uses=[BatchUse.model_validate(use) for use in uses],
        months=[
            BatchMonth(
                key=f"{charge.contract_id}-{charge.month:%Y-%m}",
                project=charge.project,
                contract=charge.contract,
                month=f"{charge.month:%Y-%m}",
            )
            for charge in chain.months_charged(db, [(use.project, use.day) for use in uses])
        ],
    )


@router.get("/batches/{stream}/{number}/bytes", response_class=Response)
def bytes_of(stream: UUID, number: Number, _: Reader, db: ReadDb) -> Response:
    """Download a batch's bytes as they were signed."""
    row = batches.batch(db, stream, number)
    return download(row.bytes, f"{stream}-{number}.json")


@router.get("/reconciliations/{key}/chain")
def of_month(key: str, viewer: Reader, db: ReadDb) -> MonthChain:
    """Return what a month is linked to: days, document lines, statements, claims and payments."""
    return month_chain(db, *contract_month(db, viewer, key))


def month_chain(db: Session, contract: Contract, month: date) -> MonthChain:
    """All that a contract's month is linked to."""
    contract_key = key_of(contract)
    return MonthChain(
        key=f"{contract_key}-{month:%Y-%m}",
        project=db.get_one(Project, contract.project_id).code,
        contract=contract.number,
        month=f"{month:%Y-%m}",
        days=chain.days_of_month(db, contract, month),
        lines=[
            LineOfMonth.model_validate(row) for row in chain.lines_of_month(db, contract_key, month)
        ],
        statements=chain.statements_of_month(db, contract_key, month),
        claims=[
            ClaimOfMonth.model_validate(row)
            for row in chain.claims_of_month(db, contract_key, month)
        ],
    )
