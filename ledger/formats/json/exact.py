"""Exact quantities in JSON: an integer where they are whole, `"n/d"` where they are not."""

from fractions import Fraction
from typing import Annotated

from pydantic import PlainSerializer


def whole_or_ratio(value: Fraction) -> int | str:
    """A fraction as JSON has it: 3/1 → 3, 1/3 → `"1/3"`."""
    return value.numerator if value.denominator == 1 else str(value)


Exact = Annotated[Fraction, PlainSerializer(whole_or_ratio)]
