"""The application's role, whatever SQL it sends, recognises no more than years and pools have."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg
import pytest
import sqlalchemy as sa

from ledger.errors import LedgerError
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt, moving
from tests.support.months.pooled_city import PooledCity
from tests.support.vouchers import audit, chain, posted, uncaused

MARCH = date(2026, 3, 1)
CAP, POOL = 60, 100


@pytest.fixture
def city(owner: psycopg.Connection, engine: sa.Engine) -> Iterator[PooledCity]:
    """a has 60 of the pool's 100 and its year, and more that is only accrued; b has nothing yet."""
    city = PooledCity(owner, engine, "ab", 1_000)
    city.year_cap("a", 2026, CAP)
    city.pool(2026, POOL)
    city.hold("a", MARCH, 200)
    city.accrue_all()
    with uncaused(owner):
        for code in "ab":
            posted(engine, f"more of {code}", {city.vouchers[code].book_id: chain(
                200, "accrue available accrued")})  # fmt: skip
        yield city


def book_of(owner: psycopg.Connection, query: str) -> int:
    row = owner.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def year(owner: psycopg.Connection, city: PooledCity) -> int:
    """The book of a's year."""
    return book_of(owner, f"SELECT book_id FROM voucher_years WHERE voucher_id = {of(city, 'a')}")


@pytest.fixture
def pool(owner: psycopg.Connection, city: PooledCity) -> int:
    """The pool's book."""
    return book_of(owner, "SELECT book_id FROM pools")


def of(city: PooledCity, code: str) -> int:
    return city.vouchers[code].id or 0


REFUSED = psycopg.errors.CheckViolation
DENIED = psycopg.errors.InsufficientPrivilege


def test_nothing_is_recognised_that_was_not_drawn(city: PooledCity, database: Database) -> None:
    for code in "ab":
        match = moving("match", "accrued", "payable", 1, city.vouchers[code].book_id)
        assert attempt(database, match) is REFUSED


def test_no_year_and_no_pool_is_drawn_beyond_its_cap(
    city: PooledCity, database: Database, year: int, pool: int
) -> None:
    assert attempt(database, moving("draw", "ceiling", "drawn", POOL - CAP + 1, pool)) is REFUSED
    assert attempt(database, moving("draw", "ceiling", "drawn", POOL - CAP, pool)) is None
    assert attempt(database, moving("draw", "ceiling", "drawn", 1, year).replace("bad", "b")) is (
        REFUSED
    )


def test_nothing_drawn_is_freed_under_what_is_recognised(
    city: PooledCity, database: Database, year: int, pool: int
) -> None:
    assert attempt(database, moving("undraw", "drawn", "ceiling", 1, pool)) is REFUSED
    assert attempt(database, moving("undraw", "drawn", "ceiling", 1, year)) is REFUSED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET floor = -9999",
        "INSERT INTO year_caps (decision_id, voucher_id, since, cap_fen) VALUES (1, 1, 2026, 9)",
        "UPDATE pools SET year = 2027",
        "INSERT INTO pool_clauses (year, clause, pool_id) VALUES (2027, '09-1', 1)",
        "DELETE FROM voucher_years",
        "UPDATE year_waits SET voucher_id = 1",
    ],
)
def test_its_rows_are_not_the_applications(
    city: PooledCity, database: Database, statement: str
) -> None:
    assert attempt(database, statement) is DENIED


def test_whose_place_in_the_queue_was_taken_away_is_kept(
    city: PooledCity, database: Database, owner: psycopg.Connection
) -> None:
    city.hold("b", MARCH, 300)
    city.accrue("b")
    for statement in ("UPDATE year_waits SET fen = 1", "DELETE FROM year_waits"):
        assert attempt(database, statement) is None
    history_rows = owner.execute(
        "SELECT act, row ->> 'fen' FROM history WHERE relation = 'year_waits'"
    )
    assert history_rows.fetchall() == [("UPDATE", "50"), ("DELETE", "1")]


@pytest.mark.parametrize("function", ["set_year_cap", "set_pool"])
def test_caps_and_pools_change_by_two_persons(
    city: PooledCity, database: Database, owner: psycopg.Connection, function: str
) -> None:
    kind = {"set_year_cap": "year_cap", "set_pool": "pool"}[function]
    older = book_of(owner, f"SELECT min(id) FROM decisions WHERE kind = '{kind}'")
    voucher = of(city, "a")
    owner.execute(
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        " VALUES (%s, 'open', jsonb_build_object('voucher', %s::bigint, 'since_year', 2026,"
        " 'year', 2026, 'pool', '池', 'clauses', '[\"09-1\"]'::jsonb, 'cap_fen', 900),"
        " repeat('0', 64), '', 'clerk:李四#1', now())",
        (kind, voucher),
    )
    unanswered = book_of(owner, "SELECT max(id) FROM decisions")
    for decision in (unanswered, 10**9):
        assert attempt(database, f"SELECT {function}({decision})") is REFUSED
    if kind == "pool":
        city.pool(2026, POOL + 1, "池")
    else:
        owner.execute("DELETE FROM decisions WHERE id = %s", (unanswered,))
        city.year_cap("a", 2026, CAP + 1)
    assert attempt(database, f"SELECT {function}({older})") is REFUSED


def test_of_two_writers_one_gets_what_is_left(
    city: PooledCity, engine: sa.Engine, owner: psycopg.Connection, pool: int
) -> None:
    owner.execute(
        "INSERT INTO voucher_years (voucher_id, year) VALUES (%s, 2026)", (of(city, "b"),)
    )
    year = book_of(owner, f"SELECT book_id FROM voucher_years WHERE voucher_id = {of(city, 'b')}")
    start = threading.Barrier(2)

    def work(number: int) -> str:
        moves = {
            city.vouchers["b"].book_id: chain(30, "match accrued payable"),
            year: chain(30, "draw ceiling drawn"),
            pool: chain(30, "draw ceiling drawn"),
        }
        start.wait()
        try:
            posted(engine, f"race {number}", moves)
        except LedgerError as error:
            return error.code
        return "drawn"

    with ThreadPoolExecutor(2) as threads:
        outcomes = Counter(threads.map(work, range(2)))
    assert outcomes == {"drawn": 1, "below_floor": 1}
    assert (city.read(2026).drawn_fen, city.draws("b")) == (90, {2026: 30})
    assert audit(owner) == []


def test_what_is_freed_and_recognised_at_once_is_not_recognised_twice(
    city: PooledCity, engine: sa.Engine, owner: psycopg.Connection, year: int, pool: int
) -> None:
    """One frees what is drawn and not yet recognised, another recognises it: one of them waits."""
    owner.execute("ALTER TABLE movements DISABLE TRIGGER years")
    posted(engine, "back", {city.vouchers["a"].book_id: chain(60, "unmatch payable accrued")})
    owner.execute("ALTER TABLE movements ENABLE TRIGGER years")
    start = threading.Barrier(2)
    back = chain(60, "undraw drawn ceiling")
    works = {
        "freed": {year: back, pool: back},
        "recognised": {city.vouchers["a"].book_id: chain(60, "match accrued payable")},
    }

    def work(name: str) -> str:
        start.wait()
        try:
            posted(engine, name, works[name])
        except LedgerError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(work, works)) == ["done", "not_drawn"]
    assert city.read(2026).drawn_fen == city.rights("a").payable
