"""Column types that the tables share; value constraints are in the migrations."""

from datetime import date
from typing import Any, Protocol

from sqlalchemy import BigInteger, Column, DateTime, Identity
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import Field

Days = Range[date]
"""Beijing dates, half-open: [from, to), `to` may be missing."""


def identity() -> Any:  # noqa: ANN401 - SQLModel's Field says Any too
    """Declare a key that the database assigns."""
    return Field(
        default=None, sa_column=Column("id", BigInteger, Identity(always=True), primary_key=True)
    )


def big(*, nullable: bool = False, primary_key: bool = False, default: Any = ...) -> Any:  # noqa: ANN401
    """Declare a bigint: foreign keys, fen, milliseconds."""
    return Field(default=default, sa_type=BigInteger, nullable=nullable, primary_key=primary_key)


def moment(*, nullable: bool = False, primary_key: bool = False) -> Any:  # noqa: ANN401
    """Declare an aware moment, UTC."""
    return Field(
        default=None if nullable else ...,
        sa_type=DateTime(timezone=True),
        nullable=nullable,
        primary_key=primary_key,
    )


def days(*, nullable: bool = False) -> Any:  # noqa: ANN401
    """Declare a range of Beijing dates."""
    return Field(default=None if nullable else ..., sa_type=DATERANGE, nullable=nullable)


class Keyed(Protocol):
    """A row with a key that the database assigns."""

    id: int | None


def key(row: Keyed) -> int:
    """Return the key of a persisted row.

    Raises:
        RuntimeError: the row was never flushed, so it has none.
    """
    if row.id is None:
        raise RuntimeError(f"{type(row).__name__} has no key: it was never flushed")
    return row.id
