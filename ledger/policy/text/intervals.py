"""Intervals of the number line: whether they leave a gap, overlap, or cover it.

Bands and ladders are lists of intervals, and a comparison with a threshold is one: `>= 5` is
everything from 5 on, 5 included. Each end is included or not, so that 30亿元 is in exactly one
band. Ends are exact; None is open.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.policy.text.amounts import Amount
from ledger.policy.text.terms import Operator

Number = int | Fraction
Fault = Literal["band_empty", "band_gap", "band_overlap", "band_order", "band_ended"]


class Interval(NamedTuple):
    """From `low` to `high`, each end included or not."""

    low: Number | None = None
    high: Number | None = None
    low_in: bool = True
    high_in: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, (int, Fraction)):
            return False
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return above and below

    @property
    def empty(self) -> bool:
        """Whether it contains no number."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (
            self.low == self.high and not (self.low_in and self.high_in)
        )

    def meet(self, second: "Interval") -> "Interval":
        """Return the intersection."""
        low, low_in = _later((self.low, self.low_in), (second.low, second.low_in))
        high, high_in = _earlier((self.high, self.high_in), (second.high, second.high_in))
        return Interval(low, high, low_in, high_in)

    def after(self) -> "Interval":
        """Return everything above it; empty if it has no end."""
        if self.high is None:
            return _NONE
        return Interval(self.high, low_in=not self.high_in)

    def before(self) -> "Interval":
        """Return everything below it; empty if it has no start."""
        if self.low is None:
            return _NONE
        return Interval(None, self.low, high_in=not self.low_in)


_NONE = Interval(0, 0, low_in=False)


def _later(
    first: tuple[Number | None, bool], second: tuple[Number | None, bool]
) -> tuple[Number | None, bool]:
    if first[0] is None or second[0] is None:
        return second if first[0] is None else first
    if first[0] == second[0]:
        return first[0], first[1] and second[1]
    return max(first, second, key=lambda end: Fraction(end[0] or 0))


def _earlier(
    first: tuple[Number | None, bool], second: tuple[Number | None, bool]
) -> tuple[Number | None, bool]:
    if first[0] is None or second[0] is None:
        return second if first[0] is None else first
    if first[0] == second[0]:
        return first[0], first[1] and second[1]
    return min(first, second, key=lambda end: Fraction(end[0] or 0))


def interval_of(op: Operator, threshold: Number) -> Interval:
    """Return the values that satisfy a comparison."""
    if op in (">=", ">"):
        return Interval(threshold, low_in=op == ">=")
    return Interval(None, threshold, high_in=op == "<=")


def of_bands(amount: Amount) -> tuple[Interval, ...]:
    """Return the bands of an amount."""
    included = amount.bound == "included"
    return tuple(
        Interval(band.low, band.high, low_in=included, high_in=not included)
        for band in amount.bands
    )


def faults(pieces: Sequence[Interval]) -> Iterator[tuple[int, Fault]]:
    """Yield why intervals do not cover the line from the first one's start, each fault once.

    The number is that of the piece at fault. Pieces that meet are told by the later one.
    """
    for i, piece in enumerate(pieces):
        if piece.empty:
            yield i, "band_empty"
        elif any(not piece.meet(earlier).empty for earlier in pieces[:i]):
            yield i, "band_overlap"
        elif any(not piece.before().meet(earlier).empty for earlier in pieces[i + 1 :]):
            yield i, "band_order"
    for i, gap in _gaps(pieces):
        yield i, "band_ended" if gap.high is None else "band_gap"


def _gaps(pieces: Sequence[Interval]) -> Iterator[tuple[int, Interval]]:
    """Yield what is not covered, with the number of the interval after it."""
    if not pieces:
        return
    gaps = _without(Interval(), [piece for piece in pieces if not piece.empty])
    for gap in gaps:
        if gap.low is None:
            continue  # below the first threshold there is nothing to have
        ends = [i for i, piece in enumerate(pieces) if piece.low == gap.high and not piece.empty]
        yield (ends[0] if gap.high is not None else len(pieces) - 1), gap


def _without(whole: Interval, pieces: Iterable[Interval]) -> list[Interval]:
    remaining = [whole]
    for piece in pieces:
        sides = [(piece.before().meet(part), piece.after().meet(part)) for part in remaining]
        remaining = [part for pair in sides for part in pair if not part.empty]
    return sorted(remaining, key=lambda part: Fraction(part.low or 0))
