"""Decisions of two persons: what waits for a second one, and her answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import col, select

from api.claims.account_numbers import Numbers, hide_numbers
from api.desk.decision_reader import may_answer, may_give, names_of_keys, why_not
from api.door.access import Right
from api.door.batch_decoder import read_kept
from api.door.dependencies import Db, LateAfter, Limit, Now, Offset, ReadDb, having
from api.people.schemas import DecisionAnswer, DecisionRead, DecisionView, KeyName
from api.people.step_up import Proving
from ledger.desk.steps import admit_usage, register_seen, take_registry
from ledger.desk.steps.confirm import respond
from ledger.errors import NotFound
from ledger.metering.steps.intake import release
from ledger.people.codes import Answer
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision

router = APIRouter(tags=["decisions"])

_READ = having(Right.READ_PAYMENTS)
Answerer = Annotated[Viewer, having(Right.ANSWER_DECISIONS)]


@router.get("/decisions", dependencies=[_READ])
def decisions(
    *,
    db: ReadDb,
    open_only: Annotated[bool, Query(alias="open")] = True,
    kind: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[DecisionRead]:
    """List decisions, oldest first; only those without an answer unless `open=false`."""
    query = select(Decision).order_by(col(Decision.id)).limit(limit).offset(offset)
    if open_only:
        query = query.where(col(Decision.answer).is_(None))
    if kind is not None:
        query = query.where(Decision.kind == kind)
    return [_read(row, hide_numbers(row.kind, row.content)) for row in db.exec(query)]


@router.get("/decisions/{key}")
def decision(
    key: int, viewer: Annotated[Viewer, having(Right.READ_PAYMENTS)], db: ReadDb, numbers: Numbers
) -> DecisionRead:
    """Return a decision."""
    row = db.get(Decision, key)
    if row is None:
        raise NotFound("decision", id=key)
    return _read(row, numbers.show_decision(viewer, row, to_answer=may_answer(db, viewer, row)))


@router.get("/decisions/{key}/view")
def view(
    key: int, viewer: Annotated[Viewer, having(Right.READ_PAYMENTS)], db: ReadDb, prover: Proving
) -> DecisionView:
    """What the reader sees and may do: names of the content's keys, the answers she may give."""
    row = db.get(Decision, key)
    if row is None:
        raise NotFound("decision", id=key)
    names = [
        KeyName(field=field, key=number, name=name)
        for (field, number), name in names_of_keys(db, row).items()
    ]
    answers = may_give(db, viewer, row)
    return DecisionView(
        names=names, answers=answers, why_not=why_not(db, viewer, row),
        code_wanted=Answer.CONFIRMED in answers and prover.asks(viewer),
    )  # fmt: skip


@router.post("/decisions/{key}/answer")
def answer(
    *,
    key: int,
    request: DecisionAnswer,
    viewer: Answerer,
    db: Db,
    now: Now,
    late_after: LateAfter,
    prover: Proving,
) -> DecisionRead:
    """Confirm, refuse or withdraw; what follows from a confirmation is done at once."""
    if request.answer is Answer.CONFIRMED:
        viewer = prover.take(viewer, request.code)
    decision = respond(
        db, key, answer=request.answer, digest_seen=request.seen, viewer=viewer, now=now,
        reason=request.reason,
    )  # fmt: skip
    # windows may have been waiting for just this
    of_windows = (admit_usage.KIND, take_registry.KIND, register_seen.KIND)
    if decision.kind in of_windows and decision.answer == "confirmed":
        release(db, read_kept, now, late_after=late_after)
    return _read(decision, hide_numbers(decision.kind, decision.content))


def _read(row: Decision, content: dict[str, Any]) -> DecisionRead:
    return DecisionRead.model_validate({**row.model_dump(), "content": content})
