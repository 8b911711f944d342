"""The books: accounts, postings, movements, entries.

The application inserts only postings and movements; the owner's triggers write entries, balances,
versions and numbers.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Book(SQLModel, table=True):
    """A set of accounts that money cannot leave: a voucher's rights, a budget, a cost."""

    __tablename__ = "books"
    id: int | None = identity()
    ledger: str


class Role(SQLModel, table=True):
    """What an account is for; the glossary has its Chinese name."""

    __tablename__ = "roles"
    ledger: str
    role: str = Field(primary_key=True)


class LegalMove(SQLModel, table=True):
    """A legal move; all others are impossible."""

    __tablename__ = "legal_moves"
    kind: str = Field(primary_key=True)
    from_role: str = Field(primary_key=True)
    to_role: str = Field(primary_key=True)


class Account(SQLModel, table=True):
    """One role in one book. CHECK (balance >= floor), fen."""

    __tablename__ = "accounts"
    book: int = big(primary_key=True)
    role: str = Field(primary_key=True)
    floor: int = big()
    balance: int = big(default=0)
    version: int = big(default=0)


class Posting(SQLModel, table=True):
    """The reason of movements; `number` (凭证号) is gapless and in commit order."""

    __tablename__ = "postings"
    id: int | None = identity()
    number: int | None = big(nullable=True, default=None)
    cause: str = Field(unique=True)
    used: date
    booked: date
    actor: str
    posted_at: datetime | None = moment(nullable=True)
    note: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Movement(SQLModel, table=True):
    """`amount` fen from one role to another of one book."""

    __tablename__ = "movements"
    id: int | None = identity()
    posting: int = big()
    book: int = big()
    kind: str
    from_role: str
    to_role: str
    amount: int = big()


class Entry(SQLModel, table=True):
    """One side of a movement, and the account's balance after it."""

    __tablename__ = "entries"
    book: int = big(primary_key=True)
    role: str = Field(primary_key=True)
    version: int = big(primary_key=True)
    movement: int = big()
    amount: int = big()
    balance: int = big()


class Numbering(SQLModel, table=True):
    """The last posting number; one row."""

    __tablename__ = "numbering"
    one: bool = Field(default=True, primary_key=True)
    last: int = big()


class CostBook(SQLModel, table=True):
    """The cost book of a reconciliation."""

    __tablename__ = "cost_books"
    book: int = big(default=None)
    reconciliation: int = big(primary_key=True)
