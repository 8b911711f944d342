"""A decision and its proof, as values.

A condition keeps the fact's value and the threshold it was compared with; a step of arithmetic
keeps its operand and its result, exactly. Messages in any language, and the record that an auditor
replays, are built from these.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.errors import Finding
from ledger.policy.codes import ConditionState, Result
from ledger.policy.text.clauses import Clause
from ledger.policy.text.conditions import Requirement
from ledger.units import Fen

StepKind = Literal[
    "base", "rate", "round", "cap", "band", "none_reached", "limit", "share", "floor", "paid"
]


class Quotient(NamedTuple):
    """A ratio that is compared by multiplication: `of` to `to`, both exact."""

    of: int | Fraction
    to: int | Fraction

    @property
    def value(self) -> Fraction | None:
        """The ratio itself; None if it would divide by zero."""
        return Fraction(self.of) / self.to if self.to else None


FactValue = bool | int | str | Fraction | Quotient | None


class JudgedCondition(NamedTuple):
    """A condition, the value it was judged on, and its state."""

    requirement: Requirement
    value: FactValue  # of a derived fact what follows; None where it is open, or a bound decided
    article: str
    state: ConditionState
    missing: tuple[str, ...] = ()  # the facts without which it stays open
    bound: int | Fraction | None = None  # with facts missing: what it can be at the very most

    @property
    def distance(self) -> int | Fraction | None:
        """Distance of the value from the threshold, negative below; None if not ordered."""
        threshold = self.requirement.value
        value = self.value.value if isinstance(self.value, Quotient) else self.value
        if value is None:
            value = self.bound
        if isinstance(threshold, (bool, tuple)) or isinstance(value, (bool, str, type(None))):
            return None
        return value - threshold


class Step(NamedTuple):
    """One step of the arithmetic: operation, operand, result.

    `base`: the fact it starts from · `rate`: times an exact rate · `round`: rounded, once ·
    `cap`: at most `by` · `band`: the band (its index) reached, and what it gives · `none_reached` ·
    `limit`: at most the fact `by` · `share`: an exact part of the seats · `floor`: whole ones only
    · `paid`: less what was paid before.
    """

    kind: StepKind
    name: str  # the fact, where it is one
    by: int | Fraction | None
    value: int | Fraction


class ChosenRate(NamedTuple):
    """The rate that applies, the words that state it, and which of the clause's cases it is."""

    rate: Fraction
    words: str
    case: int | None  # None: the clause's own


class Proof(NamedTuple):
    """Everything that a decision rests on."""

    version: str
    clause: Clause
    facts: Mapping[str, object]  # as they were given, without those that were None
    conditions: tuple[
        JudgedCondition, ...
    ]  # first the gate's, then the clause's, in the text's order
    steps: tuple[Step, ...]  # empty unless eligible
    questions: tuple[str, ...]  # the open questions it rests on
    rate: ChosenRate | None = None  # of a clause with a rate, where it is eligible


class Decision(NamedTuple):
    """The result of a clause; each field explains one kind of result."""

    result: Result
    unmet: tuple[JudgedCondition, ...] = ()  # ineligible: the conditions known to fail
    missing: tuple[str, ...] = ()  # the facts that were not given and would be needed
    to_judge: tuple[JudgedCondition, ...] = ()  # judgement: what a person must decide
    errors: tuple[Finding, ...] = ()  # rejected: one for each fact that is wrong
    amount_fen: Fen | None = None  # may be negative: a recovery
    ceiling_fen: Fen | None = None
    posts: int | None = None
    proof: Proof | None = None  # None: rejected
