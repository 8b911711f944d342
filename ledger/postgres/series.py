"""Number what people quote, year by year: claims, payment lists, recoveries, certificates."""

from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Session

_NEXT = text("SELECT next_in_series(:series, :year)")


class Series(StrEnum):
    """A series of numbers; its value begins each of them."""

    CLAIM = "DF"
    PAYMENT_LIST = "ZF"
    RECOVERY = "ZJ"
    CERTIFICATE = "ZM"


def next_number(db: Session, series: Series, year: int) -> str:
    """Return the next number, `DF-2026-0001`; the series stays locked until the commit.

    Numbers have no gaps and follow the order of commits.
    """
    return f"{series}-{year}-{db.execute(_NEXT, {'series': series, 'year': year}).scalar_one():04d}"
