"""Request and response models of reconciliations and messages."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import AliasChoices, AwareDatetime, Field

from api.door.schemas import (
    Fault,
    Integer,
    Line,
    Note,
    PositiveFen,
    RequestModel,
    ResponseModel,
    Text,
    YearMonth,
)
from api.people.schemas import DecisionRead
from ledger.charging.codes import Part
from ledger.reconciliation.codes import FallCause
from ledger.reconciliation.steps.match import Matched
from ledger.units import FEN_MAX


class ChoiceCreate(RequestModel):
    """What becomes of a difference; without a document, line or cell, of all with this code."""

    code: str
    treatment: str
    reason: Text
    document: Integer | None = None
    line: Integer | None = None
    part: Part | None = None


class ProposalCreate(RequestModel):
    """A proposal for a contract's month."""

    choices: tuple[ChoiceCreate, ...] = ()
    reason: Note = ""


class ChoiceTrial(ChoiceCreate):
    """A choice that is only tried: its reason may still be missing."""

    reason: Note = ""


class PreviewCreate(RequestModel):
    """What would be chosen of a contract's month."""

    choices: tuple[ChoiceTrial, ...] = ()


class PreviewCell(ResponseModel):
    """A part of the month as the choices would settle it, fen without tax."""

    part: Part
    matched_fen: int
    closed_fen: int


class PreviewRead(ResponseModel):
    """What would count, and what is still missing or wrong; nothing is written."""

    matched_fen: int
    cells: list[PreviewCell]
    faults: list[Fault]


class MonthRequest(RequestModel):
    """A Beijing month, `2026-11`."""

    month: YearMonth


class ExtraCreate(RequestModel):
    """More was used in a cell than was metered: by this much cost, without tax."""

    part: Part = Part.COMPUTE
    extra_fen: Annotated[Integer, Field(ge=0, le=FEN_MAX)]
    reason: Text


class MoveCreate(RequestModel):
    """Move fen of a document line from one cell to another one; none is: not allocated."""

    document: Integer
    line: Integer
    from_cell: "CellKey | None" = None
    to_cell: "CellKey | None" = None
    fen: PositiveFen


class CellKey(RequestModel):
    """A cell: contract, month, part of the cost."""

    contract: Line
    month: YearMonth
    part: Part = Part.COMPUTE


class QuestionCreate(RequestModel):
    """A question to the centre."""

    code: Annotated[str, Field(pattern=r"^R(0[1-9]|1[0-9]|20)$")]
    body: Text
    document: Integer | None = None


class MessageAnswerCreate(RequestModel):
    """An answer in words."""

    body: Text


class MonthSummary(ResponseModel):
    """A contract's month, fen without tax; `id` names it in addresses."""

    id: str
    number: str
    centre: str
    project: str
    month: date
    metered_fen: int
    invoiced_fen: int
    matched_fen: int
    fall_fen: int
    open_fen: int
    state: str
    proposed: int | None


class CellRead(ResponseModel):
    """A part of the month's cost, fen without tax.

    `matched_fen` is what two persons decided, `counted_fen` what counts of it now, `booked_fen`
    what the books rest on; where that is more, `fall_fen` waits for two persons.
    """

    part: Part
    metered_fen: int
    invoiced_fen: int
    matched_fen: int
    extra_fen: int
    closed_fen: int
    counted_fen: int
    booked_fen: int
    fall_fen: int
    open_fen: int
    carried: bool


class ShareRead(ResponseModel):
    """So many fen of a document line in a cell."""

    document: int
    number: str
    line: int
    item: str
    part: Part
    fen: int
    red: bool


class DifferenceRead(ResponseModel):
    """A typed difference, and what becomes of it unless somebody chooses otherwise."""

    code: str
    document: int | None
    number: str | None  # the document's
    line: int | None
    part: Part | None
    fen: int
    handling: str
    facts: list[str]  # the dates, figures and names that it rests on, in words


class CauseRead(ResponseModel):
    """Why something falls: what was stated anew, moved or reversed, by whom and when."""

    code: FallCause
    name: str
    fen: int | None
    by: str
    at: AwareDatetime | None


class VersionFiguresRead(ResponseModel):
    """What the books hold of a policy version's days, and what counts of them, fen without tax."""

    policy: str
    held_fen: int
    counted_fen: int


class FallRead(ResponseModel):
    """A part of the month of which less counts than the books rest on, fen without tax.

    In a month of several policy versions that may be the days of one, though all of them together
    count as before: `versions` has their figures.
    """

    part: Part
    booked_fen: int
    counted_fen: int
    fall_fen: int
    versions: list[VersionFiguresRead]
    causes: list[CauseRead]


class ExclusionRead(ResponseModel):
    """By which decision, and why, a month earns nothing, though what was metered of it stays."""

    decision: int
    reason: str
    decided_by: str
    answered_by: str
    at: AwareDatetime


class ReasonGiven(RequestModel):
    """Why."""

    reason: Text


class RedPart(RequestModel):
    """So many fen of a line of the blue document."""

    line: Annotated[Integer, Field(ge=1, le=32_767)]
    fen: PositiveFen


class RedPartsCreate(RequestModel):
    """Which lines of its blue document a red one takes back."""

    parts: Annotated[tuple[RedPart, ...], Field(min_length=1, max_length=2_000)]
    reason: Text


class BlueLineRead(ResponseModel):
    """A line of a blue document, and what red ones left of it, fen without tax."""

    line: int
    item: str
    unit: str
    unit_price: str
    tax_rate: str
    left_fen: int


class UnclearRedRead(ResponseModel):
    """A red document that does not say which lines it takes back; fen below zero."""

    id: int
    number: str
    issued_on: date
    seller_name: str
    net_fen: int
    blue: int
    blue_number: str
    proposed: int | None
    lines: list[BlueLineRead]  # of the blue one


class MessageRead(ResponseModel):
    """A question to the centre."""

    id: int
    document: int | None = Field(validation_alias=AliasChoices("document", "document_id"))
    code: str
    body: str
    answer_by: date
    sent_at: AwareDatetime
    sent_by: str
    answer: str | None
    answered_at: AwareDatetime | None
    answered_by: str | None


class ReconciliationRead(MonthSummary):
    """A contract's month with everything in it."""

    cells: list[CellRead]
    shares: list[ShareRead]
    differences: list[DifferenceRead]
    falls: list[FallRead]
    exclusion: ExclusionRead | None
    messages: list[MessageRead]


class ProposalsRead(ResponseModel):
    """What was proposed in one act, and the contracts that need a person."""

    decisions: list[DecisionRead]
    left: list[str]


class MatchingRequest(RequestModel):
    """How much to match at once; `after` is the `next` of the run before."""

    after: tuple[str, str] | None = None
    at_most: Annotated[Integer, Field(ge=1, le=10**6)] | None = None


@dataclass(frozen=True)
class MatchingOutcome(Matched):
    """What a run of matching allocated: document lines, shares, fen; and what stayed without."""

    waiting: int | None = None  # lines in all, told by the first of several runs
