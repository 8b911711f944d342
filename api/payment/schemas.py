"""What the API takes and gives of payment; see `api/door/schemas.py`. Money in fen."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.door.schemas import Asked, Text, Told

Fen = Annotated[int, Field(ge=1, le=10**15)]
Change = Annotated[int, Field(ge=-(10**15), le=10**15)]
Year = Annotated[int, Field(ge=2000, le=2199)]
Reason = Annotated[str, Field(max_length=2000)]
Number = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^/\x00-\x1f\x7f]{1,100}$")
]
"""An indicator's number; it is part of addresses."""
Classification = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}([0-9]{2}([0-9]{2})?)?$")]


class IndicatorAsked(Asked):
    """A new indicator and its first appropriation."""

    number: Number
    year: Year
    project_name: Text
    fund_kind: Text
    classification: Classification
    fen: Fen
    reason: Reason = ""


class ChangeAsked(Asked):
    """So much more is on an indicator, or less where it is negative."""

    fen: Change
    reason: Reason = ""


class ListAsked(Asked):
    """A list on this indicator; without claims, as many as the money covers, in their order."""

    indicator: Number
    year: Year
    claims: list[Text] | None = Field(None, min_length=1, max_length=10_000)
    reason: Reason = ""


class RefundAsked(Asked):
    """Money of this project came back under the bank's reference; the indicator once paid it."""

    reference: Text
    project: Text
    indicator: Number
    year: Year
    fen: Fen
    on_day: date
    reason: Reason = ""


class RecoveryAsked(Asked):
    """Ask a project for what is to be paid back; after a fraud it lapses."""

    project: Text
    fraud: bool = False
    pay_by: date
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class YearEndAsked(Asked):
    """The year of an indicator is over; what was not paid waits for the new one."""

    indicator: Number
    year: Year
    new_indicator: Number
    new_year: Year
    recalled: bool = False  # the bank has said in writing that it will pay none of what is open
    reason: Reason = ""


class Decided(Told):
    """What was decided; nothing follows before another person confirms its digest."""

    id: int
    kind: str
    subject: str
    digest: str
    content: dict[str, Any]


class IndicatorSeen(Told):
    """A budget indicator; `proposed_fen` of what is free stands on lists that were not sent yet."""

    number: str
    year: int
    project_name: str
    fund_kind: str
    classification: str
    appropriated_fen: int
    free_fen: int
    committed_fen: int
    spent_fen: int
    returned_fen: int
    proposed_fen: int


class PayableSeen(Told):
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


class ListSeen(Told):
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


class LineSeen(Told):
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


class ReturnSeen(Told):
    """What the bank said under one of its references."""

    reference: str
    line: int
    result: str
    fen: int
    on_day: date
    reason: str
    received_at: datetime
    received_by: str


class ListWhole(Told):
    """A payment list with its lines and the bank's answers."""

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
    lines: list[LineSeen]
    returns: list[ReturnSeen]


class ReturnTaken(Told):
    """What came of a bank's file: rows booked, and sums."""

    rows: int
    paid_fen: int
    returned_fen: int


class RefundSeen(Told):
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


class RecoverySeen(Told):
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
