"""Postings in the database: what they write, what is refused, who waits for whom."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import Draft, lock_book, post, post_many, rights
from ledger.accounts.rules.oracle import BUDGET_ROLES, COST_ROLES, LEGAL_MOVES, ROLES
from ledger.accounts.rules.targets import Move
from ledger.errors import Conflict, LedgerError, NotFound, Refused
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


def draft(cause: str, moves: Mapping[int, Sequence[Move]]) -> Draft:
    return Draft(cause, MONTH, MONTH, "clerk", moves)


def numbers(owner: psycopg.Connection) -> dict[str, int]:
    return dict(owner.execute("SELECT cause, number FROM postings").fetchall())


# --- what a posting writes ----------------------------------------------------------------


def test_a_posting_moves_money(engine: sa.Engine, book: int) -> None:
    assert posted(engine, "a", {book: accrue(30)})
    amounts = held(engine, book)
    assert (amounts.available, amounts.accrued, amounts.clause) == (CAP - 30, 30, -CAP)
    assert amounts.room == CAP


def test_a_posting_is_written_down(engine: sa.Engine, owner: psycopg.Connection, book: int) -> None:
    with Session(engine) as db, db.begin():
        key = post(
            db,
            cause="a",
            used_on=date(2026, 10, 1),
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
        " JOIN movements m ON m.id = e.movement_id WHERE m.posting_id = %s ORDER BY m.id, e.amount",
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
    for book, texts in {"rights": ROLES, "budget": BUDGET_ROLES, "cost": COST_ROLES}.items():
        roles = owner.execute("SELECT role FROM roles WHERE ledger = %s", (book,)).fetchall()
        assert {role for (role,) in roles} == set(texts)


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
    engine: sa.Engine, book: int, second_book: int
) -> None:
    posted(engine, "a", {book: accrue(30)})
    for moves in ({book: accrue(31)}, {second_book: accrue(30)}, {book: [*accrue(30), *accrue(1)]}):
        with pytest.raises(Conflict, match="cause=a"):
            posted(engine, "a", moves)
    with Session(engine) as db, pytest.raises(Conflict):
        post(
            db,
            cause="a",
            used_on=date(2026, 10, 1),
            booked=MONTH,
            actor="clerk",
            moves={book: accrue(30)},
        )
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


def test_the_moves_of_one_posting_apply_in_their_order(engine: sa.Engine, book: int) -> None:
    there_and_back = [*accrue(CAP), *chain(CAP, "unaccrue accrued available"), *accrue(CAP)]
    posted(engine, "good", {book: there_and_back})
    with pytest.raises(Refused):
        posted(engine, "bad", {book: there_and_back[:2]})
    assert held(engine, book).accrued == CAP


def test_all_of_a_posting_or_nothing(engine: sa.Engine, book: int, second_book: int) -> None:
    with pytest.raises(Refused):
        posted(engine, "bad", {book: accrue(30), second_book: accrue(CAP + 1)})
    assert held(engine, book).accrued == held(engine, second_book).accrued == 0


# --- many at once -------------------------------------------------------------------------


def test_many_postings_in_one_statement(
    engine: sa.Engine, owner: psycopg.Connection, book: int, second_book: int
) -> None:
    drafts = [draft(f"c{i}", {(book, second_book)[i % 2]: accrue(i + 1)}) for i in range(20)]
    with Session(engine) as db, db.begin():
        assert post_many(db, drafts) == 20
    assert held(engine, book).accrued == sum(range(1, 21, 2))
    assert held(engine, second_book).accrued == sum(range(2, 21, 2))
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
    for error, first_draft in bad:
        with pytest.raises(error), Session(engine) as db, db.begin():
            post_many(db, [draft("good", {book: accrue(1)}), first_draft])
        assert held(engine, book).accrued == 1
