"""Bands cover the line from where they begin: no gap, no overlap, each end in exactly one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy.text.intervals import Interval, faults, interval_of, of_bands
from ledger.policy.text.published import load
from ledger.policy.text.terms import Operator

OPEN = Interval()


def above(low: int, high: int | None = None) -> Interval:
    """Without its beginning, with its end."""
    return Interval(low, high, low_in=False, high_in=True)


@pytest.mark.parametrize(
    ("op", "inside", "outside"),
    [(">=", (5, 6), (4,)), (">", (6,), (4, 5)), ("<=", (4, 5), (6,)), ("<", (4,), (5, 6))],
)
def test_a_comparison(op: Operator, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    interval = interval_of(op, 5)
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)
    assert "5" not in interval


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([Interval(1, 3), Interval(3, 5), Interval(5)], []),
        ([above(1, 3), above(3, 5), above(5)], []),
        ([Interval(1, 3), Interval(4, 5), Interval(5)], [(1, "band_gap")]),
        (
            [Interval(1, 3), Interval(3, 5, low_in=False), Interval(5)],
            [(1, "band_gap")],
        ),  # 3 is in none
        ([Interval(1, 3, high_in=True), Interval(3)], [(1, "band_overlap")]),  # 3 is in both
        ([Interval(1, 4), Interval(3, 5), Interval(5)], [(1, "band_overlap")]),
        ([Interval(1, 3), Interval(2, 2), Interval(3)], [(1, "band_empty")]),
        ([Interval(1, 3), Interval(3, 5)], [(1, "band_ended")]),
        ([Interval(1), Interval(3)], [(1, "band_overlap")]),
        ([Interval(3), Interval(1, 3)], [(0, "band_order")]),
        ([Interval(3, 5), Interval(1, 2), Interval(5)], [(0, "band_order"), (0, "band_gap")]),
        ([Interval(1, 9), Interval(2, 3), Interval(9)], [(1, "band_overlap")]),  # one in another
    ],
)
def test_what_is_wrong_with_bands(pieces: list[Interval], told: list[tuple[int, str]]) -> None:
    assert list(faults(pieces)) == told


cuts = st.lists(st.integers(-20, 20), min_size=1, max_size=6, unique=True).map(sorted)
ends = st.one_of(st.none(), st.integers(-5, 5))
intervals = st.builds(Interval, ends, ends, st.booleans(), st.booleans())


@given(cuts, st.booleans())
def test_cuts_make_a_partition(at: list[int], included: bool) -> None:
    pieces = [
        Interval(low, high, low_in=included, high_in=not included)
        for low, high in zip(at, [*at[1:], None], strict=True)
    ]
    assert not list(faults(pieces))
    for value in (Fraction(n, 2) for n in range(-44, 45)):
        expected = 1 if value > at[0] or (included and value == at[0]) else 0
        assert sum(value in piece for piece in pieces) == expected


@given(st.lists(intervals, min_size=1, max_size=4))
def test_no_fault_means_that_every_value_is_in_one_piece(pieces: list[Interval]) -> None:
    if list(faults(pieces)):
        return
    counts = [sum(Fraction(n, 2) in piece for piece in pieces) for n in range(-14, 15)]
    begun = counts.index(1) if 1 in counts else 0
    assert set(counts[begun:]) == {1}
    assert set(counts[:begun]) <= {0}


@given(intervals, intervals)
def test_what_is_in_both_and_on_either_side(interval: Interval, other: Interval) -> None:
    for value in (Fraction(n, 2) for n in range(-14, 15)):
        assert (value in interval.meet(other)) == (value in interval and value in other)
        if not interval.empty:
            assert [value in interval.before(), value in interval, value in interval.after()].count(
                True
            ) == 1
    if interval.empty:
        assert not any(Fraction(n, 4) in interval for n in range(-40, 40))


@pytest.mark.parametrize("clause", ["04-1", "04-2", "07-1", "12-1"])
def test_the_bands_of_the_text(clause: str) -> None:
    found_clause = load("yinchuan-2024-draft").clause(clause)
    assert found_clause
    assert not list(faults(of_bands(found_clause.amount)))
    assert OPEN.meet(of_bands(found_clause.amount)[0]) == of_bands(found_clause.amount)[0]
