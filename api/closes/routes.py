"""Closes (月结): what a month would keep, why it cannot be closed, and closing it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from sqlmodel import Session

from api.closes.schemas import CloseCreate, CloseOutcome, CloseRead, CloseRow
from api.door.access import Right
from api.door.dependencies import Configured, Db, Limit, Now, Offset, ReadDb, having
from api.door.problems import Refusal
from api.door.schemas import YearMonth, first_day
from api.messages.sentences import findings
from ledger.closes import steps
from ledger.closes.codes import CloseKind
from ledger.closes.queries import closes as close_queries
from ledger.closes.tables import Close
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["closes"])

READ = having(Right.READ_POSTINGS)
Closer = Annotated[Viewer, having(Right.CLOSE)]
AskedMonth = Annotated[YearMonth, Path()]


@router.get("/closes", dependencies=[READ])
def closes(db: ReadDb, limit: Limit = 100, offset: Offset = 0) -> list[CloseRow]:
    """List the months that are closed, newest first."""
    return [row_of(close) for close in close_queries.closes(db, limit=limit, offset=offset)]


@router.get("/closes/{kind}/{month}", dependencies=[READ])
def close_of(
    kind: CloseKind, month: AskedMonth, db: ReadDb, now: Now, settings: Configured
) -> CloseRead:
    """Return a month as it was closed, or as it would be now and why it cannot be."""
    close = close_queries.close_of(db, kind, first_day(month))
    if close is not None:
        return _as_closed(db, close)
    view = steps.preview(db, kind, first_day(month), now=now, usage_day=settings.usage_close_day)
    return CloseRead.model_validate(
        {**vars(view), "items": view.items, "obstacles": findings(view.obstacles)}
    )


@router.post("/closes", status_code=201)
def close_month(
    request: CloseCreate, viewer: Closer, db: Db, now: Now, settings: Configured
) -> CloseOutcome:
    """Close a month's usage, or propose to close its books; a line for each obstacle."""
    month = first_day(request.month)
    if request.kind == CloseKind.USAGE:
        close = steps.close_usage(
            db, month, actor=viewer.actor, now=now, usage_day=settings.usage_close_day
        )
        if isinstance(close, Close):
            return _outcome(request, None, close.digest)
        raise _obstructed(request, close)
    decision = steps.propose_books(db, month, reason=request.reason, actor=viewer.actor, now=now)
    if isinstance(decision, Sequence):
        raise _obstructed(request, decision)
    return _outcome(request, decision.id, decision.digest)


def row_of(close: Close) -> CloseRow:
    """A close as lists show it."""
    return CloseRow.model_validate({**close.model_dump(), "items": len(close.items)})


def _as_closed(db: Session, close: Close) -> CloseRead:
    later = (
        {
            "late_costs": close_queries.late_costs(db, close),
            "late_postings": close_queries.late_postings(db, close),
        }
        if close.kind == CloseKind.USAGE
        else {}
    )
    return CloseRead.model_validate({**close.model_dump(), **later})


def _outcome(request: CloseCreate, decision: int | None, digest: str) -> CloseOutcome:
    return CloseOutcome(
        kind=request.kind,
        month=first_day(request.month),
        id=decision,
        subject=request.month,
        digest=digest,
    )


def _obstructed(request: CloseCreate, obstacles: Sequence[Finding]) -> Refusal:
    return Refusal.with_faults("close_obstructed", obstacles, month=request.month)
