"""Payment (兑付): indicators, lists, bank returns, recoveries, refunds."""

from datetime import date, datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Indicator(SQLModel, table=True):
    """A budget indicator (预算指标) of a year, with a book of its own."""

    __tablename__ = "indicators"
    id: int | None = identity()
    book_id: int = big(default=None)
    number: str
    year: int
    project_name: str
    fund_kind: str
    classification: str
    opened_at: datetime = moment()
    opened_by: str


class IndicatorShare(SQLModel, table=True):
    """The share that a bearer pays of every claim, from this indicator: `weight` of all weights."""

    __tablename__ = "indicator_shares"
    scheme: int = big(primary_key=True)
    place: int = Field(primary_key=True, sa_type=SmallInteger)
    bearer: str
    indicator_id: int = big()
    weight: int


class PaymentList(SQLModel, table=True):
    """A list of payouts; `words` is its sum in 大写, `digest` covers every line."""

    __tablename__ = "payment_lists"
    id: int | None = identity()
    number: str = Field(unique=True)
    indicator_id: int = big()
    total_fen: int = big()
    words: str
    digest: str
    decision_id: int = big()
    made_at: datetime = moment()
    made_by: str
    sent_at: datetime | None = moment(nullable=True)


class PaymentLine(SQLModel, table=True):
    """One payout, frozen as it was confirmed."""

    __tablename__ = "payment_lines"
    list_id: int = big(primary_key=True)
    line: int = Field(primary_key=True, sa_type=SmallInteger)
    claim_id: int = big()
    voucher_id: int = big()
    account_id: int = big()
    payee: str
    uscc: str
    bank: str
    bank_code: str
    number: str
    fen: int = big()
    paid_fen: int = big(default=0)
    returned_fen: int = big(default=0)
    recalled_fen: int = big(default=0)
    over_fen: int = big(default=0)
    outside_fen: int = big(default=0)
    void: bool = False


class BankReturn(SQLModel, table=True):
    """A row of a bank's file about a line, and what it changed in that line, signed fen.

    `place` is its row in the file `original`; `decision_id` is what made it `state`.
    """

    __tablename__ = "bank_returns"
    id: int | None = identity()
    reference: str
    list_id: int = big()
    line: int = Field(sa_type=SmallInteger)
    result: str
    fen: int = big()
    on_day: date
    reason: str = ""
    original: str
    place: str
    received_at: datetime = moment()
    received_by: str
    state: str = "open"
    decision_id: int | None = big(default=None, nullable=True)
    paid_fen: int = big(default=0)
    returned_fen: int = big(default=0)
    over_fen: int = big(default=0)
    outside_fen: int = big(default=0)


class Recovery(SQLModel, table=True):
    """A case of money to be recovered (追缴)."""

    __tablename__ = "recoveries"
    id: int | None = identity()
    number: str = Field(unique=True)
    voucher_id: int = big()
    reason: str
    fraud: bool
    fen: int = big()
    pay_by: date
    decision_id: int = big()
    opened_at: datetime = moment()
    opened_by: str
    closed_at: datetime | None = moment(nullable=True)


class Refund(SQLModel, table=True):
    """Money that was returned: `fen` of a transfer of `total_fen`."""

    __tablename__ = "refunds"
    reference: str = Field(primary_key=True)
    total_fen: int = big()
    voucher_id: int = big(primary_key=True)
    indicator_id: int = big(primary_key=True)
    fen: int = big()
    on_day: date
    fraud: bool
    to_treasury: bool
    decision_id: int = big()
    received_at: datetime = moment()
    received_by: str
