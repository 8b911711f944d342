"""Find facts that satisfy a clause, from the version's file alone.

To show what happens around one threshold, all other facts must be such that nothing else decides.
They are searched: each failing condition gets a value that meets it, at or beside a threshold in
the file, until all hold. A clause without such facts can be met by nobody, which is a fault of its
file.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ledger.policy.decide.changes import decimal_text
from ledger.policy.decide.engine import decide, lowest
from ledger.policy.decide.tree import Decision, JudgedCondition
from ledger.policy.text.amounts import CaseRate
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.intervals import Number, interval_of

Facts = Mapping[str, object]

PLACES = 12
"""Decimals of the finest quantity that a fact can be (`fact_checks.py`)."""

_TRIES = 5000
_USUAL = 10**8  # fen, where the file names no figure: a million yuan
_TO = 10**7  # the second quantity of a ratio, where it can be


def step(policy: Policy, fact: str) -> Number:
    """Return the smallest possible difference of a fact: a fen, a piece, the last decimal."""
    return Fraction(1, 10**PLACES) if kind_of(policy, fact) in ("decimal", "ratio") else 1


def conditions(policy: Policy, clause: Clause) -> tuple[Requirement, ...]:
    """Return all conditions: the scope's, the clause's, that of the lowest band."""
    return (*policy.scope.require, *clause.require, *lowest(clause))


def place(policy: Policy, facts: Facts, fact: str, value: Number) -> Facts | None:
    """Return the facts with this one, given or derived, at a value; None if impossible.

    A derived sum is moved by its first addend, a ratio by its first quantity.
    """
    derivation = policy.derived.get(fact)
    if derivation is None:
        return _with(policy, facts, fact, value)
    if derivation.ratio:
        to = facts.get(derivation.ratio.to)
        if not isinstance(to, str):
            to = str(_TO if (value * _TO * 10**PLACES).denominator == 1 else value.denominator)
            facts = {**facts, derivation.ratio.to: to}
        return _with(policy, facts, derivation.ratio.of, value * Fraction(to))
    first, *other_names = derivation.inputs
    whole = {name: facts.get(name, 0) for name in other_names}
    for name in other_names:
        amount = whole[name]
        if not isinstance(amount, int):
            return None
        value += amount if name in derivation.less else -amount
    return _with(policy, {**facts, **whole}, first, value)


def beside(policy: Policy, facts: Facts, fact: str, value: Number, steps: int) -> Facts | None:
    """Return the facts with this one some smallest steps above or below a value."""
    derivation = policy.derived.get(fact)
    if derivation is None or derivation.ratio is None:
        return place(policy, facts, fact, value + steps * step(policy, fact))
    at = place(policy, facts, fact, value)
    if at is None:
        return None
    shifted = Fraction(str(at[derivation.ratio.of])) + steps * step(policy, fact)
    return _with(policy, at, derivation.ratio.of, shifted)


def value_of(policy: Policy, facts: Facts, fact: str) -> Number | None:
    """Return the number that a fact, given or derived, has; None if it is no number."""
    derivation = policy.derived.get(fact)
    if derivation is None:
        value = facts.get(fact)
        if isinstance(value, str) and kind_of(policy, fact) == "decimal":
            return Fraction(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    numbers = {name: value_of(policy, facts, name) for name in derivation.inputs}
    known_numbers = {name: number for name, number in numbers.items() if number is not None}
    if len(known_numbers) < len(numbers):
        return None
    if derivation.ratio:
        to = known_numbers[derivation.ratio.to]
        return Fraction(known_numbers[derivation.ratio.of]) / to if to else None
    return sum(known_numbers[n] for n in derivation.plus) - sum(
        known_numbers[n] for n in derivation.less
    )


def witness(policy: Policy, clause: Clause) -> Facts | None:
    """Return facts that satisfy the clause (or leave only an agreement open); None: nobody can."""
    return _Search(policy, clause).search({})


def at_rate(policy: Policy, clause: Clause, case: CaseRate, facts: Facts) -> Facts:
    """Return the facts of somebody who meets all conditions of a rate, as far as one can."""
    search = _Search(policy, clause)
    for requirement in case.require:
        facts = next(search.meeting(requirement, facts), facts)
    return facts


def gives(decision: Decision) -> bool:
    """Return whether a decision awards, or (negotiated) lacks only the agreement."""
    if decision.result == "eligible":
        return True
    open_conditions = [
        condition for condition in decision.to_judge if condition.requirement.fact != "clause"
    ]
    return decision.result == "judgement" and not open_conditions


class _Search:
    """Depth-first search: change the first failing condition in each possible way."""

    def __init__(self, policy: Policy, clause: Clause) -> None:
        self.policy, self.clause = policy, clause
        self.requirements = conditions(policy, clause)
        self.visited: set[frozenset[tuple[str, object]]] = set()

    def search(self, facts: Facts) -> Facts | None:
        key = frozenset(facts.items())
        if key in self.visited or len(self.visited) > _TRIES:
            return None
        self.visited.add(key)
        decision = decide(self.policy, self.clause.id, facts)
        if gives(decision):
            return self._whole(facts)
        for candidate in self._candidates(decision, facts):
            if (facts_found := self.search(candidate)) is not None:
                return facts_found
        return None

    def _whole(self, facts: Facts) -> Facts:
        """Add every other fact that is asked for."""
        unsaid = [c.unless for c in self.requirements if c.unless and c.unless.fact not in facts]
        for unless in unsaid:
            choices = self.policy.facts[unless.fact].choices
            bound_choices = [choice for choice in choices if choice not in unless.value]
            facts = {**facts, unless.fact: (bound_choices or list(choices))[0]}
        for requirement in self.requirements:
            if (
                value_of(self.policy, facts, requirement.fact) is None
                and requirement.fact not in facts
            ):
                facts = next(self.meeting(requirement, facts), facts)
        for requirement in self.clause.amount.rate_conditions:
            number = value_of(self.policy, facts, requirement.fact)
            if number is None and requirement.fact not in facts:
                facts = next(self._settled(requirement, facts), facts)
        return facts

    def _candidates(self, decision: Decision, facts: Facts) -> Iterator[Facts]:
        if decision.proof is None:
            return
        states = ("unmet", "open", "judgement")
        failures = [
            condition for condition in decision.proof.conditions if condition.state in states
        ]
        if failures:
            yield from self._meet(failures[0], facts)
            return
        amount = self.clause.amount
        for requirement in amount.rate_conditions:
            if requirement.fact in decision.missing:
                yield from self._settled(requirement, facts)
                return
        for name in (amount.base, amount.limit, amount.paid):
            if name is not None and value_of(self.policy, facts, name) is None:
                usual = place(self.policy, facts, name, self._usual(name))
                yield from [usual] if usual else []

    def _settled(self, requirement: Requirement, facts: Facts) -> Iterator[Facts]:
        """Yield facts that decide a condition of a rate, first those to which it does not apply."""
        fact = requirement.fact
        if isinstance(requirement.value, (bool, tuple)):
            choices = self.policy.facts[fact].choices or (False, True)
            clear_choices = [c for c in choices if c not in requirement.judgement]
            yield from ({**facts, fact: choice} for choice in clear_choices)
            return
        at_zero = place(self.policy, facts, fact, 0)
        yield from [at_zero] if at_zero else []
        yield from self.meeting(requirement, facts)

    def _meet(self, condition: JudgedCondition, facts: Facts) -> Iterator[Facts]:
        """Yield facts that meet a condition, or are exempt from it."""
        requirement = condition.requirement
        yield from self.meeting(requirement, facts)
        if requirement.unless:
            subject_fact = requirement.unless.fact
            yield from ({**facts, subject_fact: exempt} for exempt in requirement.unless.value)

    def meeting(self, requirement: Requirement, facts: Facts) -> Iterator[Facts]:
        """Yield facts that meet a condition."""
        fact, value = requirement.fact, requirement.value
        if isinstance(value, bool):
            yield {**facts, fact: value}
        elif isinstance(value, tuple):
            yield from ({**facts, fact: v} for v in value if v not in requirement.judgement)
        else:
            yield from self._beside(requirement, facts)

    def _beside(self, requirement: Requirement, facts: Facts) -> Iterator[Facts]:
        """Yield numbers that meet a condition, at or beside thresholds for the same fact."""
        fact, threshold = requirement.fact, requirement.value
        if isinstance(threshold, (bool, tuple)):
            return
        interval = interval_of(requirement.op, threshold)
        cuts = [c.value for c in self.requirements if c.fact == fact]
        numbers = [threshold, *(c for c in cuts if not isinstance(c, (bool, tuple)))]
        for number in dict.fromkeys(numbers):
            some = threshold / Fraction(100) if kind_of(self.policy, fact) == "ratio" else 0
            cases = [place(self.policy, facts, fact, number + by) for by in (0, -some, some)]
            cases += [beside(self.policy, facts, fact, number, steps) for steps in (-1, 1)]
            for case in cases:
                value = value_of(self.policy, case, fact) if case else None
                if case is not None and value in interval:
                    yield case

    def _usual(self, name: str) -> int:
        """Return a round figure for the formula: nothing paid before, the cap not reached."""
        amount = self.clause.amount
        if name == amount.paid:
            return 0
        whole = Fraction(amount.cap.fen) if amount.cap else Fraction(_USUAL)
        if amount.rate and name == amount.base and amount.cap:
            whole /= amount.rate
        return int(10 ** (len(str(int(whole))) - 1))


def _with(policy: Policy, facts: Facts, fact: str, value: Number) -> Facts | None:
    """Set a given fact as a decimal string or an integer; None below zero."""
    if value < 0:
        return None
    if kind_of(policy, fact) == "decimal":
        text = decimal_text(Fraction(value))
        return None if text is None else {**facts, fact: text}
    return {**facts, fact: int(value)} if Fraction(value).denominator == 1 else None
