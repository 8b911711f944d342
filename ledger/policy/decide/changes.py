"""What would change a decision: the distance to each threshold, and the decision beyond it.

For an unmet condition: the value that the fact would need, and the decision if that one fact
changed. For an award: the base at which its cap is reached or the next band begins. Computed on
request, from the decision's proof.
"""

from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.policy.decide.engine import decide
from ledger.policy.decide.formulas import UNITS, bands_reached
from ledger.policy.decide.tree import Decision, FactValue, JudgedCondition
from ledger.policy.text.amounts import Amount
from ledger.policy.text.clauses import Policy, Rounding
from ledger.policy.text.terms import BOUNDS
from ledger.units import Fen

ChangeKind = Literal["condition", "cap", "band"]


class Change(NamedTuple):
    """A fact, the value it would need, the distance to it, and the decision then.

    `to` is a value, or the choices any of which would do; `distance` is None if it cannot be
    measured; `then` is None if no single given fact can be named (a ratio).
    """

    kind: ChangeKind
    fact: str
    to: FactValue | tuple[str, ...]
    distance: int | Fraction | None
    then: Decision | None


def changes(policy: Policy, decision: Decision) -> tuple[Change, ...]:
    """Return what would change this decision, condition by condition."""
    proof = decision.proof
    if proof is None:
        return ()
    found_changes = [_condition(policy, decision, condition) for condition in decision.unmet]
    if decision.result == "eligible" and proof.steps and proof.steps[0].kind == "base":
        found_changes += _further(policy, decision)
    return tuple(found_changes)


def _condition(policy: Policy, decision: Decision, condition: JudgedCondition) -> Change:
    requirement = condition.requirement
    threshold, distance = requirement.value, condition.distance
    if isinstance(threshold, tuple):
        then = _with(policy, decision, requirement.fact, threshold[0]) if threshold else None
        return Change("condition", requirement.fact, threshold, None, then)
    if isinstance(threshold, bool) or distance is None:
        then = _with(policy, decision, requirement.fact, threshold)
        return Change("condition", requirement.fact, threshold, None, then)
    target: int | Fraction = threshold
    if BOUNDS[requirement.op] == "excluded" and isinstance(threshold, int):
        target += 1 if requirement.op == ">" else -1  # the next fen, seat or piece
    then = _with_shift(policy, decision, requirement.fact, target - threshold - distance)
    return Change("condition", requirement.fact, target, target - threshold - distance, then)


def _further(policy: Policy, decision: Decision) -> list[Change]:
    """Return where the award grows by a step, and where it stops growing."""
    proof = decision.proof
    assert proof is not None  # noqa: S101 - it was decided
    amount, base = proof.clause.amount, proof.steps[0]
    target = _next_band(amount, base.value) if amount.bands else None
    kind: ChangeKind = "band" if amount.bands else "cap"
    if amount.cap is not None and proof.rate is not None:
        target = full_at(proof.rate.rate, amount.cap.fen, policy.rounding)
    if target is None or target <= base.value:
        return []
    further = target - base.value
    then = _with_shift(policy, decision, base.name, further)
    return [Change(kind, base.name, target, further, then)]


def _next_band(amount: Amount, value: int | Fraction) -> int | Fraction | None:
    index = bands_reached(amount, value)
    if index >= len(amount.bands):
        return None
    return amount.bands[index].low + (0 if amount.bound == "included" else 1)


def full_at(rate: Fraction, cap: Fen, rounding: Rounding) -> int:
    """Return the smallest base, in whole fen, at which the award reaches its cap after rounding."""
    unit = UNITS[rounding.unit]
    least = Fraction(-(-cap // unit) * unit)
    if rounding.mode == "half_up":
        least -= Fraction(unit, 2)
    base = least / rate
    return -(-base.numerator // base.denominator)


def _with_shift(
    policy: Policy, decision: Decision, fact: str, by: int | Fraction
) -> Decision | None:
    """Decide again with a fact (or its first input) increased by an amount."""
    derivation = policy.derived.get(fact)
    if derivation is not None:
        if derivation.ratio:
            return None
        fact = derivation.plus[0]
    facts = decision.proof.facts if decision.proof else {}
    value = facts.get(fact)
    if isinstance(value, str):
        return _with(policy, decision, fact, decimal_text(Fraction(value) + by))
    if not isinstance(value, int) or Fraction(by).denominator != 1:
        return None
    return _with(policy, decision, fact, value + int(by))


def _with(policy: Policy, decision: Decision, fact: str, value: object) -> Decision | None:
    proof = decision.proof
    if proof is None or value is None:
        return None
    return decide(policy, proof.clause.id, {**proof.facts, fact: value})


def decimal_text(value: Fraction) -> str | None:
    """Write an exact decimal; None if it does not terminate."""
    places = 0
    while value.denominator != 1 and (value * 10**places).denominator != 1:
        places += 1
        if places > 12:  # noqa: PLR2004 - no fact has more decimals
            return None
    sign = "-" if value < 0 else ""
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
