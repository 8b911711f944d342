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
from ledger.policy.decide.tree import Decision, Judged, Step
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.terms import Sentence


class Named(NamedTuple):
    """A fact, given or derived: what it is, what kind of value it has, and what proves it."""

    name: str
    words: str
    kind: str  # as `FactKind.kind`, or `ratio`
    unit: str | None
    choices: Mapping[str, Sentence]
    evidence: str | None  # None: derived, or nothing is asked for
    owner: str | None


class Told(NamedTuple):
    """A fact as it was given (None: it was not), and whether a derived one takes it off."""

    fact: Named
    value: object
    less: bool = False


class Line(NamedTuple):
    """A condition beside the fact it is about, and the facts that were given for it."""

    judged: Judged
    fact: Named
    facts: tuple[Told, ...]


class Sum(NamedTuple):
    """A step of the arithmetic, the value before it, and the words that say so."""

    step: Step
    before: int | Fraction
    words: str
    fact: Named | None  # where the step is about one
    facts: tuple[Told, ...] = ()  # from which it follows


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
    lacking: tuple[Named, ...] = ()
    changes: tuple[Change, ...] = ()
    questions: tuple[Rests, ...] = ()


def explain(policy: Policy, decision: Decision) -> Explanation:
    """Lay a decision of this version out."""
    proof = decision.proof
    if proof is None:
        return Explanation(policy, decision, None)
    agreed = [one for one in decision.to_judge if one not in proof.conditions]
    judged = (*proof.conditions, *agreed)
    return Explanation(
        policy,
        decision,
        proof.clause,
        lines=tuple(_line(policy, one, proof.facts) for one in judged),
        sums=tuple(_sums(policy, proof.clause, proof.steps, proof.facts)),
        lacking=tuple(named(policy, name) for name in decision.missing),
        changes=changes(policy, decision),
        questions=tuple(_rests(policy, key) for key in proof.questions),
    )


def named(policy: Policy, name: str) -> Named:
    """What the version says of a fact, given or derived."""
    fact = policy.facts.get(name)
    if fact is not None:
        return Named(
            name, fact.words, fact.kind, fact.unit, fact.choices, fact.evidence, fact.owner
        )
    derived = policy.derived.get(name)
    if derived is None:  # 一事一议: what must be agreed is the clause itself
        return Named(name, "", "yes_no", None, {}, None, None)
    unit = None if derived.ratio else policy.facts[derived.plus[0]].unit
    kind = kind_of(policy, name) or ""
    return Named(name, derived.words, kind, unit, {}, None, None)


def _given(policy: Policy, name: str, facts: Mapping[str, object]) -> tuple[Told, ...]:
    """The given facts behind one: itself, or those from which it follows."""
    derived = policy.derived.get(name)
    if derived is None:
        known = [name] if name in policy.facts else []
        return tuple(Told(named(policy, one), facts.get(one)) for one in known)
    return tuple(
        Told(named(policy, one), facts.get(one), one in derived.less) for one in derived.inputs
    )


def _line(policy: Policy, judged: Judged, facts: Mapping[str, object]) -> Line:
    asked = judged.requirement
    told = _given(policy, asked.fact, facts)
    if judged.state == "exempt" and asked.unless is not None:
        told = _given(policy, asked.unless.fact, facts)
    return Line(judged, named(policy, asked.fact), told)


def _sums(
    policy: Policy, clause: Clause, steps: tuple[Step, ...], facts: Mapping[str, object]
) -> list[Sum]:
    made: list[Sum] = []
    for at, step in enumerate(steps):
        before = steps[at - 1].value if at else step.value
        fact = named(policy, step.name) if step.name else None
        told = _given(policy, step.name, facts) if step.name in policy.derived else ()
        made.append(Sum(step, before, _words(clause, step), fact, told))
    return made


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
