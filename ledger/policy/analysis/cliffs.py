"""Cliffs: where one fen, one seat or one piece more changes an award by a large step.

They are found at every threshold and band, from the award just before and just after (499 seats
give 149 posts, 500 give 200). Applicants of a register within one per cent of a cliff, with no
other obstacle, are counted, and the nearest are listed.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from ledger.policy.decide.engine import lowest
from ledger.policy.decide.formulas import Award, Formula, formula
from ledger.policy.decide.tree import Decision, JudgedCondition, Quotient
from ledger.policy.text.amounts import Amount
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.terms import BOUNDS, Operator

NEAR = 100  # within a hundredth of the threshold
Gives = Literal["fen", "ceiling_fen", "posts", "support"]


@dataclass
class Cliff:
    """A threshold, and the award just before and just after it.

    `after` is None if the whole award depends on it. `short` and `past` count the applicants near
    it on either side; `nearest` are (number, value, distance), the nearest first.
    """

    clause: str
    fact: str
    op: Operator
    threshold: int | Fraction
    gives: Gives
    before: int | None = None
    after: int | None = None
    short: int = 0
    past: int = 0
    _nearest: list[tuple[Fraction, int, str, int | Fraction]] = field(default_factory=list)

    @property
    def adds(self) -> int | None:
        """What the last step over the threshold adds."""
        return None if self.after is None else self.after - (self.before or 0)

    @property
    def nearest(self) -> tuple[tuple[str, int | Fraction], ...]:
        """The nearest applicants and their values."""
        return tuple((number, value) for _, _, number, value in sorted(self._nearest, reverse=True))

    def meet(self, number: str, value: int | Fraction, turn: int, keep: int, *, over: bool) -> None:
        """Count an applicant near it."""
        if over:
            self.past += 1
        else:
            self.short += 1
        entry = (-abs(Fraction(value - self.threshold)), -turn, number, value)
        if len(self._nearest) < keep:
            heapq.heappush(self._nearest, entry)
        else:
            heapq.heappushpop(self._nearest, entry)


class Cliffs:
    """The cliffs of a version, and the applicants of a register near them."""

    def __init__(self, policy: Policy, keep: int) -> None:
        self._keep = keep
        self._conditions: dict[str, list[tuple[int, Cliff]]] = defaultdict(list)
        self._bands: dict[str, list[Cliff]] = defaultdict(list)
        self.all: list[Cliff] = []
        for clause in policy.clauses:
            give = formula(clause.amount, policy.rounding)
            requirements = (*policy.scope.require, *clause.require, *lowest(clause))
            for index, requirement in enumerate(requirements):
                if requirement.op in BOUNDS:
                    cliff = _at_condition(clause, requirement, give)
                    self._conditions[clause.id].append((index, cliff))
                    self.all.append(cliff)
            self._bands[clause.id] = list(_at_bands(clause, give))
            self.all += self._bands[clause.id]

    def watch(self, clause: str, number: str, turn: int, decision: Decision) -> None:
        """Count an applicant near a cliff that alone decides."""
        proof = decision.proof
        if proof is None or decision.missing or len(decision.unmet) > 1:
            return
        only = decision.unmet[0] if decision.unmet else None
        for index, cliff in self._conditions.get(clause, ()):
            condition = proof.conditions[index]
            if only is not None and condition is not only:
                continue
            value = _value(condition)
            if value is not None and _near(value, cliff.threshold):
                cliff.meet(number, value, turn, self._keep, over=only is None)
        if only is None and proof.steps:
            value = proof.steps[0].value
            for cliff in self._bands.get(clause, ()):
                if _near(value, cliff.threshold):
                    over = value >= cliff.threshold if cliff.op == ">=" else value > cliff.threshold
                    cliff.meet(number, value, turn, self._keep, over=over)


def _near(value: int | Fraction, threshold: int | Fraction) -> bool:
    return abs(Fraction(value - threshold)) * NEAR <= threshold


def _value(condition: JudgedCondition) -> int | Fraction | None:
    value = condition.value.value if isinstance(condition.value, Quotient) else condition.value
    return None if isinstance(value, (bool, str)) else value


def _at_condition(clause: Clause, requirement: Requirement, give: Formula) -> Cliff:
    threshold, amount = requirement.value, clause.amount
    assert isinstance(threshold, (int, Fraction))  # noqa: S101 - an ordered comparison
    cliff = Cliff(clause.id, requirement.fact, requirement.op, threshold, _gives(amount), before=0)
    if requirement.fact == amount.base and requirement.op in (">=", ">"):
        cliff.after = _outcome(_award(amount, give, threshold + (requirement.op == ">")))
    elif amount.kind == "ceiling" and amount.limit is None and amount.cap:
        cliff.after = amount.cap.fen
    return cliff


def _at_bands(clause: Clause, give: Formula) -> Iterator[Cliff]:
    """Yield the cliffs from the second band on, as the first is a condition."""
    amount = clause.amount
    step, op = (0, ">=") if amount.bound == "included" else (1, ">")
    for band in amount.bands[1:]:
        before = _outcome(_award(amount, give, band.low + step - 1))
        after = _outcome(_award(amount, give, band.low + step))
        if after - before > 1:
            operator: Operator = ">=" if op == ">=" else ">"
            yield Cliff(
                clause.id, amount.base or "", operator, band.low, _gives(amount), before, after
            )


def _award(amount: Amount, give: Formula, value: int | Fraction) -> Award:
    return give({amount.base or "": value, amount.paid or "": 0})


def _outcome(award: Award) -> int:
    return award.amount_fen or award.ceiling_fen or award.posts or 0


def _gives(amount: Amount) -> Gives:
    if amount.kind in ("rate", "ladder"):
        return "fen"
    if amount.kind in ("bands", "ceiling"):
        return "ceiling_fen"
    return "posts" if amount.kind == "quota" else "support"
