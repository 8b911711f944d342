"""What the API takes and gives of reconciliations, decisions and messages."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from api.door.schemas import Asked, Long, Told, YearMonth
from api.people.schemas import DecisionSeen

Fen = Annotated[int, Field(ge=0, le=10**15)]


class ChoiceAsked(Asked):
    """What becomes of a difference; without a document, line or cell, of all with this code."""

    code: str
    treatment: str
    reason: Long
    document: int | None = None
    line: int | None = None
    price: int | None = None
    policy: str | None = None


class ProposalAsked(Asked):
    """A proposal for a contract's month."""

    choices: tuple[ChoiceAsked, ...] = ()
    reason: str = Field("", max_length=2000)


class MonthAsked(Asked):
    """A Beijing month, `2026-11`."""

    month: YearMonth


class ExtraAsked(Asked):
    """More was used in a cell than was metered: by this much cost, without tax."""

    price: int
    policy: str = ""
    extra_fen: Fen
    reason: Long


class MoveAsked(Asked):
    """Move fen of a document line from one cell to another one; none is: not allocated."""

    document: int
    line: int
    from_cell: "CellNamed | None" = None
    to_cell: "CellNamed | None" = None
    fen: Annotated[int, Field(ge=1, le=10**15)]


class CellNamed(Asked):
    """A cell: contract, month, contract line, policy version."""

    contract: str
    month: YearMonth
    price: int
    policy: str = ""


class QuestionAsked(Asked):
    """A question to the centre."""

    code: Annotated[str, Field(pattern=r"^R(0[1-9]|1[0-9]|20)$")]
    body: Long
    document: int | None = None


class AnswerAsked(Asked):
    """An answer in words."""

    body: Long


class MonthSeen(Told):
    """A contract's month, fen without tax; `id` names it in addresses."""

    id: str
    number: str
    centre: str
    project: str
    month: date
    metered_fen: int
    invoiced_fen: int
    matched_fen: int
    open_fen: int
    state: str
    proposed: int | None


class CellSeen(Told):
    """A contract line in the month under one policy version, fen without tax."""

    price: int
    policy: str
    metered_fen: int
    invoiced_fen: int
    matched_fen: int
    extra_fen: int
    closed_fen: int
    counted_fen: int
    open_fen: int


class ShareSeen(Told):
    """So many fen of a document line in a cell."""

    document: int
    number: str
    line: int
    item: str
    price: int
    policy: str
    fen: int
    red: bool


class DifferenceSeen(Told):
    """A typed difference, and what becomes of it unless somebody chooses otherwise."""

    code: str
    document: int | None
    number: str | None  # the document's
    line: int | None
    price: int | None
    policy: str | None
    fen: int
    handling: str


class MessageSeen(Told):
    """A question to the centre."""

    id: int
    document: int | None
    code: str
    body: str
    answer_by: date
    sent_at: AwareDatetime
    sent_by: str
    answer: str | None
    answered_at: AwareDatetime | None
    answered_by: str | None


class ReconciliationSeen(MonthSeen):
    """A contract's month with everything in it."""

    cells: list[CellSeen]
    shares: list[ShareSeen]
    differences: list[DifferenceSeen]
    messages: list[MessageSeen]


class Proposed(Told):
    """What was proposed in one act, and the contracts that need a person."""

    decisions: list[DecisionSeen]
    left: list[str]


class MatchingAsked(Asked):
    """How much to match at once; `after` is the `next` of the run before."""

    after: tuple[str, str] | None = None
    at_most: Annotated[int, Field(ge=1, le=10**6)] | None = None


class MatchedSeen(Told):
    """What a run of matching allocated: document lines, shares, fen; and what stayed without."""

    lines: int
    shares: int
    allocated_fen: int
    unallocated: int
    next: tuple[str, str] | None = None
    waiting: int | None = None  # lines in all, told by the first of several runs
