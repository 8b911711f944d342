"""Postings in the database: what they write, what is refused, who waits for whom."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.books.db import Database
from ledger.books.movements import Draft, lock_book, post, post_many, rights
from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.rules.oracle import LEGAL_MOVES, ROLES
from ledger.rules.targets import Move, Rights
from tests.vouchers import MONTH, accrue, audit, chain, place_voucher

CAP = 1_000


@pytest.fixture
def book(owner: psycopg.Connection, engine: sa.Engine) -> int:
    return place_voucher(owner, engine, CAP).book


@pytest.fixture
def other(owner: psycopg.Connection, engine: sa.Engine, book: int) -> int:
    return place_voucher(owner, engine, CAP, code="m2").book


@pytest.fixture(autouse=True)
def _books_are_whole(owner: psycopg.Connection) -> Iterator[None]:
    """Whatever a test did, the books are whole afterwards."""
    yield
    assert audit(owner) == []


def draft(cause: str, moves: Mapping[int, Sequence[Move]]) -> Draft:
    return Draft(cause, MONTH, MONTH, "clerk", moves)


def posted(engine: sa.Engine, cause: str, moves: Mapping[int, Sequence[Move]]) -> int | None:
    """Post and commit."""
    with Session(engine) as db, db.begin():
        return post(db, cause=cause, used=MONTH, booked=MONTH, actor="clerk", moves=moves)


def held(engine: sa.Engine, book: int) -> Rights:
    with Session(engine) as db:
        return rights(db, book)


def numbers(owner: psycopg.Connection) -> dict[str, int]:
    return dict(owner.execute("SELECT cause, number FROM postings").fetchall())


# --- what a posting writes ----------------------------------------------------------------


def test_a_posting_moves_money(engine: sa.Engine, book: int) -> None:
    assert posted(engine, "a", {book: accrue(30)})
    found = held(engine, book)
    assert (found.available, found.accrued, found.clause) == (CAP - 30, 30, -CAP)
    assert found.room == CAP


def test_a_posting_is_written_down(engine: sa.Engine, owner: psycopg.Connection, book: int) -> None:
    with Session(engine) as db, db.begin():
        key = post(
            db,
            cause="a",
            used=date(2026, 10, 1),
            booked=MONTH,
            actor="clerk",
            moves={book: [*accrue(30), *chain(20, "match accrued payable")]},
            note={"why": "因为"},
        )
    row = owner.execute(
        "SELECT number, used, booked, actor, note, posted_at IS NOT NULL FROM postings"
        " WHERE id = %s",
        (key,),
    ).fetchone()
    assert row == (2, date(2026, 10, 1), MONTH, "clerk", {"why": "因为"}, True)
    entries = owner.execute(
        "SELECT e.role, e.version, e.amount, e.balance FROM entries e"
        " JOIN movements m ON m.id = e.movement WHERE m.posting = %s ORDER BY m.id, e.amount",
        (key,),
    ).fetchall()
    assert entries == [
        ("available", 2, -30, CAP - 30),
        ("accrued", 1, 30, 30),
        ("accrued", 2, -20, 10),
        ("payable", 1, 20, 20),
    ]


def test_the_database_has_the_oracles_roles_and_moves(owner: psycopg.Connection) -> None:
    moves = owner.execute("SELECT kind, from_role, to_role FROM legal_moves").fetchall()
    assert set(moves) == LEGAL_MOVES
    roles = owner.execute("SELECT role FROM roles WHERE ledger = 'rights'").fetchall()
    assert {role for (role,) in roles} == set(ROLES)


def test_a_book_that_does_not_exist_is_not_found(engine: sa.Engine) -> None:
    with Session(engine) as db:
        for look in (rights, lock_book):
            with pytest.raises(NotFound):
                look(db, 99)


TAMPERING = [
    "UPDATE accounts SET balance = balance + 1 WHERE role = 'accrued'",
    "UPDATE accounts SET version = version + 1 WHERE role = 'accrued'",
    "UPDATE entries SET amount = amount + 1, balance = balance + 1 WHERE role = 'accrued'",
    "UPDATE entries SET balance = balance - 1 WHERE role = 'accrued'",
    "UPDATE movements SET amount = amount + 1",
    "UPDATE movements SET to_role = 'payable', kind = 'match', from_role = 'accrued'",
    "DELETE FROM entries WHERE role = 'accrued'",
    "DELETE FROM movements",
    "UPDATE numbering SET last = last + 1",
    "UPDATE postings SET number = number + 9",
    "UPDATE postings SET posted_at = '-infinity' WHERE number = 2",
    """INSERT INTO postings (cause, used, booked, actor)
       SELECT 'b', used, booked, actor FROM postings WHERE cause = 'a'""",
    "INSERT INTO books (ledger) VALUES ('rights')",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_audit_of_these_tests_sees_tampering(
    engine: sa.Engine, owner: psycopg.Connection, book: int, statement: str
) -> None:
    """What only the owner could do, and undoes again."""
    posted(engine, "a", {book: accrue(30)})
    with owner.transaction() as transaction:
        owner.execute(statement.encode())
        assert audit(owner) != []
        raise psycopg.Rollback(transaction)


# --- once ---------------------------------------------------------------------------------


def test_a_cause_is_posted_once(engine: sa.Engine, book: int) -> None:
    assert posted(engine, "a", {book: accrue(30)})
    assert posted(engine, "a", {book: accrue(30)}) is None
    assert held(engine, book).accrued == 30


def test_another_content_under_a_known_cause_is_a_conflict(
    engine: sa.Engine, book: int, other: int
) -> None:
    posted(engine, "a", {book: accrue(30)})
    for moves in ({book: accrue(31)}, {other: accrue(30)}, {book: [*accrue(30), *accrue(1)]}):
        with pytest.raises(Conflict, match="cause=a"):
            posted(engine, "a", moves)
    with Session(engine) as db, pytest.raises(Conflict):
        post(
            db,
            cause="a",
            used=date(2026, 10, 1),
            booked=MONTH,
            actor="clerk",
            moves={book: accrue(30)},
        )
    assert held(engine, book).accrued == 30


def test_a_cause_that_is_being_posted_is_waited_for(engine: sa.Engine, book: int) -> None:
    with Session(engine) as db, ThreadPoolExecutor(1) as pool:
        post(db, cause="a", used=MONTH, booked=MONTH, actor="x", moves={book: accrue(30)})
        again = pool.submit(posted, engine, "a", {book: accrue(30)})
        wait_until_it_waits(engine, again)
        db.commit()
        assert again.result() is None
    assert held(engine, book).accrued == 30


def test_a_cause_may_be_posted_after_its_first_posting_was_undone(
    engine: sa.Engine, book: int
) -> None:
    with Session(engine) as db, ThreadPoolExecutor(1) as pool:
        post(db, cause="a", used=MONTH, booked=MONTH, actor="x", moves={book: accrue(30)})
        again = pool.submit(posted, engine, "a", {book: accrue(30)})
        wait_until_it_waits(engine, again)
        db.rollback()
        assert again.result()
    assert held(engine, book).accrued == 30


# --- what is refused ----------------------------------------------------------------------

REFUSALS = {
    "more than there is": (
        accrue(CAP + 1), Refused("below_floor", book=0, role="available")),
    "more than was promised": (
        chain(1, "eligible clause entitlement"), Refused("below_floor", book=0, role="clause")),
    "below the floor on the way, though not in the end": (
        chain(1, "match accrued payable", "accrue available accrued"),
        Refused("below_floor", book=0, role="accrued")),
    "a move that does not exist": (
        chain(1, "pay available paid"),
        Refused("illegal_move", kind="pay", from_role="available", to_role="paid")),
    "a legal move backwards": (
        chain(1, "accrue accrued available"),
        Refused("illegal_move", kind="accrue", from_role="accrued", to_role="available")),
    "a role that does not exist": (
        chain(1, "steal available pocket"),
        Refused("illegal_move", kind="steal", from_role="available", to_role="pocket")),
    "nothing": (accrue(0), Refused("amount_out_of_range")),
    "less than nothing": (accrue(-1), Refused("amount_out_of_range")),
    "more than a bigint": (accrue(2**63), Refused("amount_out_of_range")),
    "a sum beyond a bigint": (
        [*accrue(2**63 - 1), *accrue(2**63 - 1)], Refused("amount_out_of_range")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(engine: sa.Engine, book: int, case: str) -> None:
    moves, expected = REFUSALS[case]
    before = held(engine, book)
    with pytest.raises(type(expected)) as caught:
        posted(engine, "bad", {book: moves})
    params = expected.params | ({"book": book} if "book" in expected.params else {})
    assert (caught.value.code, caught.value.params) == (expected.code, params)
    assert held(engine, book) == before


def test_an_account_that_does_not_exist_is_not_found(engine: sa.Engine) -> None:
    with pytest.raises(NotFound):
        posted(engine, "bad", {99: accrue(1)})


def test_a_posting_without_movements_cannot_be_committed(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="without movements"):
        posted(engine, "empty", {})


def test_all_of_a_posting_or_nothing(engine: sa.Engine, book: int, other: int) -> None:
    with pytest.raises(Refused):
        posted(engine, "bad", {book: accrue(30), other: accrue(CAP + 1)})
    assert held(engine, book).accrued == held(engine, other).accrued == 0


# --- many at once -------------------------------------------------------------------------


def test_many_postings_in_one_statement(
    engine: sa.Engine, owner: psycopg.Connection, book: int, other: int
) -> None:
    drafts = [draft(f"c{i}", {(book, other)[i % 2]: accrue(i + 1)}) for i in range(20)]
    with Session(engine) as db, db.begin():
        assert post_many(db, drafts) == 20
    assert held(engine, book).accrued == sum(range(1, 21, 2))
    assert held(engine, other).accrued == sum(range(2, 21, 2))
    order = [number for cause, number in numbers(owner).items() if cause.startswith("c")]
    assert order == list(range(3, 23))


def test_postings_apply_in_their_order(engine: sa.Engine, book: int) -> None:
    """The second gives back what the third needs: the other way round it would be refused."""
    drafts = [
        draft("z", {book: accrue(CAP)}),
        draft("y", {book: chain(CAP, "unaccrue accrued available")}),
        draft("x", {book: chain(CAP, "reserve available reserved")}),
    ]
    with Session(engine) as db, db.begin():
        assert post_many(db, drafts) == 3
    assert held(engine, book).reserved == CAP


def test_only_the_new_ones_are_posted(engine: sa.Engine, book: int) -> None:
    posted(engine, "c1", {book: accrue(1)})
    drafts = [draft(f"c{i}", {book: accrue(i)}) for i in range(3, 0, -1)]
    with Session(engine) as db, db.begin():
        assert post_many(db, drafts) == 2
        assert post_many(db, drafts) == 0
        assert post_many(db, []) == 0
    assert held(engine, book).accrued == 6


def test_one_bad_draft_and_none_is_posted(engine: sa.Engine, book: int) -> None:
    posted(engine, "known", {book: accrue(1)})
    bad: list[tuple[type[LedgerError], Draft]] = [
        (Refused, draft("bad", {book: accrue(CAP)})),
        (Conflict, draft("known", {book: accrue(2)})),
        (Conflict, draft("good", {book: accrue(1)})),  # a second draft of that cause
    ]
    for error, one in bad:
        with pytest.raises(error), Session(engine) as db, db.begin():
            post_many(db, [draft("good", {book: accrue(1)}), one])
        assert held(engine, book).accrued == 1


# --- who waits for whom -------------------------------------------------------------------


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
        waiting = pool.submit(posted, engine, "a", {book: accrue(CAP)})
        wait_until_it_waits(engine, waiting)
        assert rights(db, book).available == CAP
        post(db, cause="b", used=MONTH, booked=MONTH, actor="x", moves={book: accrue(1)})
        db.commit()
        with pytest.raises(Refused, match="below_floor"):
            waiting.result()
    assert held(engine, book).accrued == 1


def test_a_held_book_does_not_hinder_another(engine: sa.Engine, book: int, other: int) -> None:
    with Session(engine) as db:
        lock_book(db, book)
        assert posted(engine, "a", {other: accrue(1)})


def test_racing_accruals_end_exactly_at_the_room(
    database: Database, owner: psycopg.Connection
) -> None:
    """1,600 accruals of one fen on sixteen connections, and room for 500."""
    engine = database.engine(pool_size=16)
    book = place_voucher(owner, engine, 500).book

    def work(turn: int) -> str:
        try:
            posted(engine, f"race/{turn}", {book: accrue(1)})
        except Refused as refusal:
            return f"{refusal.code} {refusal.params['role']}"
        return "posted"

    assert together(16, work, 1_600) == {"posted": 500, "below_floor available": 1_100}
    found = held(engine, book)
    engine.dispose()
    assert (found.accrued, found.available) == (500, 0)


def test_postings_across_books_do_not_deadlock(engine: sa.Engine, book: int, other: int) -> None:
    """Each transaction posts in both books, half of them the other way round."""

    def work(turn: int) -> str:
        order = (book, other) if turn % 2 else (other, book)
        posted(engine, f"both/{turn}", {one: accrue(1) for one in order})
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
                post(db, cause=cause, used=MONTH, booked=MONTH, actor="x", moves={book: moves})
        return "posted"

    assert together(5, work, 200) == {"posted": 200}


def test_numbers_are_gapless_and_in_commit_order(
    database: Database, owner: psycopg.Connection
) -> None:
    """Writers with rollbacks; meanwhile every look sees the numbers 1 … n, and none missing."""
    engine = database.engine(pool_size=9)
    books = [place_voucher(owner, engine, 10**6, code=f"w{i}").book for i in range(3)]
    writers_done = threading.Event()

    def work(turn: int) -> str:
        with Session(engine) as db:
            for part in range(turn % 3 + 1):
                moves = {books[turn % 3]: accrue(1)}
                cause = f"{turn}/{part}"
                post(db, cause=cause, used=MONTH, booked=MONTH, actor="x", moves=moves)
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
