"""Shares add up to the fen, and no share is a fen away from the exact one."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.payment.rules.shares import give_back, share_out


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


@pytest.mark.parametrize(
    ("fen", "nets", "expected"),
    [
        (101, [654, 280], [71, 30]),  # both had paid their shares: it comes back in the same
        (20, [70, 0], [20, 0]),  # only one of them has paid yet
        (70, [140, 30], [70, 0]),  # one of them paid twice
        (170, [140, 30], [140, 30]),
    ],
)
def test_what_remains_of_a_refund_is_borne_in_the_shares(
    fen: int, nets: list[int], expected: list[int]
) -> None:
    assert give_back(fen, [70, 30], nets) == expected


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 10**9)), min_size=2, max_size=5),
    st.fractions(0, 1),
)
def test_nobody_gets_back_what_it_has_not_paid(
    bearers: list[tuple[int, int]], part: Fraction
) -> None:
    weights, nets = [weight for weight, _ in bearers], [net for _, net in bearers]
    fen = int(sum(nets) * part)
    assume(fen)
    parts = give_back(fen, weights, nets)
    assert sum(parts) == fen
    assert all(0 <= back <= net for back, net in zip(parts, nets, strict=True))
