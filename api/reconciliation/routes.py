"""Reconciliations: the months of contracts, matching, proposals, questions to the centre.

A reconciliation is named by its contract's key and its month, `12-2026-10`, so that it has an
address before anybody opened it.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlmodel import Session

from api.door.access import Right
from api.door.dependencies import Db, Now, ReadDb, having
from api.door.files import download_table
from api.door.problems import Refusal
from api.door.schemas import first_day
from api.messages.sentences import findings
from api.people.schemas import DecisionRead
from api.reconciliation.difference_words import words
from api.reconciliation.month_list import MonthsQuery, listed, table
from api.reconciliation.schemas import (
    BlueLineRead,
    CellKey,
    DifferenceRead,
    ExtraCreate,
    MatchingOutcome,
    MatchingRequest,
    MessageAnswerCreate,
    MessageRead,
    MonthRequest,
    MonthSummary,
    MoveCreate,
    PreviewCell,
    PreviewCreate,
    PreviewRead,
    ProposalCreate,
    ProposalsRead,
    QuestionCreate,
    ReasonGiven,
    ReconciliationRead,
    RedPartsCreate,
    UnclearRedRead,
)
from ledger.charging.rules.cells import Cell, Key
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.postgres import columns
from ledger.reconciliation.queries import months as month_queries
from ledger.reconciliation.queries import red_lines
from ledger.reconciliation.queries.month_details import month_details, process_of
from ledger.reconciliation.queries.open_lines import open_line_count
from ledger.reconciliation.queries.preview import preview
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.reconciliation.steps import exclusions, falls, messages, reconcile, reds
from ledger.reconciliation.steps.match import match, move
from ledger.registry.queries import contract_by_number
from ledger.registry.tables import Contract
from ledger.units import beijing_day

router = APIRouter(tags=["reconciliations"])

Reader = Annotated[Viewer, having(Right.READ_MONTH)]
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
_ID = re.compile(r"([1-9]\d{0,17})-(20\d\d-(?:0[1-9]|1[0-2]))", re.ASCII)


def contract_month(db: Session, viewer: Viewer, key: str) -> tuple[Contract, date]:
    """The contract and month of an address, if it is the viewer's to see; else NotFound."""
    match_ = _ID.fullmatch(key)
    contract = db.get(Contract, int(match_[1])) if match_ else None
    if (
        match_ is None
        or contract is None
        or viewer.centre not in (None, contract.centre_id)
        or viewer.project not in (None, contract.project_id)
    ):
        raise NotFound("reconciliation", id=key)
    return contract, first_day(match_[2])


@router.get("/reconciliations")
def months(
    *, query: Annotated[MonthsQuery, Query()], viewer: Reader, db: ReadDb, now: Now
) -> list[MonthSummary]:
    """List the months of the viewer's contracts, oldest first unless `sort` says otherwise."""
    rows = months_of(db, viewer, query, now)
    return [MonthSummary(**_month(row)) for row in rows]


def months_of(
    db: Session, viewer: Viewer, query: MonthsQuery, now: datetime
) -> list[month_queries.Month]:
    """The months that are the viewer's to see, narrowed and sorted."""
    rows = month_queries.months(db, centre=viewer.centre, project=viewer.project)
    return listed(rows, query, beijing_day(now))


@router.get("/reconciliations.{form}", response_class=Response)
def months_file(
    *,
    form: Literal["csv", "xlsx"],
    query: Annotated[MonthsQuery, Query()],
    viewer: Reader,
    db: ReadDb,
    now: Now,
) -> Response:
    """Download the same list as a table for a spreadsheet, amounts in yuan without tax."""
    rows = table(months_of(db, viewer, query, now))
    return download_table(rows, f"reconciliations.{form}")


@router.get("/reconciliations/{key}")
def reconciliation(key: str, viewer: Reader, db: ReadDb) -> ReconciliationRead:
    """Return a contract's month: its cells, allocations and differences."""
    contract, month = contract_month(db, viewer, key)
    details = month_details(db, contract, month)
    if details.process is None:
        raise NotFound("voucher", project=details.month.project)
    return ReconciliationRead.model_validate(
        {
            **_month(details.month),
            "cells": details.cells,
            "shares": details.shares,
            "differences": [
                _difference(difference, details.numbers.get(difference.document or 0))
                for difference in details.differences
            ],
            "falls": [
                {**asdict(fall), **_figures(fall.cell), "part": fall.cell.part}
                for fall in details.falls
            ],
            "exclusion": details.exclusion and vars(details.exclusion),
            "messages": sorted(details.messages, key=lambda message: message.id),
        }
    )


@router.post("/matching")
def run(
    *, request: MatchingRequest | None = None, viewer: Clerk, db: Db, now: Now
) -> MatchingOutcome:
    """Match document lines that are not allocated yet; doing it again changes nothing.

    With `at_most`, a run ends after about so many lines, and says where the next one begins.
    """
    part = request or MatchingRequest()
    line_count = open_line_count(db) if part.at_most is not None and part.after is None else None
    outcome = match(db, actor=viewer.actor, now=now, after=part.after, at_most=part.at_most)
    return MatchingOutcome(**asdict(outcome), waiting=line_count)


@router.post("/allocations/move", status_code=204)
def move_share(request: MoveCreate, viewer: Clerk, db: Db, now: Now) -> None:
    """Move fen of a document line from one cell to another, out of all or into one."""
    source, target = _cell(db, request.from_cell), _cell(db, request.to_cell)
    move(
        db, request.document, request.line, source=source, target=target, fen=request.fen,
        actor=viewer.actor, now=now,
    )  # fmt: skip


@router.post("/reconciliations/proposals", status_code=201)
def propose_tolerable(request: MonthRequest, viewer: Clerk, db: Db, now: Now) -> ProposalsRead:
    """Propose every contract's month that needs no person's choice."""
    decisions, contracts = reconcile.propose_tolerable(
        db, first_day(request.month), actor=viewer.actor, now=now
    )
    return ProposalsRead.model_validate({"decisions": decisions, "left": contracts})


@router.post("/reconciliations/{key}/proposal", status_code=201)
def propose(key: str, request: ProposalCreate, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose how a contract's month is reconciled."""
    contract, month = contract_month(db, viewer, key)
    choices = [Choice(**choice.model_dump()) for choice in request.choices]
    return propose_choices(db, contract, month, choices, request.reason, viewer=viewer, now=now)


@router.post("/reconciliations/{key}/preview")
def preview_choices(key: str, request: PreviewCreate, viewer: Clerk, db: Db) -> PreviewRead:
    """Say what a proposal with these choices would decide; nothing is written."""
    details = month_details(db, *contract_month(db, viewer, key))
    choices = [Choice(**choice.model_dump()) for choice in request.choices]
    trial = preview(details, choices)
    cells = [
        PreviewCell(
            part=outcome.cell.part,
            matched_fen=outcome.matched_fen,
            closed_fen=outcome.closed_fen,
        )
        for outcome in trial.outcomes
    ]
    return PreviewRead(matched_fen=trial.matched_fen, cells=cells, faults=findings(trial.faults))


def propose_choices(
    db: Session,
    contract: Contract,
    month: date,
    choices: Sequence[Choice],
    reason: str,
    *,
    viewer: Viewer,
    now: datetime,
) -> DecisionRead:
    """Propose with these choices, or refuse with everything that is missing."""
    decision = reconcile.propose(
        db, contract, month, choices=choices, reason=reason, actor=viewer.actor, now=now
    )
    if isinstance(decision, list):
        raise Refusal.with_faults("not_proposed", decision)
    return DecisionRead.model_validate(decision)


@router.post("/reconciliations/{key}/extra", status_code=201)
def propose_extra(key: str, request: ExtraCreate, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose that more was used in a cell than was metered."""
    contract, month = contract_month(db, viewer, key)
    decision = reconcile.propose_extra(
        db, contract, month, **request.model_dump(), actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/reconciliations/{key}/fall", status_code=201)
def propose_fall(key: str, request: ReasonGiven, viewer: Clerk, db: Db, now: Now) -> DecisionRead:
    """Propose that what no longer counts of a contract's month falls; until then the books hold."""
    contract, month = contract_month(db, viewer, key)
    decision = falls.propose_fall(
        db, contract, month, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/reconciliations/{key}/exclusion", status_code=201)
def propose_exclusion(
    key: str, request: ReasonGiven, viewer: Clerk, db: Db, now: Now
) -> DecisionRead:
    """Propose that a contract's month earns nothing: the project was not eligible in it."""
    return _propose_exclusion(db, key, request, viewer=viewer, now=now, excluded=True)


@router.post("/reconciliations/{key}/readmission", status_code=201)
def propose_readmission(
    key: str, request: ReasonGiven, viewer: Clerk, db: Db, now: Now
) -> DecisionRead:
    """Propose that a contract's month that was excluded earns again."""
    return _propose_exclusion(db, key, request, viewer=viewer, now=now, excluded=False)


def _propose_exclusion(
    db: Session, key: str, request: ReasonGiven, *, viewer: Viewer, now: datetime, excluded: bool
) -> DecisionRead:
    contract, month = contract_month(db, viewer, key)
    decision = exclusions.propose_exclusion(
        db, contract, month, excluded=excluded, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.get("/red-documents", dependencies=[having(Right.RECONCILE)])
def unclear_reds(db: ReadDb) -> list[UnclearRedRead]:
    """List the red documents that do not say which lines they take back."""
    return [
        UnclearRedRead.model_validate({**row._asdict(), "lines": _blue_lines(db, row.id)})
        for row in red_lines.unclear_reds(db)
    ]


def _blue_lines(db: Session, red: int) -> list[BlueLineRead]:
    return [
        BlueLineRead(**{**asdict(line), "left_fen": line.fen})
        for line in red_lines.red_document(db, red).blue_lines
    ]


@router.post("/red-documents/{key}/parts", status_code=201)
def propose_parts(
    key: int, request: RedPartsCreate, viewer: Clerk, db: Db, now: Now
) -> DecisionRead:
    """Propose which lines of its blue document a red one takes back."""
    parts: dict[int, int] = {}
    for part in request.parts:
        parts[part.line] = parts.get(part.line, 0) + part.fen
    decision = reds.propose_parts(
        db, key, parts=parts, reason=request.reason, actor=viewer.actor, now=now
    )
    return DecisionRead.model_validate(decision)


@router.post("/reconciliations/{key}/messages", status_code=201)
def ask(key: str, request: QuestionCreate, viewer: Clerk, db: Db, now: Now) -> MessageRead:
    """Ask the centre; it has some working days to answer."""
    contract, month = contract_month(db, viewer, key)
    message = messages.send(
        db, contract, month, code=request.code, body=request.body, document=request.document,
        process=process_of(db, contract), actor=viewer.actor, now=now,
    )  # fmt: skip
    return MessageRead.model_validate(message)


@router.post("/messages/{key}/answer")
def answer(
    key: int,
    request: MessageAnswerCreate,
    viewer: Annotated[Viewer, having(Right.HAND_IN)],
    db: Db,
    now: Now,
) -> MessageRead:
    """Answer a question about one of the centre's months."""
    message = messages.answer(
        db, key, centre=viewer.centre, body=request.body, actor=viewer.actor, now=now
    )
    return MessageRead.model_validate(message)


def _month(row: month_queries.Month) -> dict[str, Any]:
    return {"id": f"{row.contract}-{row.month:%Y-%m}", **vars(row)}


def _figures(cell: Cell) -> dict[str, int]:
    names = ("booked_fen", "counted_fen", "fall_fen")
    return {name: getattr(cell, name) for name in names}


def _difference(difference: Difference, number: str | None) -> DifferenceRead:
    return DifferenceRead(
        code=difference.code, document=difference.document, number=number,
        line=difference.line, part=difference.cell[2] if difference.cell else None,
        fen=difference.fen, handling=difference.handling, facts=words(difference),
    )  # fmt: skip


def _cell(db: Session, cell: CellKey | None) -> Key | None:
    if cell is None:
        return None
    contract = contract_by_number(db, cell.contract)
    return (columns.key(contract), first_day(cell.month), cell.part)
