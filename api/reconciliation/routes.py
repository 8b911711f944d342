"""Reconciliations: the months of contracts, matching, proposals, questions to the centre.

A reconciliation is named by its contract's key and its month, `12-2026-10`, so that it has an
address before anybody opened it.
"""

import re
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import Session, col, select

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.door.problems import Refusal
from api.messages.sentences import findings
from api.people.schemas import DecisionRead
from api.reconciliation.schemas import (
    CellKey,
    CellRead,
    DifferenceRead,
    ExtraCreate,
    MatchingOutcome,
    MatchingRequest,
    MessageAnswerCreate,
    MessageRead,
    MonthRequest,
    MonthSummary,
    MoveCreate,
    ProposalCreate,
    ProposalsRead,
    QuestionCreate,
    ReconciliationRead,
    ShareRead,
)
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.postgres import columns
from ledger.reconciliation.queries import months as books
from ledger.reconciliation.queries.differences import differences_of
from ledger.reconciliation.queries.open_lines import open_line_count
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.rules.matching import Key
from ledger.reconciliation.steps import messages, reconcile
from ledger.reconciliation.steps.match import match, move
from ledger.reconciliation.tables import Message, Reconciliation
from ledger.registry.tables import Contract

router = APIRouter(tags=["reconciliations"])

Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
_ID = re.compile(r"([1-9]\d{0,17})-(20\d\d-(?:0[1-9]|1[0-2]))", re.ASCII)


def month_of(text: str) -> date:
    """The first day of `2026-11`."""
    return date.fromisoformat(f"{text}-01")


def named(db: Session, viewer: Viewer, key: str) -> tuple[Contract, date]:
    """The contract and month of an address, if it is the viewer's to see; else NotFound."""
    found = _ID.fullmatch(key)
    contract = db.get(Contract, int(found[1])) if found else None
    if found is None or contract is None or not _sees(viewer, contract):
        raise NotFound("reconciliation", id=key)
    return contract, month_of(found[2])


def _sees(viewer: Viewer, contract: Contract) -> bool:
    mine = viewer.centre in (None, contract.centre)
    return mine and viewer.project in (None, contract.project)


@router.get("/reconciliations")
def months(
    *,
    viewer: Reader,
    db: Db,
    month: Annotated[str | None, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] = None,
    state: str | None = None,
) -> list[MonthSummary]:
    """The months of the viewer's contracts, oldest first."""
    found = books.months(
        db, centre=viewer.centre, project=viewer.project, month=month_of(month) if month else None
    )
    return [MonthSummary(**_month(m)) for m in found if state in (None, m.state)]


@router.get("/reconciliations/{key}")
def one(key: str, viewer: Reader, db: Db) -> ReconciliationRead:
    """A contract's month: its cells, what documents paid into it, and every difference."""
    contract, month = named(db, viewer, key)
    of_both = books.months(db, centre=contract.centre, project=contract.project, month=month)
    seen = [m for m in of_both if m.contract == contract.id]
    if not seen:
        raise NotFound("reconciliation", id=key)
    found = differences_of(db, columns.key(contract), month, reconcile.process_of(db, contract))
    numbers = books.numbers(db, (d.document for d in found))
    return ReconciliationRead(
        **_month(seen[0]),
        cells=[
            CellRead.model_validate(c) for c in books.month_cells(db, columns.key(contract), month)
        ],
        shares=[
            ShareRead.model_validate(s) for s in books.shares(db, columns.key(contract), month)
        ],
        differences=[_difference(d, numbers.get(d.document or 0)) for d in found],
        messages=[MessageRead.model_validate(m) for m in asked(db, contract, month)],
    )


@router.post("/matching")
def run(
    *, wanted: MatchingRequest | None = None, viewer: Clerk, db: Db, now: Now
) -> MatchingOutcome:
    """Allocate what is not allocated yet; doing it again changes nothing.

    With `at_most`, a run ends after about so many lines, and says where the next one begins.
    """
    asked = wanted or MatchingRequest()
    waiting = open_line_count(db) if asked.at_most is not None and asked.after is None else None
    done = match(db, actor=viewer.actor, now=now, after=asked.after, at_most=asked.at_most)
    return MatchingOutcome(**asdict(done), waiting=waiting)


@router.post("/allocations/move", status_code=204)
def move_share(wanted: MoveCreate, viewer: Clerk, db: Db, now: Now) -> None:
    """Move fen of a document line from one cell to another, out of all or into one."""
    source, target = _cell(db, wanted.from_cell), _cell(db, wanted.to_cell)
    move(
        db, wanted.document, wanted.line, source=source, target=target, fen=wanted.fen,
        actor=viewer.actor, now=now,
    )  # fmt: skip


@router.post("/reconciliations/proposals", status_code=201)
def propose_tolerable(wanted: MonthRequest, viewer: Clerk, db: Db, now: Now) -> ProposalsRead:
    """Propose at once every month of a contract in which nothing asks for a person."""
    made, left = reconcile.propose_tolerable(
        db, month_of(wanted.month), actor=viewer.actor, now=now
    )
    return ProposalsRead(decisions=[DecisionRead.model_validate(d) for d in made], left=left)


@router.post("/reconciliations/{key}/proposal", status_code=201)
def propose(key: str, wanted: ProposalCreate, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose what of a contract's month counts."""
    contract, month = named(db, viewer, key)
    choices = [Choice(**choice.model_dump()) for choice in wanted.choices]
    done = reconcile.propose(
        db, contract, month, choices=choices, reason=wanted.reason, actor=viewer.actor, now=now
    )
    if isinstance(done, list):
        told = findings(done)
        raise Refusal(422, "not_proposed", {"count": len(told), "findings": told})
    return DecisionRead.model_validate(done)


@router.post("/reconciliations/{key}/extra", status_code=201)
def propose_extra(key: str, wanted: ExtraCreate, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose that more was used in a cell than was metered."""
    contract, month = named(db, viewer, key)
    made = reconcile.propose_extra(
        db, contract, month, **wanted.model_dump(), actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(made)


@router.post("/reconciliations/{key}/messages", status_code=201)
def ask(key: str, wanted: QuestionCreate, viewer: Clerk, db: Db, now: Now) -> MessageRead:
    """Ask the centre; it has some working days to answer."""
    contract, month = named(db, viewer, key)
    sent = messages.send(
        db, contract, month, code=wanted.code, body=wanted.body, document=wanted.document,
        process=reconcile.process_of(db, contract), actor=viewer.actor, now=now,
    )  # fmt: skip
    return MessageRead.model_validate(sent)


@router.post("/messages/{key}/answer")
def answer(
    key: int,
    said: MessageAnswerCreate,
    viewer: Annotated[Viewer, having(Right.HAND_IN)],
    db: Db,
    now: Now,
) -> MessageRead:
    """The centre answers a question about one of its months."""
    done = messages.answer(
        db, key, centre=viewer.centre, body=said.body, actor=viewer.actor, now=now
    )
    return MessageRead.model_validate(done)


def asked(db: Session, contract: Contract, month: date) -> list[Message]:
    """The questions about a contract's month, oldest first."""
    kept = select(Reconciliation.id).where(
        Reconciliation.contract == contract.id, Reconciliation.month == month
    )
    found = select(Message).where(col(Message.reconciliation).in_(kept)).order_by(col(Message.id))
    return list(db.exec(found))


def _month(seen: books.Month) -> dict[str, Any]:
    told = {name: getattr(seen, name) for name in MonthSummary.model_fields if name != "id"}
    return {"id": f"{seen.contract}-{seen.month:%Y-%m}", **told}


def _difference(one: Difference, number: str | None) -> DifferenceRead:
    price, policy = one.cell[2:] if one.cell else (None, None)
    return DifferenceRead(
        code=one.code, document=one.document, number=number, line=one.line, price=price,
        policy=policy, fen=one.fen, handling=one.handling,
    )  # fmt: skip


def _cell(db: Session, cell: CellKey | None) -> Key | None:
    if cell is None:
        return None
    contract = books.contract_by_number(db, cell.contract)
    return (columns.key(contract), month_of(cell.month), cell.price, cell.policy)
