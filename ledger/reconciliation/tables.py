"""Reconciliation (对账): months, matches, differences, messages."""

from datetime import date, datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Reconciliation(SQLModel, table=True):
    """The reconciliation of one contract and month."""

    __tablename__ = "reconciliations"
    id: int | None = identity()
    contract_id: int = big()
    month: date
    opened_at: datetime = moment()
    opened_by: str


class Match(SQLModel, table=True):
    """What two persons last decided of a cell, and what the books rest on (`held_fen`), fen."""

    __tablename__ = "matches"
    reconciliation_id: int = big(primary_key=True)
    part: str = Field(primary_key=True)
    metered_fen: int = big()
    invoiced_fen: int = big()
    matched_fen: int = big()
    extra_fen: int = big()
    extra_over_fen: int = big()
    closed_fen: int = big()
    carried: bool = False
    held_fen: int = big()
    decision_id: int = big()
    extra_decision_id: int | None = big(nullable=True, default=None)
    fall_decision_id: int | None = big(nullable=True, default=None)


class Difference(SQLModel, table=True):
    """A typed difference; above zero invoiced and not metered, below zero the opposite."""

    __tablename__ = "differences"
    id: int | None = identity()
    decision_id: int = big()
    reconciliation_id: int = big()
    part: str
    code: str
    document_id: int | None = big(nullable=True, default=None)
    line: int | None = Field(default=None, sa_type=SmallInteger)
    fen: int = big()
    treatment: str
    reason: str


class Message(SQLModel, table=True):
    """A question to the centre, due by a day."""

    __tablename__ = "messages"
    id: int | None = identity()
    reconciliation_id: int = big()
    document_id: int | None = big(nullable=True, default=None)
    code: str
    body: str
    answer_by: date
    sent_at: datetime = moment()
    sent_by: str
    answer: str | None = None
    answered_at: datetime | None = moment(nullable=True)
    answered_by: str | None = None
