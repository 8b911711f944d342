"""The least base at which an award is so much: where a cap is reached, to the smallest step.

It is found by halving between the least and the most that the base may be, asking the engine alone;
rounding, deductions and whatever else the engine does are in the answer by themselves.
"""

from fractions import Fraction

from ledger.policy.analysis.witness import Facts, conditions, place, step
from ledger.policy.decide.engine import decide
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.intervals import Interval, Number, interval_of
from ledger.units import Fen

_FAR = 10**15 - 1  # no fact is more


def first_reached(policy: Policy, clause: Clause, facts: Facts, fen: Fen) -> Number | None:
    """The least base at which an award is at least so much, all other facts as they are.

    An award only grows with its base (`monotone.py`). None where it is never so much.
    """
    base = clause.amount.base or ""
    unit = step(policy, base)
    least, most = _range(policy, clause, base)

    def reaches(steps: int) -> bool:
        case = place(policy, facts, base, steps * unit)
        amount_fen = decide(policy, clause.id, case).amount_fen if case else None
        return amount_fen is not None and amount_fen >= fen

    if not reaches(most):
        return None
    if reaches(least):
        return least * unit
    while most - least > 1:
        middle = (least + most) // 2
        if reaches(middle):
            most = middle
        else:
            least = middle
    return most * unit


def _range(policy: Policy, clause: Clause, base: str) -> tuple[int, int]:
    """The steps from which and to which the conditions on the base let it go."""
    whole = Interval(0, _FAR, high_in=True)
    for requirement in conditions(policy, clause):
        if requirement.fact == base and not isinstance(requirement.value, (bool, tuple)):
            whole = whole.meet(interval_of(requirement.op, requirement.value))
    unit = step(policy, base)
    first, last = (int(Fraction(end or 0) / unit) for end in (whole.low, whole.high))
    return (
        first if first * unit in whole else first + 1,
        last if last * unit in whole else last - 1,
    )
