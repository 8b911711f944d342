"""Parts of a payout by centre add up to it, to the fen."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.payment.queries.money_flow import split

WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 10**13), min_size=1, max_size=6)


@given(st.integers(0, 10**13), WEIGHTS.filter(lambda weights: any(weights.values())))
def test_the_parts_are_the_whole(fen: int, weights: dict[str, int]) -> None:
    parts = split(fen, weights)
    assert sum(parts.values()) == fen
    assert all(part == 0 for name, part in parts.items() if not weights[name])
    whole = sum(weights.values())
    assert all(abs(part * whole - fen * weights[name]) < whole for name, part in parts.items())
