"""Request and response models of payment; see `api/door/schemas.py`. Money in fen."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.door.schemas import (
    Fault,
    Integer,
    IsoDay,
    Line,
    Note,
    PositiveFen,
    RequestModel,
    ResponseModel,
    Text,
    Truth,
    Visible,
)
from ledger.payment.codes import Ruling
from ledger.units import FEN_MAX

Year = Annotated[Integer, Field(ge=2000, le=2199)]
AskedYear = Annotated[int, Field(ge=2000, le=2199)]
"""The same in an address, where every value is text."""
Number = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^/\x00-\x1f\x7f]{1,100}$"), Visible
]
"""An indicator's number; it is part of addresses."""
Classification = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}([0-9]{2}([0-9]{2})?)?$")]


class IndicatorCreate(RequestModel):
    """A new indicator and its first appropriation."""

    number: Number
    year: Year
    project_name: Line
    fund_kind: Line
    classification: Classification
    fen: PositiveFen
    reason: Note = ""


class IndicatorChange(RequestModel):
    """So much more is on an indicator, or less where it is negative."""

    fen: Annotated[Integer, Field(ge=-FEN_MAX, le=FEN_MAX)]
    reason: Note = ""


class ShareCreate(RequestModel):
    """A bearer's share of every claim, paid from its indicator: `weight` of all weights."""

    bearer: Line
    number: Number
    year: Year
    weight: Annotated[Integer, Field(ge=1, le=1_000_000)]


class SharesCreate(RequestModel):
    """Who bears which share of every claim, in order: the city, the district."""

    shares: list[ShareCreate] = Field(min_length=2, max_length=9)
    reason: Note = ""


class PaymentListCreate(RequestModel):
    """A list on this indicator; without claims, as many as the money covers, in their order.

    `divide`: the last claim may be paid in part; the rest waits for another indicator.
    """

    indicator: Number
    year: Year
    claims: list[Line] | None = Field(None, min_length=1, max_length=10_000)
    divide: Truth = False
    reason: Note = ""


class RefundCreate(RequestModel):
    """Money of this project came back under the bank's reference; the indicator once paid it.

    `total_fen` is the whole transfer, where it pays back several debts; `debt_fen` what of it pays
    back this project's, where that is not all that is owed.
    """

    reference: Line
    project: Line
    indicator: Number
    year: Year
    fen: PositiveFen
    total_fen: PositiveFen | None = None
    debt_fen: PositiveFen | None = None
    on_day: IsoDay
    reason: Note = ""


class RecoveryCreate(RequestModel):
    """Ask a project for what is to be paid back; after a fraud it lapses."""

    project: Line
    fraud: Truth = False
    pay_by: IsoDay
    reason: Text


class YearEndCreate(RequestModel):
    """The year of an indicator is over; what was not paid waits for the new one."""

    indicator: Number
    year: Year
    new_indicator: Number
    new_year: Year
    recalled: Truth = False  # the bank has said in writing that it will pay none of what is open
    reason: Note = ""


class ProposalRead(ResponseModel):
    """What was decided; nothing follows before another person confirms its digest."""

    id: int
    kind: str
    subject: str
    digest: str
    content: dict[str, Any]


class PayableRead(ResponseModel):
    """An approved claim that waits to be paid.

    `held` says why it cannot be listed; `indicator` has the money for it, null: it waits for money,
    or several have it between them (`parts`). `fen` was approved of `asked_fen`.
    """

    number: str
    project: str
    project_name: str
    organisation: str
    approved_at: datetime
    asked_fen: int
    fen: int
    paid_fen: int
    open_fen: int
    due_fen: int
    held: str
    indicator: str | None
    parts: dict[str, int]
    months: list[str]


class PaymentListSummary(ResponseModel):
    """A payment list; it is sent once another person confirmed it (`sent_at`)."""

    number: str
    indicator: str
    year: int
    total_fen: int
    words: str
    lines: int
    paid_fen: int
    returned_fen: int
    made_at: datetime
    made_by: str
    sent_at: datetime | None
    decision: int
    answer: str | None
    months: list[str]


class PaymentLineRead(ResponseModel):
    """A line of a list, frozen as it was confirmed, and what the bank did to it.

    It pays a claim of which `claim_fen` were approved and `asked_fen` asked for, of these months.
    `over_fen` was paid beyond what was owed; `outside_fen` is what the books cannot hold.
    """

    line: int
    claim: str
    months: list[str]
    payee: str
    uscc: str
    bank: str
    bank_code: str
    account: str
    asked_fen: int
    claim_fen: int
    fen: int
    paid_fen: int
    returned_fen: int
    over_fen: int
    outside_fen: int


class RulingCreate(RequestModel):
    """What a bank's row means: `accept` it, `reject` it as false, or `undo` what was booked.

    `recalled`: the bank has said in writing that it will not pay the claim's other open lines.
    """

    ruling: Ruling
    recalled: Truth = False
    reason: Text


class BankRowRead(ResponseModel):
    """A row of a bank's file about a line of a list; while it is `open`, its claim is stopped.

    `original` is the file's SHA-256 and `place` its row there; `decision` is an open proposal.
    """

    id: int
    reference: str
    list: str
    line: int
    claim: str
    project: str
    result: str
    fen: int
    on_day: date
    reason: str
    state: str
    original: str
    place: str
    received_at: datetime
    received_by: str
    line_fen: int
    line_paid_fen: int
    line_open_fen: int
    decision: int | None


class BankFileRead(ResponseModel):
    """A bank's file, kept as it came: its rows about a list, and their sum."""

    original: str
    name: str
    received_at: datetime
    received_by: str
    rows: int
    fen: int


class PaymentListRead(ResponseModel):
    """Return a payment list with its lines and the bank's answers."""

    number: str
    indicator: str
    year: int
    total_fen: int
    words: str
    digest: str
    made_at: datetime
    made_by: str
    sent_at: datetime | None
    decision: int
    answer: str | None
    lines: list[PaymentLineRead]
    returns: list[BankRowRead]
    files: list[BankFileRead]


class BankReturnOutcome(ResponseModel):
    """What came of a bank's file.

    `rows` were booked, `waiting` contradict and are for two persons, `repeats` were received
    before; `notes` compare the file with its lists.
    """

    rows: int
    paid_fen: int
    waiting: int
    waiting_fen: int
    repeats: int
    notes: list[Fault]


class RefundRead(ResponseModel):
    """Money that came back: `fen` of a transfer of `total_fen`."""

    reference: str
    total_fen: int
    project: str
    project_name: str
    indicator: str
    year: int
    fen: int
    on_day: date
    fraud: bool
    to_treasury: bool
    received_at: datetime
    received_by: str


class RecoveryRead(ResponseModel):
    """A recovery case; `outstanding_fen` is what the voucher still has to pay back."""

    number: str
    project: str
    project_name: str
    reason: str
    fraud: bool
    fen: int
    outstanding_fen: int
    pay_by: date
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
