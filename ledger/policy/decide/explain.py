"""Lay out a decision for display: each condition with its facts and evidence, each step.

To the proof (`tree.py`) it adds what readers need: the names of facts, the facts behind derived
ones, the documents that prove them, what would change the result, the open questions and who
decided them when. These are still values; messages are written in the reader's language where they
are shown.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from ledger.policy.decide.changes import Change, changes
from ledger.policy.decide.tree import Decision, JudgedCondition, Proof, Step
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.terms import Sentence


class FactName(NamedTuple):
    """A fact, given or derived: its name, the kind of its value, and its evidence."""

    name: str
    words: str
    kind: str  # as `FactKind.kind`, or `ratio`
    unit: str | None
    choices: Mapping[str, Sentence]
    evidence: str | None  # None: derived, or nothing is asked for
    owner: str | None


class FactShown(NamedTuple):
    """A fact's value (None: not given), and whether a derived fact subtracts it."""

    fact: FactName
    value: object
    less: bool = False


class Line(NamedTuple):
    """A condition with the facts that it compares."""

    condition: JudgedCondition
    fact: FactName
    facts: tuple[FactShown, ...]


class Sum(NamedTuple):
    """A step of the arithmetic, the value before it, and the words it rests on."""

    step: Step
    before: int | Fraction
    words: str
    fact: FactName | None  # where the step is about one
    facts: tuple[FactShown, ...] = ()  # from which it follows


class Rests(NamedTuple):
    """An open question, the chosen reading, and who decided it when."""

    question: str
    asks: str
    chosen: str
    reading: str
    decided_by: str | None
    decided_on: date | None


class Explanation(NamedTuple):
    """Everything about a decision; for invalid facts only their errors."""

    policy: Policy
    decision: Decision
    clause: Clause | None
    lines: tuple[Line, ...] = ()
    sums: tuple[Sum, ...] = ()
    missing_facts: tuple[FactName, ...] = ()
    changes: tuple[Change, ...] = ()
    questions: tuple[Rests, ...] = ()


def explain(policy: Policy, decision: Decision) -> Explanation:
    """Lay out a decision of this version."""
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
        sums=tuple(_sums(policy, proof)),
        missing_facts=tuple(fact_name(policy, name) for name in decision.missing),
        changes=changes(policy, decision),
        questions=tuple(_rests(policy, key) for key in proof.questions),
    )


def fact_name(policy: Policy, name: str) -> FactName:
    """Return the name of a fact, given or derived."""
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
    """Return the given facts behind one: itself, or its inputs."""
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


def _sums(policy: Policy, proof: Proof) -> list[Sum]:
    steps, facts = proof.steps, proof.facts
    sums: list[Sum] = []
    for at, step in enumerate(steps):
        before = steps[at - 1].value if at else step.value
        fact = fact_name(policy, step.name) if step.name else None
        values = _values_of(policy, step.name, facts) if step.name in policy.derived else ()
        sums.append(Sum(step, before, _words(proof, step), fact, values))
    return sums


def _words(proof: Proof, step: Step) -> str:
    """Return the words of the clause that a step rests on."""
    amount = proof.clause.amount
    if step.kind == "rate" and proof.rate is not None:
        return proof.rate.words
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
