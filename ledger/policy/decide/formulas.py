"""The formulas: the award once all conditions are met.

Each is compiled when a version is read, and uses exact integers: rate × base is rounded once to the
version's unit, then capped, then reduced by earlier payments. So many draws never drift from one,
and a red invoice gives a negative draw.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.policy.decide.tree import Step
from ledger.policy.text.amounts import Amount, Band
from ledger.policy.text.clauses import Rounding
from ledger.units import Fen

UNITS: Mapping[str, Fen] = MappingProxyType(
    {"fen": 1, "yuan": 100, "hundred_yuan": 10_000, "wan": 1_000_000}
)


class Award(NamedTuple):
    """What a formula gives: its steps, and one kind of outcome."""

    steps: tuple[Step, ...] = ()
    amount_fen: Fen | None = None
    ceiling_fen: Fen | None = None
    posts: int | None = None


Formula = Callable[[Mapping[str, Any]], Award]


def formula(amount: Amount, rounding: Rounding) -> Formula:
    """Compile the formula of an award."""
    return _MAKERS[amount.kind](amount, rounding)


def round_sum(num: int, den: int, rounding: Rounding) -> Fen:
    """Round num/den fen, not negative, to the version's unit: 四舍五入, or 舍去."""
    unit = UNITS[rounding.unit]
    if rounding.mode == "down":
        return num // (den * unit) * unit
    return (2 * num + den * unit) // (2 * den * unit) * unit


def bands_reached(amount: Amount, value: Fraction | int) -> int:
    """Return how many bands have begun at this value."""
    if amount.bound == "included":
        return sum(band.low <= value for band in amount.bands)
    return sum(band.low < value for band in amount.bands)


def _rate(amount: Amount, rounding: Rounding) -> Formula:
    base, paid, cap = amount.base or "", amount.paid, amount.cap.fen if amount.cap else None
    rate = amount.rate or Fraction(0)
    num, den, single = rate.numerator, rate.denominator, amount.mode == "single"
    unit = UNITS[rounding.unit]

    def give(values: Mapping[str, Any]) -> Award:
        value = values[base]
        over, under = value.numerator * num, value.denominator * den
        sum_fen = round_sum(over, under, rounding)
        exact = Fraction(over, under) if over % under else over // under
        steps = [
            Step("base", base, None, value),
            Step("rate", "", rate, exact),
            Step("round", "", unit, sum_fen),
        ]
        if cap is not None:
            sum_fen = min(sum_fen, cap)
            steps.append(Step("cap", "", cap, sum_fen))
        if paid is not None:
            before = values[paid]
            remaining = sum_fen - before
            sum_fen = min(remaining, 0) if single and before else remaining
            steps.append(Step("paid", paid, before, sum_fen))
        return Award(tuple(steps), amount_fen=sum_fen)

    return give


def _bands(amount: Amount, _: Rounding) -> Formula:
    base, paid = amount.base or "", amount.paid

    def give(values: Mapping[str, Any]) -> Award:
        value = values[base]
        index = bands_reached(amount, value) - 1
        ceiling = int(amount.bands[index].gives)
        steps = [Step("base", base, None, value), Step("band", "", index, ceiling)]
        if paid is not None:
            ceiling = max(0, ceiling - values[paid])
            steps.append(Step("paid", paid, values[paid], ceiling))
        return Award(tuple(steps), ceiling_fen=ceiling)

    return give


def _ladder(amount: Amount, _: Rounding) -> Formula:
    base, paid, mode = amount.base or "", amount.paid or "", amount.mode

    def give(values: Mapping[str, Any]) -> Award:
        value, before = values[base], values[paid]
        count = bands_reached(amount, value)
        steps = [Step("base", base, None, value)]
        total = 0
        for index in range(count):
            total = (total if mode == "accumulate" else 0) + int(amount.bands[index].gives)
            if mode == "accumulate" or index == count - 1:
                steps.append(Step("band", "", index, total))
        remaining = 0 if mode == "once" and before else total - before
        steps.append(Step("paid", paid, before, remaining))
        return Award(tuple(steps), amount_fen=remaining)

    return give


def _ceiling(amount: Amount, _: Rounding) -> Formula:
    cap, limit = amount.cap.fen if amount.cap else 0, amount.limit

    def give(values: Mapping[str, Any]) -> Award:
        steps = [Step("cap", "", cap, cap)]
        ceiling = cap
        if limit is not None:
            ceiling = min(cap, values[limit])
            steps.append(Step("limit", limit, values[limit], ceiling))
        return Award(tuple(steps), ceiling_fen=ceiling)

    return give


def _quota(amount: Amount, _: Rounding) -> Formula:
    base, marginal = amount.base or "", amount.mode == "marginal"

    def give(values: Mapping[str, Any]) -> Award:
        value = values[base]
        index = bands_reached(amount, value) - 1
        band = amount.bands[index]
        exact = _marginal(amount.bands[: index + 1], value) if marginal else value * band.gives
        posts = int(exact)  # not negative: to the whole post below
        steps = (
            Step("base", base, None, value),
            Step("band", "", index, band.gives),
            Step("share", "", band.gives, exact),
            Step("floor", "", 1, posts),
        )
        return Award(steps, posts=posts)

    return give


def _marginal(bands: tuple[Band, ...], value: int) -> Fraction:
    """Sum each band's share of the seats in it; the first counts from the first seat."""
    total, start = Fraction(0), Fraction(0)
    for band in bands:
        end = value if band is bands[-1] else min(Fraction(value), Fraction(band.high or value))
        total += (Fraction(end) - start) * band.gives
        start = Fraction(end)
    return total


def _no_formula(_: Amount, __: Rounding) -> Formula:
    return lambda _: Award()


_MAKERS: Mapping[str, Callable[[Amount, Rounding], Formula]] = MappingProxyType(
    {
        "rate": _rate,
        "bands": _bands,
        "ladder": _ladder,
        "ceiling": _ceiling,
        "quota": _quota,
        "negotiated": _no_formula,
        "support": _no_formula,
    }
)
