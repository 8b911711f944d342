"""Reconciliation (对账): allocations, matches, differences, messages."""

from datetime import date, datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Allocation(SQLModel, table=True):
    """The fen of a document line for a contract line, month and policy version."""

    __tablename__ = "allocations"
    id: int | None = identity()
    document: int = big()
    line: int = Field(sa_type=SmallInteger)
    contract: int = big()
    month: date
    price: int = big()
    policy: str
    kind: str
    fen: int = big()
    allocated_at: datetime = moment()
    allocated_by: str


class Reconciliation(SQLModel, table=True):
    """The reconciliation of one contract and month."""

    __tablename__ = "reconciliations"
    id: int | None = identity()
    contract: int = big()
    month: date
    opened_at: datetime = moment()
    opened_by: str


class Match(SQLModel, table=True):
    """What two persons last decided of a cell, fen."""

    __tablename__ = "matches"
    reconciliation: int = big(primary_key=True)
    price: int = big(primary_key=True)
    policy: str = Field(primary_key=True)
    metered_fen: int = big()
    invoiced_fen: int = big()
    matched_fen: int = big()
    extra_fen: int = big()
    extra_over_fen: int = big()
    closed_fen: int = big()
    decision: int = big()
    extra_decision: int | None = big(nullable=True, default=None)
    lowered_fen: int = big(default=0)


class Difference(SQLModel, table=True):
    """A typed difference; above zero invoiced and not metered, below zero the opposite."""

    __tablename__ = "differences"
    id: int | None = identity()
    decision: int = big()
    reconciliation: int = big()
    price: int = big()
    policy: str
    code: str
    document: int | None = big(nullable=True, default=None)
    line: int | None = Field(default=None, sa_type=SmallInteger)
    fen: int = big()
    treatment: str
    reason: str


class Message(SQLModel, table=True):
    """A question to the centre, due by a day."""

    __tablename__ = "messages"
    id: int | None = identity()
    reconciliation: int = big()
    document: int | None = big(nullable=True, default=None)
    code: str
    body: str
    answer_by: date
    sent_at: datetime = moment()
    sent_by: str
    answer: str | None = None
    answered_at: datetime | None = moment(nullable=True)
    answered_by: str | None = None
