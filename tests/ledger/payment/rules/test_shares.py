"""Shares add up to the fen, and no share is a fen away from the exact one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.payment.rules.shares import share_out


@pytest.mark.parametrize(
    ("fen", "weights", "expected"),
    [
        (100, [70, 30], [70, 30]),
        (101, [70, 30], [71, 30]),  # 70.7 and 30.3: the larger remainder
        (1, [50, 50], [1, 0]),  # of equal remainders the earlier
        (5, [1, 1, 1], [2, 2, 1]),
        (0, [70, 30], [0, 0]),
    ],
)
def test_the_largest_remainder(fen: int, weights: list[int], expected: list[int]) -> None:
    assert share_out(fen, weights) == expected


@given(st.integers(0, 10**15), st.lists(st.integers(1, 10**6), min_size=1, max_size=9))
def test_shares_are_exact(fen: int, weights: list[int]) -> None:
    parts = share_out(fen, weights)
    assert sum(parts) == fen
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(fen * weight, sum(weights))) < 1
