"""Caps for the years and yearly pools: who is recognised what, in whichever order it happens."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import groupby

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.errors import LedgerError, Refused
from tests.support.months.pooled_city import PooledCity
from tests.support.months.pools import PoolOracle
from tests.support.people import let_everybody_act
from tests.support.postgres import TEMPLATE, Server
from tests.support.vouchers import audit

LIFE = 1_000
DECEMBER, JANUARY, MARCH = date(2025, 12, 1), date(2026, 1, 1), date(2026, 3, 1)


@pytest.fixture
def city(owner: psycopg.Connection, engine: sa.Engine) -> Iterator[PooledCity]:
    yield PooledCity(owner, engine, "abc", LIFE)
    assert audit(owner) == []


def test_a_cap_for_the_year_cuts_that_year_and_flows_into_no_other(city: PooledCity) -> None:
    city.year_cap("a", 2025, 100)
    city.hold("a", DECEMBER, 500)  # 150 fen of it are earned
    city.hold("a", JANUARY, 200)
    city.accrue_all()
    assert city.draws("a") == {2025: 100, 2026: 60}
    assert city.rights("a").payable == 160
    city.year_cap("a", 2025, 130)
    assert city.draws("a") == {2025: 130, 2026: 60}


def test_a_cap_from_a_later_year_leaves_the_years_before(city: PooledCity) -> None:
    city.hold("a", DECEMBER, 500)
    city.hold("a", MARCH, 500)
    city.accrue_all()
    with pytest.raises(Refused, match="year_cap_below_drawn"):
        city.year_cap("a", 2026, 149)
    city.year_cap("a", 2026, 150)
    city.hold("a", MARCH, 900)
    city.hold("a", DECEMBER, 600)
    city.accrue_all()
    assert city.draws("a") == {2025: 180, 2026: 150}
    city.year_cap("a", 2026, None)
    assert city.draws("a") == {2025: 180, 2026: 270}


def test_what_the_clause_says_of_the_year_holds_from_the_opening(
    owner: psycopg.Connection, engine: sa.Engine
) -> None:
    city = PooledCity(owner, engine, "a", LIFE)
    owner.execute("UPDATE clauses SET year_cap_fen = 50")
    city.open("d")
    city.hold("d", MARCH, 900)
    city.accrue_all()
    assert city.draws("d") == {2026: 50}
    city.year_cap("d", 2026, 80)
    assert city.draws("d") == {2026: 80}


def test_a_pool_serves_who_is_recognised_first(city: PooledCity) -> None:
    city.pool(2026, 100)
    city.hold("c", MARCH, 200)
    city.accrue_all()
    city.hold("b", MARCH, 200)
    city.accrue_all()
    city.hold("a", MARCH, 200)
    city.accrue_all()
    assert [city.draws(code) for code in "abc"] == [{}, {2026: 40}, {2026: 60}]
    assert [(wait.project, wait.fen) for wait in city.read(2026).waits] == [("b", 20), ("a", 60)]


def test_what_falls_goes_to_who_waits_first(city: PooledCity) -> None:
    test_a_pool_serves_who_is_recognised_first(city)
    city.hold("c", MARCH, 100)  # 30 fewer
    city.accrue("c")
    city.accrue("a")  # it does not pass b
    assert city.draws("a") == {2026: 10}
    city.accrue_all()
    assert [city.draws(code) for code in "abc"] == [{2026: 10}, {2026: 60}, {2026: 30}]
    assert [(wait.project, wait.fen) for wait in city.read(2026).waits] == [("a", 50)]


def test_what_is_served_fell_in_the_same_round(city: PooledCity) -> None:
    city.pool(2026, 60)
    city.hold("c", MARCH, 200)
    city.accrue_all()
    city.hold("a", MARCH, 200)
    city.accrue_all()
    city.hold("c", MARCH, 0)  # it comes after a in a round
    city.accrue_all()
    assert [city.draws(code) for code in "ac"] == [{2026: 60}, {}]


def test_a_raised_pool_serves_at_once_and_a_lower_one_takes_nothing(city: PooledCity) -> None:
    test_a_pool_serves_who_is_recognised_first(city)
    city.pool(2026, 130)
    assert [city.draws(code) for code in "abc"] == [{2026: 10}, {2026: 60}, {2026: 60}]
    with pytest.raises(Refused, match="pool_below_drawn"):
        city.pool(2026, 129)


def test_a_pool_for_what_is_recognised_already(city: PooledCity) -> None:
    city.hold("a", MARCH, 200)
    city.hold("b", DECEMBER, 200)
    city.year_cap("b", 2030, 5)
    city.accrue_all()
    with pytest.raises(Refused, match="pool_below_drawn"):
        city.pool(2026, 59)
    city.pool(2026, 60)
    city.hold("b", MARCH, 10)
    city.accrue_all()
    assert [city.draws(code) for code in "ab"] == [{2026: 60}, {2025: 60}]
    assert city.read(2026).drawn_fen == 60


def test_a_voucher_that_is_opened_later_shares_the_pool(city: PooledCity) -> None:
    city.pool(2026, 100)
    city.hold("a", MARCH, 300)
    city.accrue_all()
    city.open("d")
    city.hold("d", MARCH, 300)
    city.accrue_all()
    assert [city.draws(code) for code in "ad"] == [{2026: 90}, {2026: 10}]


def test_a_clause_has_one_pool_a_year(city: PooledCity) -> None:
    city.pool(2026, 100)
    with pytest.raises(LedgerError, match="clause_in_pool"):
        city.pool(2026, 100, "另一个")
    city.pool(2027, 100)


def test_the_provisional_part_hinders_nobody_and_is_cut_with_the_rest(city: PooledCity) -> None:
    city.pool(2026, 100)
    city.meter("a", MARCH, 900)  # 270 fen, of which the pool would have 100
    city.accrue_all()
    assert (city.rights("a").accrued, city.draws("a")) == (100, {})
    city.hold("b", MARCH, 300)
    city.accrue_all()
    city.accrue_all()
    assert city.draws("b") == {2026: 90}
    assert city.rights("a").accrued == 10


def test_two_who_are_recognised_at_once_share_what_there_is(city: PooledCity) -> None:
    city.pool(2026, 100)
    for code in "abc":
        city.hold(code, MARCH, 300)
    start = threading.Barrier(3)

    def work(code: str) -> None:
        start.wait()
        city.accrue(code)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, "abc"))
    assert sum(city.draws(code).get(2026, 0) for code in "abc") == 100
    assert city.read(2026).waiting_fen == 170


def test_rounds_and_single_accruals_at_once_come_to_an_end(city: PooledCity) -> None:
    city.pool(2026, 100)
    for code in "abc":
        city.hold(code, MARCH, 300)
    works = [city.accrue_all, *(lambda code=code: city.accrue(code) for code in "cbaabc")]
    with ThreadPoolExecutor(7) as threads:
        for work in [threads.submit(work) for work in works]:
            work.result()
    city.accrue_all()
    assert city.read(2026).drawn_fen == 100


# Random histories.

CODES = "abc"
MONTHS = [date(2025, 11, 1), DECEMBER, JANUARY, MARCH, date(2027, 2, 1)]
codes = st.sampled_from(CODES)
years = st.sampled_from([2025, 2026, 2027])


class Histories(RuleBasedStateMachine):
    """The database and the oracle, step by step."""

    server: Server

    @initialize(cap=st.sampled_from([60, 150, LIFE]))
    def begin(self, cap: int) -> None:
        self.name = f"years_{next(self.server.numbers)}"
        self.database = self.server.create(self.name, TEMPLATE)
        self.owner = psycopg.connect(self.database.owner_url, autocommit=True)
        let_everybody_act(self.owner)
        self.engine = self.database.engine()
        self.city = PooledCity(self.owner, self.engine, CODES, cap)
        self.oracle = PoolOracle(dict.fromkeys(CODES, cap))
        self.by_year: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "owner"):
            try:
                assert audit(self.owner) == []
            finally:
                self.engine.dispose()
                self.owner.close()
                self.server.drop(self.name)

    @rule(code=codes, month=st.sampled_from(MONTHS), cost=st.integers(0, 333))
    def hold(self, code: str, month: date, cost: int) -> None:
        self.city.hold(code, month, cost)
        self.oracle.vouchers[code].matched[month] = cost
        self.city.accrue(code)
        self.oracle.accrue(code)

    @rule(month=st.sampled_from(MONTHS), costs=st.tuples(*[st.integers(0, 333)] * len(CODES)))
    def hold_many(self, month: date, costs: tuple[int, ...]) -> None:
        for code, cost in zip(CODES, costs, strict=True):
            self.city.hold(code, month, cost)
            self.oracle.vouchers[code].matched[month] = cost
        self.accrue_all()

    @rule()
    def accrue_all(self) -> None:
        self.city.accrue_all()
        self.oracle.accrue_all()

    @rule(year=years, cap=st.integers(1, 150))
    def pool(self, year: int, cap: int) -> None:
        if self.oracle.pools.get(year) == cap:
            return
        if cap < self.oracle.drawn_of(year):
            with pytest.raises(Refused, match="pool_below_drawn"):
                self.city.pool(year, cap)
            return
        self.city.pool(year, cap)
        self.oracle.pools[year] = cap
        self.by_year = set(CODES)
        self.oracle.accrue_all()

    @rule(code=codes, since=years, cap=st.none() | st.integers(1, 90))
    def year_cap(self, code: str, since: int, cap: int | None) -> None:
        voucher = self.oracle.vouchers[code]
        later = [since, *(year for year, _ in voucher.year_caps if year > since)]
        if all(voucher.year_cap(year) == cap for year in later):
            return
        fen_by_year = max((fen for year, fen in voucher.draws.items() if year >= since), default=0)
        if cap is not None and cap < fen_by_year:
            with pytest.raises(Refused, match="year_cap_below_drawn"):
                self.city.year_cap(code, since, cap)
            return
        self.city.year_cap(code, since, cap)
        self.by_year.add(code)
        voucher.year_caps.append((since, cap))
        self.oracle.accrue(code)

    @rule(code=codes, more=st.integers(1, 80))
    def raise_the_cap_for_life(self, code: str, more: int) -> None:
        self.oracle.vouchers[code].cap += more
        self.city.cap(code, self.oracle.vouchers[code].cap)
        self.city.accrue(code)
        self.oracle.accrue(code)

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "oracle"):
            return
        for code, voucher in self.oracle.vouchers.items():
            fen_by_year = {year: fen for year, fen in voucher.draws.items() if fen}
            assert self.city.rights(code).payable == sum(fen_by_year.values())
            if code in self.by_year:
                assert self.city.draws(code) == fen_by_year
        for year, cap in self.oracle.pools.items():
            pool = self.city.read(year)
            assert (pool.cap_fen, pool.drawn_fen) == (cap, self.oracle.drawn_of(year))
            assert pool.drawn_fen <= cap
            waits = [(wait.project, wait.fen) for wait in pool.waits]
            assert in_runs(waits) == in_runs(
                [(code, 1) for code in self.oracle.queues.get(year, [])]
            )


def in_runs(waits: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Neighbours of one voucher as one."""
    groups = groupby(waits, key=lambda wait: wait[0])
    return [(code, sum(fen for _, fen in group)) for code, group in groups]


def histories(server: Server, *, examples: int, steps: int, derandomize: bool) -> None:
    machine = type("Here", (Histories,), {"server": server})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, derandomize=derandomize,
            database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_years(postgres: Server) -> None:
    histories(postgres, examples=10, steps=15, derandomize=True)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_years_at_length(postgres: Server) -> None:
    histories(postgres, examples=200, steps=40, derandomize=False)
