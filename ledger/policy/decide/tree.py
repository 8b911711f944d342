"""What the engine found, as values: the proof of a decision, from which everything is told.

Nothing here is a sentence. A condition keeps the fact that was given and the threshold it was held
against; a step of arithmetic keeps its operand and its outcome, exactly. Sentences, in whatever
language, are made of these when they are read; so is the record that an auditor replays.
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
        """The ratio itself; None where it would divide by zero."""
        return Fraction(self.of) / self.to if self.to else None


FactValue = bool | int | str | Fraction | Quotient | None


class JudgedCondition(NamedTuple):
    """A condition, what was given for it, and how it stands."""

    requirement: Requirement
    value: FactValue  # of a derived fact what follows; None where it is open, or a bound decided
    article: str
    state: ConditionState
    missing: tuple[str, ...] = ()  # the facts without which it stays open
    bound: int | Fraction | None = None  # with facts missing: what it can be at the very most

    @property
    def distance(self) -> int | Fraction | None:
        """How far what was given lies from the threshold, negative below; None if not ordered."""
        threshold = self.requirement.value
        value = self.value.value if isinstance(self.value, Quotient) else self.value
        if value is None:
            value = self.bound
        if isinstance(threshold, (bool, tuple)) or isinstance(value, (bool, str, type(None))):
            return None
        return value - threshold


class Step(NamedTuple):
    """One step of the arithmetic: what is done with what, and what comes of it.

    `base`: the fact it starts from · `rate`: times an exact rate · `round`: rounded, once ·
    `cap`: at most `by` · `band`: the band (its index) reached, and what it gives · `none_reached` ·
    `limit`: at most the fact `by` · `share`: an exact part of the seats · `floor`: whole ones only
    · `paid`: less what was paid before.
    """

    kind: StepKind
    name: str  # the fact, where it is one
    by: int | Fraction | None
    value: int | Fraction


class Proof(NamedTuple):
    """All that a decision rests on."""

    version: str
    clause: Clause
    facts: Mapping[str, object]  # as they were given, without those that were None
    conditions: tuple[
        JudgedCondition, ...
    ]  # first the gate's, then the clause's, in the text's order
    steps: tuple[Step, ...]  # empty unless eligible
    questions: tuple[str, ...]  # the open questions it rests on


class Decision(NamedTuple):
    """What the policy says; each field explains one kind of result."""

    result: Result
    unmet: tuple[JudgedCondition, ...] = ()  # ineligible: the conditions known to fail
    missing: tuple[str, ...] = ()  # the facts that were not given and would be needed
    to_judge: tuple[JudgedCondition, ...] = ()  # judgement: what a person must decide
    errors: tuple[Finding, ...] = ()  # rejected: one for each fact that is wrong
    amount_fen: Fen | None = None  # may be negative: a recovery
    ceiling_fen: Fen | None = None
    posts: int | None = None
    proof: Proof | None = None  # None: rejected
