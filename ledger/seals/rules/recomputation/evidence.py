"""Sealed rows as recomputation reads them: from a database, or from an export alone."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol

from ledger.policy.text.file import Source
from ledger.seals.rules.form import unescape

Row = tuple[str | None, ...]
"""The values of a row as COPY writes them, without its escapes; None is NULL."""


class Evidence(Protocol):
    """Whoever has the rows. One iterator is read to its end before another one is asked for."""

    def rows(self, relation: str, *columns: str) -> Iterator[Row]:
        """Return these columns of a relation's rows, as they stand; of no order.

        A column that is younger than the seal of its row is None.
        """
        ...

    def policy_source(self) -> Source:
        """Return what gives the text of a policy's version."""
        ...


def cell(value: bytes) -> str | None:
    """Return a value as it stands in a line of COPY."""
    return None if value == b"\\N" else unescape(value).decode()


def whole(value: str | None) -> int:
    """Return a number that must be there. Raises ValueError."""
    return int(text(value))


def text(value: str | None) -> str:
    """Return a text that must be there. Raises ValueError."""
    if value is None:
        raise ValueError("nothing is there")
    return value


def moment(value: str | None) -> datetime:
    """Return a moment that must be there. Raises ValueError."""
    return datetime.fromisoformat(text(value))


def days(value: str | None) -> tuple[date | None, date | None]:
    """Return the first day of a range that must be there, and the first day after it; None: open.

    Raises ValueError.
    """
    low, high = text(value).strip("[()]").split(",")
    return tuple(date.fromisoformat(day) if day[:1].isdigit() else None for day in (low, high))  # type: ignore[return-value]


def content(value: str | None) -> bytes:
    """Return bytes that must be there. Raises ValueError."""
    return bytes.fromhex(text(value).removeprefix("\\x"))
