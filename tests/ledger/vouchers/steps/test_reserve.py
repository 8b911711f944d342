"""Reservations: held back for a plan, used first, given back when released or over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import post
from ledger.accounts.rules.targets import Rights
from ledger.errors import Conflict, NotFound, Refused
from ledger.postgres.columns import key
from ledger.vouchers.steps.reserve import (
    expire,
    open_reservations,
    release,
    reservation_of,
    reserve,
)
from ledger.vouchers.tables import Voucher
from tests.support.accounts.rights import book
from tests.support.vouchers import MONTH, NOW, audit, chain, held, place_voucher, uncaused

CAP = 100
DAY = date(2026, 11, 30)


@pytest.fixture
def voucher(owner: psycopg.Connection, engine: sa.Engine) -> Iterator[Voucher]:
    yield place_voucher(owner, engine, CAP)
    assert audit(owner) == []


class Desk:
    """A clerk's acts on one voucher, each committed."""

    def __init__(self, owner: psycopg.Connection, engine: sa.Engine, voucher: Voucher) -> None:
        self.owner, self.engine, self.voucher = owner, engine, voucher

    def reserve(self, fen: int, until: date = DAY, now: datetime = NOW) -> int:
        with Session(self.engine) as db, db.begin():
            reservation = reserve(
                db, self.voucher, fen=fen, plan="训练", until=until, actor="clerk", now=now
            )
            return key(reservation)

    def release(self, key: int) -> int:
        with Session(self.engine) as db, db.begin():
            reservation = reservation_of(db, self.voucher, key)
            return release(db, reservation, actor="clerk", now=NOW)

    def expire(self, now: datetime) -> int:
        with Session(self.engine) as db, db.begin():
            return expire(db, actor="server", now=now)

    def use(self, fen: int) -> None:
        """Usage as the accrual posts it, out of what is reserved."""
        with uncaused(self.owner), Session(self.engine) as db, db.begin():
            part = chain(fen, "accrue reserved accrued")
            moves = {self.voucher.book_id: part}
            post(db, cause=f"use/{fen}", used_on=MONTH, booked=MONTH, actor="x", moves=moves)

    @property
    def rights(self) -> Rights:
        return held(self.engine, self.voucher.book_id)


@pytest.fixture
def desk(owner: psycopg.Connection, engine: sa.Engine, voucher: Voucher) -> Desk:
    return Desk(owner, engine, voucher)


def test_what_is_reserved_is_not_available(desk: Desk) -> None:
    key = desk.reserve(40)
    assert desk.rights == book(A=60, H=40)
    assert desk.release(key) == 40
    assert desk.rights == book(A=100)


def test_no_more_is_reserved_than_is_available(desk: Desk) -> None:
    desk.reserve(40)
    with pytest.raises(Refused, match="not_available") as refused:
        desk.reserve(61)
    assert refused.value.params == {"available": "0.60"}
    with pytest.raises(Refused, match="amount_out_of_range"):
        desk.reserve(0)


def test_a_reservation_is_released_once(desk: Desk) -> None:
    key = desk.reserve(40)
    desk.release(key)
    with pytest.raises(Conflict, match="reservation_released"):
        desk.release(key)
    with pytest.raises(NotFound):
        desk.release(key + 1)


def test_the_oldest_is_used_first_and_none_gives_back_anothers(desk: Desk) -> None:
    first = desk.reserve(40)
    second = desk.reserve(20, until=date(2026, 11, 24))
    third = desk.reserve(30)
    desk.use(45)  # all of the first, five of the second
    with Session(desk.engine) as db:
        rows = [(reservation.id, fen) for reservation, fen in open_reservations(db, desk.voucher)]
    assert rows == [(first, 0), (second, 15), (third, 30)]
    assert desk.release(third) == 30
    assert desk.rights == book(A=40, H=15, C=45)
    assert desk.release(first) == 0
    assert desk.rights.reserved == 15
    fourth = desk.reserve(10)
    assert desk.release(second) == 15
    assert desk.release(fourth) == 10
    assert desk.rights == book(A=55, C=45)


def test_a_reservation_ends_with_its_beijing_day(desk: Desk) -> None:
    desk.reserve(40)
    desk.reserve(20, until=DAY + timedelta(days=1))
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)  # of 1 December in Beijing
    assert desk.expire(midnight - timedelta(seconds=1)) == 0
    assert desk.expire(midnight) == 1
    assert desk.rights == book(A=80, H=20)
    assert desk.expire(midnight) == 0
    assert desk.expire(midnight + timedelta(days=1)) == 1
    assert desk.rights == book(A=100)


def test_a_used_reservation_ends_without_moving_money(
    desk: Desk, owner: psycopg.Connection
) -> None:
    desk.reserve(40)
    desk.use(40)
    assert desk.expire(NOW + timedelta(days=30)) == 1
    assert desk.rights == book(A=60, C=40)
    row = owner.execute("SELECT released_by FROM reservations").fetchone()
    assert row == ("server",)


def test_a_day_that_is_over_is_refused(desk: Desk) -> None:
    late = datetime(2026, 11, 30, 16, tzinfo=UTC)
    with pytest.raises(Refused, match="reservation_past"):
        desk.reserve(1, now=late)
    desk.reserve(1, now=late - timedelta(seconds=1))


def test_several_vouchers_expire_together(
    desk: Desk, owner: psycopg.Connection, engine: sa.Engine
) -> None:
    other_desk = Desk(owner, engine, place_voucher(owner, engine, CAP, code="m2"))
    for first_desk in (other_desk, desk):
        first_desk.reserve(40)
    assert desk.expire(NOW + timedelta(days=30)) == 2
    assert desk.rights == other_desk.rights == book(A=100)
