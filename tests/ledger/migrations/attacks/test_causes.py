"""Money moves for a reason that stands in the books, whatever SQL the application's role sends."""

from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.payments import TODAY, Treasury

CHECK = errors.CheckViolation
VOUCHER, SECOND, BUDGET = 1, 2, 3
# `{{}}` in a cause is the newest reservation: a number that an attempt took is not given again.
POST = """
    INSERT INTO postings (cause, used, booked, actor)
    SELECT replace('{cause}', '{{}}', coalesce((SELECT max(id) FROM reservations)::text, '')),
        '2026-11-01', '2026-11-01', 'x';
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
    SELECT max(id), {book}, '{kind}', '{source}', '{goal}', {fen} FROM postings;
"""
MOVES = {
    "match": ("accrued", "payable"), "recall": ("paid", "recoverable"), "pay": ("sent", "paid"),
    "list": ("payable", "sent"), "bounce": ("sent", "payable"),
    "reserve": ("available", "reserved"),
    "accrue": ("available", "accrued"), "unmatch": ("payable", "accrued"),
    "set_off": ("recoverable", "paid"), "unspend": ("spent", "free"),
    "commit": ("free", "committed"),
    "appropriate": ("appropriation", "free"), "unpay": ("paid", "payable"),
}  # fmt: skip
INVENTED = [
    "mine", "accrue", "accrue/1/0", "accrue/1/99", "decision/1", "decision/99999999999999999",
    "reconcile/1", "pay/ZF-2026-0001/9", "pay/ZF-2026-0009/1", "bank/T9", "bank/", "refund/T1",
    "year-end/ZF-2026-0002/1", "voucher/1/open/2", "reserve/1", "release/1", "",
]  # fmt: skip
RESERVE = """
    INSERT INTO reservations (voucher_id, fen, plan, until, reserved_at, reserved_by)
    VALUES (1, {fen}, 'x', '2026-12-31', now(), 'x');
"""

MOVED = """
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
    SELECT max(id), {book}, '{kind}', 'available', 'reserved', {fen} FROM postings;
"""
NEWEST = """
    INSERT INTO postings (cause, used, booked, actor)
    SELECT 'reserve/' || max(id), '2026-11-01', '2026-11-01', 'x' FROM reservations;
"""
RESERVED = NEWEST + MOVED.format(book=VOUCHER, kind="reserve", fen=50)
ANOTHER = RESERVE.format(fen=1) + NEWEST + MOVED.format(book=VOUCHER, kind="reserve", fen=1)


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    """Of 900 payable fen, 300 were paid by a list and 200 are sent; another voucher owes 100."""
    treasury = Treasury(owner, engine)
    vouchers = treasury.project("p1", 900), treasury.project("p2", 100)
    treasury.indicator(1_000)
    for number, fen in (("A", 300), ("B", 200)):
        treasury.claim("p1", fen, number)
    treasury.send(["A"])
    treasury.bank(f"T1,ZF-2026-0001,1,成功,3.00,{TODAY},")
    treasury.send(["B"])
    row = owner.execute("SELECT book_id FROM indicators").fetchone()
    assert ([voucher.book_id for voucher in vouchers], row) == ([VOUCHER, SECOND], (BUDGET,))
    return treasury


def posting(
    database: Database, cause: str, kind: str, fen: int = 1, *, book: int = VOUCHER, first: str = ""
) -> type[psycopg.Error] | None:
    source, goal = MOVES[kind]
    text = POST.format(cause=cause, book=book, kind=kind, source=source, goal=goal, fen=fen)
    return attempt(database, f"{first} {text} SET CONSTRAINTS ALL IMMEDIATE; SELECT 1/0")


@pytest.mark.parametrize("kind", ["match", "recall", "pay", "list", "bounce", "unmatch", "unpay"])
def test_an_invented_cause_moves_nothing(database: Database, treasury: Treasury, kind: str) -> None:
    errors_by_cause = {cause: posting(database, cause, kind) for cause in INVENTED}
    assert errors_by_cause == dict.fromkeys(INVENTED, CHECK)


@pytest.mark.parametrize("kind", ["match", "list", "bounce"])
def test_an_invented_cause_moves_nothing_beside_one_that_stands(
    database: Database, treasury: Treasury, kind: str
) -> None:
    """Where several are asked at once, and not one that is alone."""
    errors_by_cause = {cause: posting(database, cause, kind, first=ANOTHER) for cause in INVENTED}
    assert errors_by_cause == dict.fromkeys(INVENTED, CHECK)


@pytest.mark.parametrize("company", ["", "another"])
def test_a_reservation_moves_its_sum_once_alone_or_not(
    database: Database, treasury: Treasury, company: str
) -> None:
    """Its second movement is no more its own, whichever statement brings it."""
    reserve = f"{ANOTHER if company else ''} {RESERVE.format(fen=50)} {RESERVED}"
    again = f"{reserve} {MOVED.format(fen=50, book=VOUCHER, kind='reserve')}"
    both = reserve.replace(
        "SELECT max(id), 1, 'reserve', 'available', 'reserved', 50 FROM postings;",
        "SELECT max(id), 1, 'reserve', 'available', 'reserved', n FROM postings,"
        " (VALUES (20), (31)) AS part (n) GROUP BY n;",
    )
    end = "SET CONSTRAINTS ALL IMMEDIATE; SELECT 1/0"
    assert both != reserve
    assert attempt(database, f"{reserve} {end}") is errors.DivisionByZero
    assert attempt(database, f"{again} {end}") is CHECK
    assert attempt(database, f"{both} {end}") is CHECK
    assert attempt(database, f"{both.replace('31', '30')} {end}") is errors.DivisionByZero


def test_a_cause_moves_what_it_is_for_in_its_own_books_and_no_more(
    database: Database, treasury: Treasury
) -> None:
    """Of a reservation that stands; each refusal has one thing wrong beside what goes through."""
    fresh = RESERVE.format(fen=50)
    of_second = fresh.replace("(1, 50", "(2, 50")

    def reserve(**wrong: Any) -> type[psycopg.Error] | None:
        right = dict[str, Any](cause="reserve/{}", kind="reserve", fen=50, first=fresh)
        return posting(database, **right | wrong)

    assert reserve() is errors.DivisionByZero
    assert reserve(book=SECOND, first=of_second) is errors.DivisionByZero
    assert reserve(fen=49) is errors.DivisionByZero
    assert reserve(fen=51) is CHECK
    assert reserve(book=SECOND) is CHECK
    assert reserve(first=of_second) is CHECK
    assert reserve(kind="accrue") is CHECK
    assert reserve(cause="reserve/{}0") is CHECK
    assert reserve(cause="release/{}") is CHECK


@pytest.mark.parametrize(
    "moment",
    [
        "SET CONSTRAINTS number IMMEDIATE; SET CONSTRAINTS ALL DEFERRED",
        "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED",
        "SAVEPOINT s; SET CONSTRAINTS number IMMEDIATE",
    ],
)
def test_no_moment_is_chosen_at_which_the_cause_is_not_asked(
    database: Database, treasury: Treasury, moment: str
) -> None:
    post = POST.format(
        cause="mine", book=VOUCHER, kind="list", source="payable", goal="sent", fen=50
    )
    assert attempt(database, f"{post} {moment}") is CHECK


def test_a_cause_that_was_rolled_back_carries_nothing(
    database: Database, treasury: Treasury
) -> None:
    """The reservation stands while it is asked, and is gone at the commit."""
    post = POST.format(
        cause="reserve/1", book=VOUCHER, kind="reserve", source="available", goal="reserved", fen=5
    )
    savepoint = f"SAVEPOINT s; {RESERVE.format(fen=5)} SET CONSTRAINTS ALL IMMEDIATE"
    assert attempt(database, f"{post} {savepoint}; ROLLBACK TO s") is CHECK


@pytest.mark.parametrize(
    "again", ["decision/0{}", "decision/{}/2", "decision/{}/", "decision/00{}/1"]
)
def test_one_decision_is_one_posting_however_it_is_written(
    database: Database, treasury: Treasury, owner: psycopg.Connection, again: str
) -> None:
    row = owner.execute("SELECT id FROM decisions WHERE kind = 'indicator'").fetchone()
    assert row
    assert posting(database, again.format(row[0]), "appropriate", book=BUDGET) is CHECK


def test_one_reservation_or_line_is_one_posting_of_its_sum(
    database: Database, treasury: Treasury
) -> None:
    fresh = RESERVE.format(fen=50)
    assert posting(database, "reserve/{}", "reserve", 50, first=fresh) is errors.DivisionByZero
    for again in ("reserve/0{}", "reserve/{}/2", "reserve/{}/"):
        assert posting(database, again, "reserve", 50, first=fresh) is CHECK, again
    for again in ("pay/ZF-2026-0002/1/1", "pay/ZF-2026-0002/01"):
        assert posting(database, again, "list", 200) is CHECK, again
    post = POST.format(
        cause="reserve/{}",
        book=VOUCHER,
        kind="reserve",
        source="available",
        goal="reserved",
        fen=25,
    )
    move = post[post.index("INSERT INTO movements") :]
    end = "SET CONSTRAINTS ALL IMMEDIATE; SELECT 1/0"
    assert attempt(database, f"{fresh} {post} {move} {end}") is errors.DivisionByZero
    assert attempt(database, f"{fresh} {post} {move.replace('25', '26')} {end}") is CHECK


def test_a_month_of_payments_moves_its_books_by_these_causes(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    """None of them is refused: a voucher's opening, a decision, and both books of a payment."""
    rows = owner.execute(
        "SELECT split_part(p.cause, '/', 1), count(DISTINCT (p.id, m.book_id)) FROM postings p"
        " JOIN movements m ON m.posting_id = p.id WHERE p.cause NOT LIKE 'earned %' GROUP BY 1"
    ).fetchall()
    assert dict(rows) == {"bank": 2, "decision": 1, "pay": 4, "voucher": 2}
