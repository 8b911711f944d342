"""The balances of the books, and which book is whose.

Postings and movements are inserted in SQL (`ledger/accounts/queries.py`); the owner's triggers
write entries, balances, versions and numbers.
"""

from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big


class Account(SQLModel, table=True):
    """One role in one book. CHECK (balance >= floor), fen."""

    __tablename__ = "accounts"
    book_id: int = big(primary_key=True)
    role: str = Field(primary_key=True)
    floor: int = big()
    balance: int = big(default=0)
    version: int = big(default=0)


class CostBook(SQLModel, table=True):
    """The cost book of a reconciliation."""

    __tablename__ = "cost_books"
    book_id: int = big(default=None)
    reconciliation_id: int = big(primary_key=True)
