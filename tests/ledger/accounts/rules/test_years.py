"""Caps for the years, pools and the cap for life: what they let through, what each cuts off."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounts.rules.years import (
    Limits,
    Metered,
    Pool,
    Wait,
    draws,
    queue,
    shares,
    target_of,
    whole_fen,
    year_moves,
)
from ledger.units import round_half_up

sums = st.fractions(min_value=0, max_value=90, max_denominator=30)
exacts = st.dictionaries(st.integers(2024, 2028), st.tuples(sums, sums), max_size=5)
fen = st.integers(0, 60)
waits = st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=6).map(
    lambda rows: tuple(Wait(n, part, own) for n, (own, part) in enumerate(rows))
)
pools = st.builds(Pool, st.integers(0, 80), waits)
limits = st.builds(Limits, st.none() | st.integers(1, 60), st.none() | pools, fen)
metered = st.dictionaries(st.integers(2024, 2027), st.builds(Metered, fen, fen), max_size=4)


@given(exacts)
def test_years_add_up_to_the_sum_that_is_rounded_once(
    exact: dict[int, tuple[Fraction, Fraction]],
) -> None:
    of_years = {year: (fen, fen + more) for year, (fen, more) in exact.items()}
    parts = whole_fen(of_years)
    first = sum((part for part, _ in of_years.values()), Fraction(0))
    whole = sum((part for _, part in of_years.values()), Fraction(0))
    assert sum(part.earned_fen for part in parts.values()) == round_half_up(first)
    assert sum(part.earned_fen + part.provisional_fen for part in parts.values()) == round_half_up(
        whole
    )
    assert all(min(part.earned_fen, part.provisional_fen) >= 0 for part in parts.values())


@given(metered, st.dictionaries(st.integers(2024, 2027), limits), st.integers(0, 200))
def test_every_fen_is_let_through_or_cut_by_one_of_them(
    of_years: dict[int, Metered], bounds: dict[int, Limits], room: int
) -> None:
    parts = shares(of_years, bounds, room)
    for part in parts:
        own = bounds.get(part.year, Limits())
        whole = of_years[part.year]
        assert part.metered_fen == whole.earned_fen + whole.provisional_fen
        assert min(vars(part).values()) >= 0
        assert part.waiting_fen <= part.over_pool_fen
        through = part.earned_fen + part.provisional_fen
        assert own.cap_fen is None or through <= own.cap_fen
        assert part.earned_fen <= whole.earned_fen
        if own.pool is not None:
            assert part.earned_fen - own.drawn_fen <= own.pool.free_fen
    goal = target_of(parts)
    assert goal.provisional_fen <= room
    assert goal.earned_fen <= goal.provisional_fen == goal.uncapped_fen - goal.cut_fen


@given(metered, st.integers(0, 200))
def test_without_limits_it_is_the_cap_for_life_alone(
    of_years: dict[int, Metered], room: int
) -> None:
    goal = target_of(shares(of_years, {}, room))
    first = sum(part.earned_fen for part in of_years.values())
    whole = first + sum(part.provisional_fen for part in of_years.values())
    assert (goal.earned_fen, goal.provisional_fen) == (min(first, room), min(whole, room))


@given(pools, fen)
def test_a_pool_serves_fen_by_fen_in_their_order(pool: Pool, wish: int) -> None:
    line = [wait.own for wait in pool.waits for _ in range(wait.fen)]
    while line.count(True) > wish:  # the newest of its own no longer waits
        del line[len(line) - 1 - line[::-1].index(True)]
    line += [True] * (wish - line.count(True))
    assert pool.grant(wish) == line[: pool.free_fen].count(True)


def test_a_negative_room_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="negative"):
        shares({}, {}, -1)


@pytest.mark.parametrize(
    ("gains", "before", "recognised", "goal"),
    [
        ({2025: 30}, {2025: 50}, 30, {2025: 30}),
        ({2025: 30}, {2025: 50}, 45, {2025: 45}),  # 15 are on their way to the bank
        ({2025: 30, 2026: 10}, {2025: 50, 2026: 40}, 65, {2025: 50, 2026: 15}),
        ({2025: 30}, {2025: 20}, 70, {2025: 30}),  # what a bank undid was drawn by nobody
        ({}, {2025: 20}, 0, {2025: 0}),
    ],
)
def test_what_is_on_its_way_keeps_what_it_drew(
    gains: dict[int, int], before: dict[int, int], recognised: int, goal: dict[int, int]
) -> None:
    of_years = shares({year: Metered(part) for year, part in gains.items()}, {}, 1_000)
    assert draws(of_years, before, recognised) == goal


@given(st.lists(st.integers(1, 9), max_size=5), fen, fen)
def test_a_queue_is_served_in_front_and_left_at_the_end(
    own: list[int], front: int, rest: int
) -> None:
    remains, more = queue(own, front, rest)
    line = [n for n, part in enumerate(own) for _ in range(part)][front:][:rest]
    assert remains == [line.count(n) for n in range(len(own))]
    assert more == rest - len(line)


def test_moves_of_a_year() -> None:
    assert [(move.kind, move.amount) for move in year_moves(5, 8)] == [("draw", 3)]
    assert [(move.kind, move.amount) for move in year_moves(8, 5)] == [("undraw", 3)]
    assert year_moves(5, 5) == []
