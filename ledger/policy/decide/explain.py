"""A decision laid out for telling: each condition beside its fact and what proves it, each step.

The proof (`tree.py`) holds what was compared; here everything that a reader wants beside it is put
to it: what the fact is called, from which facts it follows, by which document each is proved, what
would change the result, which open questions it rests on, and who decided them when. Still values:
the sentences are made where they are read, in the reader's language.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from ledger.policy.decide.changes import Change, changes
from ledger.policy.decide.tree import Decision, JudgedCondition, Step
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.terms import Sentence


class FactName(NamedTuple):
    """A fact, given or derived: what it is, what kind of value it has, and what proves it."""

    name: str
    words: str
    kind: str  # as `FactKind.kind`, or `ratio`
    unit: str | None
    choices: Mapping[str, Sentence]
    evidence: str | None  # None: derived, or nothing is asked for
    owner: str | None


class FactShown(NamedTuple):
    """A fact as it was given (None: it was not), and whether a derived one takes it off."""

    fact: FactName
    value: object
    less: bool = False


class Line(NamedTuple):
    """A condition beside the fact it is about, and the facts that were given for it."""

    condition: JudgedCondition
    fact: FactName
    facts: tuple[FactShown, ...]


class Sum(NamedTuple):
    """A step of the arithmetic, the value before it, and the words that say so."""

    step: Step
    before: int | Fraction
    words: str
    fact: FactName | None  # where the step is about one
    facts: tuple[FactShown, ...] = ()  # from which it follows


class Rests(NamedTuple):
    """An open question, the reading that was chosen, and who decided that, when."""

    question: str
    asks: str
    chosen: str
    reading: str
    decided_by: str | None
    decided_on: date | None


class Explanation(NamedTuple):
    """Everything about a decision; of facts that are wrong in themselves only their errors."""

    policy: Policy
    decision: Decision
    clause: Clause | None
    lines: tuple[Line, ...] = ()
    sums: tuple[Sum, ...] = ()
    lacking: tuple[FactName, ...] = ()
    changes: tuple[Change, ...] = ()
    questions: tuple[Rests, ...] = ()


def explain(policy: Policy, decision: Decision) -> Explanation:
    """Lay a decision of this version out."""
    proof = decision.proof
    if proof is None:
        return Explanation(policy, decision, None)
    agreements = [condition for condition in decision.to_judge if condition not in proof.conditions]
    conditions = (*proof.conditions, *agreements)
    return Explanation(
        policy,
        decision,
        proof.clause,
        lines=tuple(_line(policy, condition, proof.facts) for condition in conditions),
        sums=tuple(_sums(policy, proof.clause, proof.steps, proof.facts)),
        lacking=tuple(fact_name(policy, name) for name in decision.missing),
        changes=changes(policy, decision),
        questions=tuple(_rests(policy, key) for key in proof.questions),
    )


def fact_name(policy: Policy, name: str) -> FactName:
    """What the version says of a fact, given or derived."""
    fact = policy.facts.get(name)
    if fact is not None:
        return FactName(
            name, fact.words, fact.kind, fact.unit, fact.choices, fact.evidence, fact.owner
        )
    derivation = policy.derived.get(name)
    if derivation is None:  # 一事一议: what must be agreed is the clause itself
        return FactName(name, "", "yes_no", None, {}, None, None)
    unit = None if derivation.ratio else policy.facts[derivation.plus[0]].unit
    kind = kind_of(policy, name) or ""
    return FactName(name, derivation.words, kind, unit, {}, None, None)


def _values_of(policy: Policy, name: str, facts: Mapping[str, object]) -> tuple[FactShown, ...]:
    """The given facts behind one: itself, or those from which it follows."""
    derivation = policy.derived.get(name)
    if derivation is None:
        names = [name] if name in policy.facts else []
        return tuple(FactShown(fact_name(policy, item), facts.get(item)) for item in names)
    return tuple(
        FactShown(fact_name(policy, item), facts.get(item), item in derivation.less)
        for item in derivation.inputs
    )


def _line(policy: Policy, condition: JudgedCondition, facts: Mapping[str, object]) -> Line:
    requirement = condition.requirement
    values = _values_of(policy, requirement.fact, facts)
    if condition.state == "exempt" and requirement.unless is not None:
        values = _values_of(policy, requirement.unless.fact, facts)
    return Line(condition, fact_name(policy, requirement.fact), values)


def _sums(
    policy: Policy, clause: Clause, steps: tuple[Step, ...], facts: Mapping[str, object]
) -> list[Sum]:
    sums: list[Sum] = []
    for at, step in enumerate(steps):
        before = steps[at - 1].value if at else step.value
        fact = fact_name(policy, step.name) if step.name else None
        values = _values_of(policy, step.name, facts) if step.name in policy.derived else ()
        sums.append(Sum(step, before, _words(clause, step), fact, values))
    return sums


def _words(clause: Clause, step: Step) -> str:
    """The words of the clause on which a step rests."""
    amount = clause.amount
    if step.kind == "cap" and amount.cap:
        return amount.cap.words
    if step.kind == "band" and isinstance(step.by, int):
        return amount.bands[step.by].words
    return amount.words if step.kind in ("rate", "share") else ""


def _rests(policy: Policy, key: str) -> Rests:
    question = policy.questions[key]
    reading = question.readings[question.chosen].words
    return Rests(
        key, question.asks, question.chosen, reading, question.decided_by, question.decided_on
    )
