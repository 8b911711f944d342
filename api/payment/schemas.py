"""Request and response models of payment; see `api/door/schemas.py`. Money in fen."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.door.schemas import Line, Note, PositiveFen, RequestModel, ResponseModel, Text
from ledger.units import FEN_MAX

Year = Annotated[int, Field(ge=2000, le=2199)]
Number = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^/\x00-\x1f\x7f]{1,100}$")
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

    fen: Annotated[int, Field(ge=-FEN_MAX, le=FEN_MAX)]
    reason: Note = ""


class PaymentListCreate(RequestModel):
    """A list on this indicator; without claims, as many as the money covers, in their order."""

    indicator: Number
    year: Year
    claims: list[Line] | None = Field(None, min_length=1, max_length=10_000)
    reason: Note = ""


class RefundCreate(RequestModel):
    """Money of this project came back under the bank's reference; the indicator once paid it."""

    reference: Line
    project: Line
    indicator: Number
    year: Year
    fen: PositiveFen
    on_day: date
    reason: Note = ""


class RecoveryCreate(RequestModel):
    """Ask a project for what is to be paid back; after a fraud it lapses."""

    project: Line
    fraud: bool = False
    pay_by: date
    reason: Text


class YearEndCreate(RequestModel):
    """The year of an indicator is over; what was not paid waits for the new one."""

    indicator: Number
    year: Year
    new_indicator: Number
    new_year: Year
    recalled: bool = False  # the bank has said in writing that it will pay none of what is open
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

    `held` says why it cannot be listed; `indicator` has the money for it, null: it waits for money.
    """

    number: str
    project: str
    project_name: str
    organisation: str
    approved_at: datetime
    fen: int
    paid_fen: int
    due_fen: int
    held: str
    indicator: str | None


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


class PaymentLineRead(ResponseModel):
    """A line of a list, frozen as it was confirmed, and what the bank did to it."""

    line: int
    claim: str
    payee: str
    uscc: str
    bank: str
    bank_code: str
    account: str
    fen: int
    paid_fen: int
    returned_fen: int


class BankReturnRead(ResponseModel):
    """The bank's answer under one of its references."""

    reference: str
    line: int
    result: str
    fen: int
    on_day: date
    reason: str
    received_at: datetime
    received_by: str


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
    returns: list[BankReturnRead]


class BankReturnOutcome(ResponseModel):
    """What came of a bank's file: rows booked, and sums."""

    rows: int
    paid_fen: int
    returned_fen: int


class RefundRead(ResponseModel):
    """Money that came back."""

    reference: str
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
