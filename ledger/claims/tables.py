"""Claims (兑付申请): the case, its events, publication and objections, bank accounts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class BankAccount(SQLModel, table=True):
    """An organisation's account; the current one is not superseded."""

    __tablename__ = "bank_accounts"
    id: int | None = identity()
    organisation_id: int = big()
    holder: str
    bank: str
    bank_code: str
    number: str
    decision_id: int = big()
    confirmed_at: datetime = moment()
    superseded_at: datetime | None = moment(nullable=True)


class NumberRead(SQLModel, table=True):
    """That somebody saw account numbers whole; `accounts` are keys of bank accounts."""

    __tablename__ = "number_reads"
    id: int | None = identity()
    at: datetime = moment()
    actor: str
    accounts: list[int] = Field(sa_type=ARRAY(BigInteger))
    place: str


class Claim(SQLModel, table=True):
    """A beneficiary's request for `fen` of a voucher's payable money.

    Two persons may approve less; `due_fen` is what is to be paid of it, written by the database.
    """

    __tablename__ = "claims"
    id: int | None = identity()
    number: str = Field(unique=True)
    voucher_id: int = big()
    payee_id: int = big()
    centre_id: int | None = big(default=None, nullable=True)
    fen: int = big()
    approved_fen: int | None = big(default=None, nullable=True)
    due_fen: int = big()
    course: str  # the database begins with the voucher's
    state: str  # written by the database, from the events
    opened_at: datetime = moment()
    opened_by: str


class ClaimCell(SQLModel, table=True):
    """What a claim asks for of one month of one contract; `month` is its first day."""

    __tablename__ = "claim_cells"
    claim_id: int = big(primary_key=True)
    contract_id: int = big(primary_key=True)
    month: date = Field(primary_key=True)
    fen: int = big()
    approved_fen: int | None = big(default=None, nullable=True)
    due_fen: int = big()


class ClaimEvent(SQLModel, table=True):
    """One step of a case; the database numbers it and moves the case."""

    __tablename__ = "claim_events"
    claim_id: int = big(primary_key=True)
    seq: int = Field(primary_key=True)
    course: str  # of its claim, by the database
    state: str
    action: str
    role: str
    next: str
    actor: str
    at: datetime = moment()
    note: str = ""
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Publication(SQLModel, table=True):
    """A published claim; both days are included."""

    __tablename__ = "publications"
    id: int | None = identity()
    claim_id: int = big()
    since: date
    until: date
    days: int
    content: dict[str, Any] = Field(sa_type=JSONB)
    published_at: datetime = moment()
    published_by: str


class Objection(SQLModel, table=True):
    """An objection to a publication, and its resolution; without an objector it is a lead."""

    __tablename__ = "objections"
    id: int | None = identity()
    publication_id: int = big()
    objector: str
    contact: str
    body: str
    received_at: datetime = moment()
    received_by: str
    upheld: bool | None = None
    resolution: str | None = None
    resolved_at: datetime | None = moment(nullable=True)
    resolved_by: str | None = None


class CaseHold(SQLModel, table=True):
    """What holds a case up until it is closed; `due` is the last Beijing day of its clock."""

    __tablename__ = "case_holds"
    id: int | None = identity()
    claim_id: int = big()
    kind: str
    reason: str
    opened_at: datetime = moment()
    opened_by: str
    due: date | None = None
    objection_id: int | None = big(default=None, nullable=True)
    closed_at: datetime | None = moment(nullable=True)
    closed_by: str | None = None
    outcome: str | None = None
