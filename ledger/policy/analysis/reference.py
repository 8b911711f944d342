"""Compute decisions on complete facts in another way than the engine, to check it.

The engine compares with a threshold; here a value lies in an interval or not. It counts the bands
that have begun; here the band containing the value is taken. It rounds with integers; here an exact
fraction is compared with the sums on either side. Marginal shares are added by band there, by
threshold here.
"""

from fractions import Fraction
from math import floor
from typing import NamedTuple

from ledger.policy.analysis.witness import Facts, value_of
from ledger.policy.codes import Result
from ledger.policy.decide.formulas import UNITS
from ledger.policy.text.amounts import Amount
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.intervals import Number, interval_of, of_bands
from ledger.units import Fen


class Outcome(NamedTuple):
    """What is awarded, in its one kind."""

    amount_fen: Fen | None = None
    ceiling_fen: Fen | None = None
    posts: int | None = None


NO_AWARD = Outcome()


def expected(policy: Policy, clause: Clause, facts: Facts) -> tuple[Result, Outcome]:
    """Return the result that must come out on these complete and valid facts."""
    amount = clause.amount
    states = [
        _state(policy, requirement, facts)
        for requirement in (*policy.scope.require, *clause.require)
    ]
    base = value_of(policy, facts, amount.base or "")
    in_none = amount.bands and not any(base in piece for piece in of_bands(amount))
    if False in states or in_none:
        return Result.INELIGIBLE, NO_AWARD
    rate = _rate(policy, amount, facts)
    if None in states or amount.kind == "negotiated" or (amount.rate and rate is None):
        return Result.JUDGEMENT, NO_AWARD
    amount = amount.model_copy(update={"rate": rate})
    whole = award(policy, amount, base, value_of(policy, facts, amount.limit or ""))
    paid = value_of(policy, facts, amount.paid or "")
    return Result.ELIGIBLE, after(amount, whole, int(paid or 0))


def _rate(policy: Policy, amount: Amount, facts: Facts) -> Fraction | None:
    """Return the rate that applies; None if there is none, or a person must judge."""
    if amount.rates is None:
        return amount.rate
    applicable: list[Fraction] = []
    for case in amount.rates.cases:
        states = {_state(policy, requirement, facts) for requirement in case.require}
        if states == {True}:
            applicable.append(case.rate)
            if amount.rates.combine == "first":
                return case.rate
        elif False not in states:
            return None
    return max([*applicable, amount.rate or Fraction(0)])


def _state(policy: Policy, requirement: Requirement, facts: Facts) -> bool | None:
    """Return whether a condition is met; None if a person must judge."""
    value = facts.get(requirement.fact)
    exempt = (
        requirement.unless is not None
        and facts.get(requirement.unless.fact) in requirement.unless.value
    )
    if isinstance(requirement.value, tuple):
        if value in requirement.judgement:
            return True if exempt else None
        return exempt or value in requirement.value
    if isinstance(requirement.value, bool):
        return exempt or value is requirement.value
    return exempt or value_of(policy, facts, requirement.fact) in interval_of(
        requirement.op, requirement.value
    )


def award(policy: Policy, amount: Amount, base: Number | None, limit: Number | None) -> Outcome:
    """Return the award of an applicant who meets all conditions and was paid nothing before."""
    if amount.kind == "rate" and base is not None and amount.rate is not None:
        sum_fen = _nearest(policy, Fraction(base) * amount.rate)
        return Outcome(amount_fen=sum_fen if amount.cap is None else min(sum_fen, amount.cap.fen))
    if amount.kind == "ceiling" and amount.cap is not None:
        within = amount.cap.fen if limit is None else min(limit, amount.cap.fen)
        return Outcome(ceiling_fen=int(within))
    if base is None or not amount.bands:
        return NO_AWARD
    return _in_bands(amount, base)


def after(amount: Amount, whole: Outcome, paid: Fen) -> Outcome:
    """Return what remains of an award after an earlier payment."""
    if amount.paid is None:
        return whole
    if whole.ceiling_fen is not None:
        return Outcome(ceiling_fen=max(0, whole.ceiling_fen - paid))
    if whole.amount_fen is None:
        return whole
    remaining = whole.amount_fen - paid
    if paid and amount.mode == "once":
        remaining = 0
    elif paid and amount.mode == "single":
        remaining = min(0, remaining)
    return Outcome(amount_fen=remaining)


def _in_bands(amount: Amount, base: Number) -> Outcome:
    pieces = of_bands(amount)
    index = next(i for i, piece in enumerate(pieces) if base in piece)
    band = amount.bands[index]
    if amount.kind == "quota":
        if amount.mode == "slab":
            return Outcome(posts=floor(base * band.gives))
        shares = [Fraction(0), *(Fraction(band.gives) for band in amount.bands)]
        starts = [Fraction(0), *(Fraction(band.low) for band in amount.bands[1:])]
        steps = zip(shares[1:], shares, starts, strict=False)
        exact = sum(
            (now - previous) * max(Fraction(0), base - start) for now, previous, start in steps
        )
        return Outcome(posts=floor(exact))
    if amount.kind == "bands":
        return Outcome(ceiling_fen=int(band.gives))
    bands = amount.bands[: index + 1] if amount.mode == "accumulate" else [band]
    return Outcome(amount_fen=sum(int(band.gives) for band in bands))


def _nearest(policy: Policy, exact: Fraction) -> Fen:
    """Round to whole units: the nearer one, the upper one when equally near."""
    unit = UNITS[policy.rounding.unit]
    below = floor(exact / unit) * unit
    if policy.rounding.mode == "down" or exact - below < below + unit - exact:
        return below
    return below + unit
