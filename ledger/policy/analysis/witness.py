"""Facts on which a clause gives what it gives, found from the version's file alone.

To show what happens just below, at and just above one threshold, all other facts must be such that
nothing else stands in the way. They are searched for: whatever condition fails is given a value
that meets it, at or beside one of the thresholds that the file itself names, until all of them
hold. A clause for which nothing is found can be met by nobody, and that is a fault of its file.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ledger.policy.decide.changes import decimal_text
from ledger.policy.decide.engine import decide, lowest
from ledger.policy.decide.tree import Decision, Judged
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.contradictions import kind_of
from ledger.policy.text.intervals import Number, compared

Facts = Mapping[str, object]

PLACES = 12
"""Decimals of the finest quantity that a fact can be (`facts.py`)."""

_TRIES = 5000
_USUAL = 10**8  # fen, where the file names no figure: a million yuan
_TO = 10**7  # the second quantity of a ratio, where it can be


def step(policy: Policy, fact: str) -> Number:
    """The smallest difference that there can be: a fen, a piece, the last decimal."""
    return Fraction(1, 10**PLACES) if kind_of(policy, fact) in ("decimal", "ratio") else 1


def conditions(policy: Policy, clause: Clause) -> tuple[Requirement, ...]:
    """All that is asked: the gate's conditions, the clause's, that of the lowest band."""
    return (*policy.scope.require, *clause.require, *lowest(clause))


def placed(policy: Policy, facts: Facts, fact: str, value: Number) -> Facts | None:
    """The facts with this one, given or derived, at a value; None where it cannot be.

    A derived sum is moved by its first addend, a ratio by its first quantity.
    """
    derived = policy.derived.get(fact)
    if derived is None:
        return _with(policy, facts, fact, value)
    if derived.ratio:
        to = facts.get(derived.ratio.to)
        if not isinstance(to, str):
            to = str(_TO if (value * _TO * 10**PLACES).denominator == 1 else value.denominator)
            facts = {**facts, derived.ratio.to: to}
        return _with(policy, facts, derived.ratio.of, value * Fraction(to))
    first, *others = derived.inputs
    whole = {name: facts.get(name, 0) for name in others}
    for name in others:
        other = whole[name]
        if not isinstance(other, int):
            return None
        value += other if name in derived.less else -other
    return _with(policy, {**facts, **whole}, first, value)


def beside(policy: Policy, facts: Facts, fact: str, value: Number, steps: int) -> Facts | None:
    """The facts with this one so many of the smallest steps above, or below, a value."""
    derived = policy.derived.get(fact)
    if derived is None or derived.ratio is None:
        return placed(policy, facts, fact, value + steps * step(policy, fact))
    at = placed(policy, facts, fact, value)
    if at is None:
        return None
    moved = Fraction(str(at[derived.ratio.of])) + steps * step(policy, fact)
    return _with(policy, at, derived.ratio.of, moved)


def valued(policy: Policy, facts: Facts, fact: str) -> Number | None:
    """What a fact, given or derived, is by these facts; None where it is no number."""
    derived = policy.derived.get(fact)
    if derived is None:
        value = facts.get(fact)
        if isinstance(value, str) and kind_of(policy, fact) == "decimal":
            return Fraction(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    numbers = {name: valued(policy, facts, name) for name in derived.inputs}
    found = {name: number for name, number in numbers.items() if number is not None}
    if len(found) < len(numbers):
        return None
    if derived.ratio:
        to = found[derived.ratio.to]
        return Fraction(found[derived.ratio.of]) / to if to else None
    return sum(found[n] for n in derived.plus) - sum(found[n] for n in derived.less)


def witness(policy: Policy, clause: Clause) -> Facts | None:
    """Facts on which the clause gives, or on which people must agree; None: nobody can meet it."""
    return _Search(policy, clause).found({})


def gives(decision: Decision) -> bool:
    """Whether nothing stands in the way; of what is negotiated, nothing but the agreement."""
    if decision.result == "eligible":
        return True
    asked = [judged for judged in decision.to_judge if judged.requirement.fact != "clause"]
    return decision.result == "judgement" and not asked


class _Search:
    """Depth first: the first condition that fails is mended in each way that there is."""

    def __init__(self, policy: Policy, clause: Clause) -> None:
        self.policy, self.clause = policy, clause
        self.asked = conditions(policy, clause)
        self.seen: set[frozenset[tuple[str, object]]] = set()

    def found(self, facts: Facts) -> Facts | None:
        key = frozenset(facts.items())
        if key in self.seen or len(self.seen) > _TRIES:
            return None
        self.seen.add(key)
        decision = decide(self.policy, self.clause.id, facts)
        if gives(decision):
            return self._whole(facts)
        for mended in self._mended(decision, facts):
            if (found := self.found(mended)) is not None:
                return found
        return None

    def _whole(self, facts: Facts) -> Facts:
        """With every fact that is asked for: who could be exempt, and what the exempt need not."""
        unsaid = [c.unless for c in self.asked if c.unless and c.unless.fact not in facts]
        for unless in unsaid:
            known = self.policy.facts[unless.fact].choices
            others = [choice for choice in known if choice not in unless.value]
            facts = {**facts, unless.fact: (others or list(known))[0]}
        for asked in self.asked:
            if valued(self.policy, facts, asked.fact) is None and asked.fact not in facts:
                facts = next(self._meeting(asked, facts), facts)
        return facts

    def _mended(self, decision: Decision, facts: Facts) -> Iterator[Facts]:
        if decision.proof is None:
            return
        states = ("unmet", "open", "judgement")
        failing = [judged for judged in decision.proof.conditions if judged.state in states]
        if failing:
            yield from self._met(failing[0], facts)
            return
        amount = self.clause.amount
        for name in (amount.base, amount.limit, amount.paid):
            if name is not None and valued(self.policy, facts, name) is None:
                usual = placed(self.policy, facts, name, self._usual(name))
                yield from [usual] if usual else []

    def _met(self, judged: Judged, facts: Facts) -> Iterator[Facts]:
        """The facts so changed that they meet a condition, or are exempt from it."""
        requirement = judged.requirement
        yield from self._meeting(requirement, facts)
        if requirement.unless:
            who = requirement.unless.fact
            yield from ({**facts, who: exempt} for exempt in requirement.unless.value)

    def _meeting(self, requirement: Requirement, facts: Facts) -> Iterator[Facts]:
        fact, value = requirement.fact, requirement.value
        if isinstance(value, bool):
            yield {**facts, fact: value}
        elif isinstance(value, tuple):
            yield from ({**facts, fact: v} for v in value if v not in requirement.judgement)
        else:
            yield from self._beside(requirement, facts)

    def _beside(self, requirement: Requirement, facts: Facts) -> Iterator[Facts]:
        """A number that meets a condition: at or beside any threshold for the same fact."""
        fact, threshold = requirement.fact, requirement.value
        if isinstance(threshold, (bool, tuple)):
            return
        wanted = compared(requirement.op, threshold)
        cuts = [c.value for c in self.asked if c.fact == fact]
        numbers = [threshold, *(c for c in cuts if not isinstance(c, (bool, tuple)))]
        for number in dict.fromkeys(numbers):
            some = threshold / Fraction(100) if kind_of(self.policy, fact) == "ratio" else 0
            tried = [placed(self.policy, facts, fact, number + by) for by in (0, -some, some)]
            tried += [beside(self.policy, facts, fact, number, steps) for steps in (-1, 1)]
            for one in tried:
                value = valued(self.policy, one, fact) if one else None
                if one is not None and value in wanted:
                    yield one

    def _usual(self, name: str) -> int:
        """A round figure for what the formula needs: nothing was paid, the cap is not reached."""
        amount = self.clause.amount
        if name == amount.paid:
            return 0
        whole = Fraction(amount.cap.fen) if amount.cap else Fraction(_USUAL)
        if amount.rate and name == amount.base and amount.cap:
            whole /= amount.rate
        return int(10 ** (len(str(int(whole))) - 1))


def _with(policy: Policy, facts: Facts, fact: str, value: Number) -> Facts | None:
    """A given fact as it is written: a decimal string, or an integer; nothing is below nought."""
    if value < 0:
        return None
    if kind_of(policy, fact) == "decimal":
        text = decimal_text(Fraction(value))
        return None if text is None else {**facts, fact: text}
    return {**facts, fact: int(value)} if Fraction(value).denominator == 1 else None
