"""Find the smallest base at which an award reaches a sum, such as its cap.

It bisects the possible range of the base and asks only the engine, so that rounding, deductions and
everything else are included.
"""

from fractions import Fraction

from ledger.policy.analysis.witness import Facts, conditions, place, step
from ledger.policy.decide.engine import decide
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.intervals import Interval, Number, interval_of
from ledger.units import Fen

_FAR = 10**15 - 1  # no fact is more


def first_reached(policy: Policy, clause: Clause, facts: Facts, fen: Fen) -> Number | None:
    """Return the smallest base at which an award is at least this sum, other facts unchanged.

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
    """Return the range of steps that the conditions on the base allow."""
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
