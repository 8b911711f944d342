"""Many who post at once: who waits for whom, what the cap lets through, how numbers come."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import lock_book, post, rights
from ledger.errors import Refused
from ledger.postgres.database import Database
from tests.support.vouchers import MONTH, accrue, audit, chain, held, place_voucher, posted

CAP = 1_000


@pytest.fixture
def book(owner: psycopg.Connection, engine: sa.Engine) -> int:
    return place_voucher(owner, engine, CAP).book_id


@pytest.fixture
def second_book(owner: psycopg.Connection, engine: sa.Engine, book: int) -> int:
    return place_voucher(owner, engine, CAP, code="m2").book_id


@pytest.fixture(autouse=True)
def _books_are_whole(owner: psycopg.Connection) -> Iterator[None]:
    """Whatever a test did, the books are whole afterwards."""
    yield
    assert audit(owner) == []


def wait_until_it_waits(engine: sa.Engine, work: Future[Any]) -> None:
    """Until another connection to this database waits for a lock; the work must not end."""
    look = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(look).scalar_one():
            assert not work.done()
            threading.Event().wait(0.01)


def together(workers: int, work: Callable[[int], str], times: int) -> Counter[str]:
    """Do the work by so many threads at once; count the outcomes."""
    with ThreadPoolExecutor(workers) as pool:
        return Counter(pool.map(work, range(times)))


def test_who_holds_a_book_keeps_others_from_posting(engine: sa.Engine, book: int) -> None:
    with Session(engine) as db, ThreadPoolExecutor(1) as pool:
        lock_book(db, book)
        waiter = pool.submit(posted, engine, "a", {book: accrue(CAP)})
        wait_until_it_waits(engine, waiter)
        assert rights(db, book).available == CAP
        post(db, cause="b", used_on=MONTH, booked=MONTH, actor="x", moves={book: accrue(1)})
        db.commit()
        with pytest.raises(Refused, match="below_floor"):
            waiter.result()
    assert held(engine, book).accrued == 1


def test_a_held_book_does_not_hinder_another(
    engine: sa.Engine, book: int, second_book: int
) -> None:
    with Session(engine) as db:
        lock_book(db, book)
        assert posted(engine, "a", {second_book: accrue(1)})


def test_racing_accruals_end_exactly_at_the_room(
    database: Database, owner: psycopg.Connection, engine: sa.Engine
) -> None:
    """1,600 accruals of one fen on sixteen connections, and room for 500."""
    book = place_voucher(owner, engine, 500).book_id
    engine = database.engine(pool_size=16)

    def work(turn: int) -> str:
        try:
            posted(engine, f"race/{turn}", {book: accrue(1)})
        except Refused as refusal:
            return f"{refusal.code} {refusal.params['role']}"
        return "posted"

    assert together(16, work, 1_600) == {"posted": 500, "below_floor available": 1_100}
    amounts = held(engine, book)
    engine.dispose()
    assert (amounts.accrued, amounts.available) == (500, 0)


def test_postings_across_books_do_not_deadlock(
    engine: sa.Engine, book: int, second_book: int
) -> None:
    """Each transaction posts in both books, half of them the other way round."""

    def work(turn: int) -> str:
        order = (book, second_book) if turn % 2 else (second_book, book)
        posted(engine, f"both/{turn}", {item: accrue(1) for item in order})
        return "posted"

    assert together(5, work, 200) == {"posted": 200}


def test_two_statements_in_one_book_do_not_deadlock(engine: sa.Engine, book: int) -> None:
    """A book is locked as a whole, so that it does not matter which accounts come first."""
    posted(engine, "start", {book: chain(400, "reserve available reserved")})

    def work(turn: int) -> str:
        steps = [accrue(1), chain(1, "release reserved available")]
        with Session(engine) as db, db.begin():
            for part, moves in enumerate(steps if turn % 2 else reversed(steps)):
                cause = f"{turn}/{part}"
                post(db, cause=cause, used_on=MONTH, booked=MONTH, actor="x", moves={book: moves})
        return "posted"

    assert together(5, work, 200) == {"posted": 200}


def test_numbers_are_gapless_and_in_commit_order(
    database: Database, owner: psycopg.Connection, engine: sa.Engine
) -> None:
    """Writers with rollbacks; meanwhile every look sees the numbers 1 … n, and none missing."""
    books = [place_voucher(owner, engine, 10**6, code=f"w{i}").book_id for i in range(3)]
    engine = database.engine(pool_size=9)
    writers_done = threading.Event()

    def work(turn: int) -> str:
        with Session(engine) as db:
            for part in range(turn % 3 + 1):
                moves = {books[turn % 3]: accrue(1)}
                cause = f"{turn}/{part}"
                post(db, cause=cause, used_on=MONTH, booked=MONTH, actor="x", moves=moves)
            if turn % 4 == 0:
                db.rollback()
                return "undone"
            db.commit()
            return "posted"

    def look() -> int:
        looks, query = 0, "SELECT count(*), count(number), max(number) FROM postings"
        with psycopg.connect(database.owner_url, autocommit=True) as reader:
            while not writers_done.is_set():
                assert len(set(reader.execute(query).fetchone() or ())) == 1
                looks += 1
        return looks

    with ThreadPoolExecutor(1) as reader:
        looking = reader.submit(look)
        try:
            assert together(8, work, 400) == {"posted": 300, "undone": 100}
        finally:
            writers_done.set()
        assert looking.result() > 10
    engine.dispose()


def test_a_cause_that_is_being_posted_is_waited_for(engine: sa.Engine, book: int) -> None:
    with Session(engine) as db, ThreadPoolExecutor(1) as pool:
        post(db, cause="a", used_on=MONTH, booked=MONTH, actor="x", moves={book: accrue(30)})
        again = pool.submit(posted, engine, "a", {book: accrue(30)})
        wait_until_it_waits(engine, again)
        db.commit()
        assert again.result() is None
    assert held(engine, book).accrued == 30


def test_a_cause_may_be_posted_after_its_first_posting_was_undone(
    engine: sa.Engine, book: int
) -> None:
    with Session(engine) as db, ThreadPoolExecutor(1) as pool:
        post(db, cause="a", used_on=MONTH, booked=MONTH, actor="x", moves={book: accrue(30)})
        again = pool.submit(posted, engine, "a", {book: accrue(30)})
        wait_until_it_waits(engine, again)
        db.rollback()
        assert again.result()
    assert held(engine, book).accrued == 30
