"""Statements (对账单), their lines, and both parties' answers."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Numeric, SmallInteger
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Statement(SQLModel, table=True):
    """What was metered under a contract in a month; a revision replaces another."""

    __tablename__ = "statements"
    id: int | None = identity()
    number: str = Field(unique=True)
    contract: int = big()
    month: date
    revision: int
    total_fen: int = big()
    digest: str
    issued_at: datetime = moment()
    issued_by: str


class StatementLine(SQLModel, table=True):
    """A charge on a statement."""

    __tablename__ = "statement_lines"
    statement: int = big(primary_key=True)
    line: int = Field(primary_key=True, sa_type=SmallInteger)
    price: int = big()
    policy: str
    model: int | None = big(nullable=True, default=None)
    mig_profile: str
    ms_num: Decimal = Field(sa_type=Numeric)
    ms_den: Decimal = Field(sa_type=Numeric)
    promised_ms: int | None = big(nullable=True, default=None)
    cost_fen: int = big()
    grade: str
    gap_ms: int = big()


class StatementAnswer(SQLModel, table=True):
    """A party's answer to a line; its newest one counts."""

    __tablename__ = "statement_answers"
    id: int | None = identity()
    statement: int = big()
    line: int = Field(sa_type=SmallInteger)
    party: str
    answer: str
    reason: str = ""
    answered_at: datetime = moment()
    answered_by: str
