"""Request and response models of caps for the years and of yearly pools."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.door.schemas import Integer, Line, PositiveFen, RequestModel, ResponseModel, Text
from ledger.vouchers.queries.years import YearQuota

Year = Annotated[Integer, Field(ge=2000, le=2099)]


class YearCapCreate(RequestModel):
    """What a voucher may earn of each calendar year from one on, fen (missing: no such cap)."""

    since: Year
    cap_fen: PositiveFen | None = None
    reason: Text


class PoolCreate(RequestModel):
    """A pool of a calendar year that the vouchers of some clauses share, fen, and why.

    Of a pool that is there only the sum changes: `clauses` are left out, or the same.
    """

    year: Year
    number: Line
    clauses: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    cap_fen: PositiveFen
    reason: Text


class PoolPartRead(ResponseModel):
    """What a project has drawn from a pool, fen."""

    project: str
    name: str
    drawn_fen: int


class PoolWaitRead(ResponseModel):
    """What a project recognised beyond its pool, fen; the smallest number is served first."""

    number: int
    project: str
    name: str
    fen: int
    since: datetime


class PoolRead(ResponseModel):
    """A pool of a year, fen: what it has, what is drawn of it by whom, and who waits for it."""

    year: int
    number: str
    clauses: list[str]
    cap_fen: int
    drawn_fen: int
    free_fen: int
    waiting_fen: int
    parts: list[PoolPartRead]
    waits: list[PoolWaitRead]


class YearPoolRead(ResponseModel):
    """The pool that a voucher shares in a year, fen."""

    number: str
    cap_fen: int
    drawn_fen: int


class YearRead(ResponseModel):
    """A calendar year of use of a voucher, fen: its limits, and what each of them cuts off.

    metered = earned + provisional + over_cap + over_pool + over_life. `waiting_fen` is the part of
    `over_pool_fen` that is recognised and is served as soon as the pool has money.
    """

    year: int
    cap_fen: int | None
    pool: YearPoolRead | None
    metered_fen: int
    earned_fen: int
    provisional_fen: int
    over_cap_fen: int
    over_pool_fen: int
    over_life_fen: int
    waiting_fen: int

    @classmethod
    def of(cls, year: YearQuota) -> "YearRead":
        """From the books' answer."""
        book = year.book
        pool = YearPoolRead.model_validate(vars(book.pool)) if book.pool else None
        return cls.model_validate(
            {
                **vars(year.share),
                "metered_fen": year.share.metered_fen,
                "cap_fen": book.cap_fen,
                "pool": pool,
            }
        )
