"""A forged memo moves no fen, whatever else shapes what a voucher has earned.

Of March 2,000 fen are held, of April 1,000, at thirty percent. Each case brings one more thing that
the database must know of, and what is earned then; a fen more or less is refused.
"""

from collections.abc import Callable, Iterator
from datetime import date

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.months.pooled_city import PooledCity
from tests.support.vouchers import audit

REFUSED = psycopg.errors.CheckViolation
MARCH, APRIL, NEXT_YEAR = date(2026, 3, 1), date(2026, 4, 1), date(2027, 1, 1)
MEMO = """
    INSERT INTO postings (cause, used, booked, actor)
        SELECT format('accrue/%s/{number}', id), '2026-03-01', '2026-03-01', 'server'
        FROM vouchers WHERE id = {voucher};
    INSERT INTO accruals (voucher_id, posting_id, cost_fen, uncapped_fen, target_fen, earned_fen,
            months, computed_at)
        SELECT {voucher}, max(id), 1000000, 300000, 300000, 300000, '{{}}', now() FROM postings;
"""
MOVE = """
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
        SELECT max(p.id), {book}, '{kind}', '{source}', '{goal}', {fen} FROM postings p;
"""
ROLES = {
    "accrue": ("available", "accrued"), "unaccrue": ("accrued", "available"),
    "match": ("accrued", "payable"), "unmatch": ("payable", "accrued"),
    "draw": ("ceiling", "drawn"), "undraw": ("drawn", "ceiling"),
}  # fmt: skip
OWN = "(SELECT book_id FROM vouchers WHERE id = {voucher})"
YEAR = "(SELECT book_id FROM voucher_years WHERE voucher_id = {voucher} AND year = {year})"
POOL = "(SELECT book_id FROM pools WHERE year = {year})"


@pytest.fixture
def city(owner: psycopg.Connection, engine: sa.Engine) -> Iterator[PooledCity]:
    city = PooledCity(owner, engine, "ab", 1_000)
    yield city
    assert audit(owner) == []


def decide(city: PooledCity) -> None:
    """Two persons have decided the months; only a's are accrued."""
    city.hold("a", MARCH, 2_000)
    city.hold("a", APRIL, 1_000)
    city.hold("b", MARCH, 500)
    city.accrue("a")


def of(city: PooledCity, code: str) -> int:
    return city.vouchers[code].id or 0


class Forger:
    """Who has the application's login, and writes memos for a voucher."""

    def __init__(self, city: PooledCity, database: Database, code: str = "a") -> None:
        self.city, self.database, self.voucher = city, database, of(city, code)

    def move(self, kind: str, fen: int, book: str = OWN, year: int = 2026) -> str:
        source, goal = ROLES[kind]
        at = book.format(voucher=self.voucher, year=year)
        return MOVE.format(kind=kind, source=source, goal=goal, fen=fen, book=at)

    def tries(self, *moves: str) -> type[psycopg.Error] | None:
        memo = MEMO.format(voucher=self.voucher, number=91)
        return attempt(self.database, memo + "".join(moves))

    def lowers(self, fen: int, *, by_year: bool = False, pool: bool = False) -> bool:
        """Whether it goes through that so much is payable no more."""
        moves = [self.move("unmatch", fen), self.move("unaccrue", fen)]
        moves += [self.move("undraw", fen, book) for book in [YEAR] * by_year + [POOL] * pool]
        error = self.tries(*moves)
        assert error in (None, REFUSED), error
        return error is None

    def raises(self, fen: int, *, by_year: bool = False, pool: bool = False) -> bool:
        moves = [self.move("draw", fen, book) for book in [YEAR] * by_year + [POOL] * pool]
        error = self.tries(*moves, self.move("accrue", fen), self.move("match", fen))
        assert error in (None, REFUSED), error
        return error is None


def other_support(city: PooledCity, fen: int, contract: str = "NULL") -> None:
    """What another programme pays of March."""
    city.owner.execute("ALTER TABLE other_support DISABLE TRIGGER USER")
    city.owner.execute(
        "INSERT INTO other_support (project_id, contract_id, programme, fen, valid, recorded_at,"
        f" recorded_by, recorded_in) SELECT project_id, {contract}, '省级', %s,"
        " '[2026-03-01,2026-04-01)', now(), 'x', 1 FROM vouchers WHERE id = %s",
        (fen, of(city, "a")),
    )


def no_version_from(day: str, before_fen: int, after_fen: int) -> Callable[[PooledCity], None]:
    """The voucher ends with a day of March: what was metered before and after it."""

    def change(city: PooledCity) -> None:
        city.owner.execute("UPDATE vouchers SET valid = daterange(NULL, %s::date)", (day,))
        city.meter("a", MARCH, before_fen)
        city.owner.execute(
            "INSERT INTO charges (contract_id, price_id, month, policy, mig_profile, ms_num,"
            " ms_den, cost_fen, computed_at) SELECT contract_id, price_id, month, '', '', 0, 1, %s,"
            " now() FROM charges",
            (after_fen,),
        )

    return change


CASES: dict[str, tuple[Callable[[PooledCity], None], int]] = {
    "nothing else": (PooledCity.accrue_all, 900),
    "a cap for life": (lambda city: city.cap("a", 850), 850),
    "a cap for the year": (lambda city: city.year_cap("a", 2026, 700), 700),
    "another programme pays for March": (lambda city: other_support(city, 1_500), 800),
    "another programme pays for all of March": (lambda city: other_support(city, 2_500), 300),
    "it pays for one contract": (
        lambda city: other_support(city, 1_401, "(SELECT min(id) FROM contracts)"),
        899,
    ),
    "nothing from the 17th of March on": (no_version_from("2026-03-17", 1_200, 800), 360),
    "nothing from the 2nd of March on": (no_version_from("2026-03-02", 1, 1_999), 0),
    "the end after what was metered": (no_version_from("2026-03-31", 2_000, 0), 600),
}


@pytest.mark.parametrize("name", CASES)
def test_a_forged_memo_moves_no_fen(city: PooledCity, database: Database, name: str) -> None:
    change, earned_fen = CASES[name]
    change(city)
    decide(city)
    assert city.rights("a").payable == earned_fen
    forger = Forger(city, database)
    by_year = name == "a cap for the year"
    for fen in {1, earned_fen} if earned_fen else ():
        assert not forger.lowers(fen, by_year=by_year)
    assert not forger.raises(1, by_year=by_year)
    assert city.rights("a").payable == earned_fen


def test_of_two_years_none_is_drawn_for_the_other(city: PooledCity, database: Database) -> None:
    """What is drawn of a year is what that year earned, though the whole stays the same."""
    city.year_cap("a", 2026, 700)
    city.hold("a", NEXT_YEAR, 300)
    decide(city)
    assert city.draws("a") == {2026: 700, 2027: 90}
    forger = Forger(city, database)
    back, more = forger.move("undraw", 5, YEAR), forger.move("draw", 5, YEAR, 2027)
    for moves in ([back, more], [back], [more]):
        assert forger.tries(*moves) is REFUSED
    assert not forger.lowers(5)


@pytest.fixture
def queue(city: PooledCity) -> PooledCity:
    """a has drawn all 900 of a pool, and b waits for 150 of it."""
    city.pool(2026, 900)
    decide(city)
    city.accrue("b")
    assert [city.rights(code).payable for code in "ab"] == [900, 0]
    assert [(wait.project, wait.fen) for wait in city.read(2026).waits] == [("b", 150)]
    return city


def test_no_fen_of_a_pool_goes_to_who_waits_by_a_memo(
    queue: PooledCity, database: Database
) -> None:
    forger = Forger(queue, database)
    for fen in (1, 150, 900):
        assert not forger.lowers(fen, by_year=True, pool=True)
        assert not forger.lowers(fen)
    queue.accrue_all()
    assert [queue.rights(code).payable for code in "ab"] == [900, 0]


def test_nobody_draws_of_a_pool_what_it_has_not_earned(
    queue: PooledCity, database: Database
) -> None:
    """So that others find nothing there."""
    queue.pool(2026, 1_100)
    assert queue.draws("b") == {2026: 150}
    forger = Forger(queue, database, "b")
    assert not forger.raises(1, by_year=True, pool=True)
    for books in ([POOL], [YEAR, POOL]):
        assert forger.tries(*(forger.move("draw", 1, book) for book in books)) is REFUSED


def test_nobody_waits_for_what_it_has_not_earned(queue: PooledCity, database: Database) -> None:
    wait = "INSERT INTO year_waits (voucher_id, year, fen, since) VALUES ({}, 2026, 1, now());"
    for code in "ab":
        assert attempt(database, wait.format(of(queue, code))) is REFUSED


def test_what_one_month_loses_and_another_gains_in_one_round_is_no_ones_else(
    queue: PooledCity,
) -> None:
    """Nor does the database take the rule's own moves for a forgery."""
    queue.hold("a", MARCH, 1_900)
    queue.hold("a", date(2026, 5, 1), 100)
    queue.accrue_all()
    assert [queue.rights(code).payable for code in "ab"] == [900, 0]
    queue.hold("a", MARCH, 1_800)
    queue.accrue_all()
    assert [queue.rights(code).payable for code in "ab"] == [870, 30]


def test_a_fen_that_rounding_moves_between_years_is_no_ones_else(city: PooledCity) -> None:
    """901 of 900.6 fen; of 0.6 in the year before and 900.9 it is 901 again, and 900 between."""
    city.pool(2026, 901)
    city.hold("a", MARCH, 3_002)
    city.hold("b", MARCH, 500)
    city.accrue_all()
    assert [city.draws(code) for code in "ab"] == [{2026: 901}, {}]
    city.hold("a", date(2025, 12, 1), 2)
    city.hold("a", APRIL, 1)
    city.accrue_all()
    assert [city.draws(code) for code in "ab"] == [{2025: 1, 2026: 901}, {}]
