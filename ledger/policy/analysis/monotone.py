"""Check that more never gives less: awards over a grid of bases, and with failing conditions.

The grid has every threshold of the clause, the base of its cap, their neighbours, and round sums in
between and far beyond. If a larger base gives a smaller award, a firm would gain by selling less:
it is reported. And with any set of conditions failing there must be no award.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from ledger.policy.analysis.boundaries import ClauseEdges
from ledger.policy.analysis.first_reached import first_reached
from ledger.policy.analysis.witness import Facts, beside, conditions, gives, place, step
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.intervals import Number, interval_of

_DECADES = range(16)


class Fall(NamedTuple):
    """A larger base that gives less than a smaller one: fen, or posts."""

    fact: str
    smaller: Number
    larger: Number
    gave: int
    gives: int


def grid(policy: Policy, clause: Clause, facts: Facts) -> tuple[Number, ...]:
    """Return the bases at which a clause is tried, in order; empty if it has no base."""
    amount = clause.amount
    base = amount.base or amount.limit
    if base is None:
        return ()
    cuts: list[Number] = [band.low for band in amount.bands]
    cutting = (*conditions(policy, clause), *amount.rate_conditions)
    cuts += [c.value for c in cutting if _cuts(c, base)]  # type: ignore[misc]
    if amount.cap is not None:
        at = first_reached(policy, clause, facts, amount.cap.fen) if amount.base else None
        cuts += [amount.cap.fen] if at is None else [at]
    unit = step(policy, base)
    values = {value * times for value in cuts for times in (1, 2)}
    values |= {value + by * unit for value in cuts for by in (-1, 1)}
    values |= {0, *(part * 10**power for power in _DECADES for part in (1, 3, 7))}
    return tuple(sorted(value for value in values if 0 <= value <= 10**15))


def _cuts(requirement: Requirement, fact: str) -> bool:
    return requirement.fact == fact and not isinstance(requirement.value, (bool, tuple))


def falls(
    policy: Policy, clause: Clause, facts: Facts, values: Sequence[Number]
) -> tuple[Fall, ...]:
    """Return where a larger one of these bases gives less."""
    base = clause.amount.base or clause.amount.limit or ""
    drops, before = [], None
    for value in values:
        case = place(policy, facts, base, value)
        worth = _worth(decide(policy, clause.id, case)) if case else None
        if worth is None:
            continue
        if before is not None and worth < before[1]:
            drops.append(Fall(base, before[0], value, before[1], worth))
        before = (value, worth)
    return tuple(drops)


def _worth(decision: Decision) -> int | None:
    """Return what a decision gives; None if nothing measurable."""
    outcomes = (decision.amount_fen, decision.ceiling_fen, decision.posts)
    return next((outcome for outcome in outcomes if outcome is not None), None)


def fail_conditions(policy: Policy, proof: ClauseEdges) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Fail every set of conditions: the number tried, and those that still gave an award."""
    if proof.facts is None:
        return 0, ()
    clause, facts = proof.clause, proof.facts
    failures = [(c, _facts_to_fail(policy, clause, facts, c)) for c in conditions(policy, clause)]
    breakable = [(c, broken) for c, broken in failures if broken is not None]
    count_tried, wrong = 0, []
    for size in range(1, len(breakable) + 1):
        for some in combinations(breakable, size):
            tried_on = dict(facts)
            for _, broken in some:
                tried_on |= broken
            decision = decide(policy, clause.id, tried_on)
            count_tried += 1
            if gives(decision) or _worth(decision) is not None:
                wrong.append(tuple(c.words for c, _ in some))
    return count_tried, tuple(wrong)


def _facts_to_fail(
    policy: Policy, clause: Clause, facts: Facts, requirement: Requirement
) -> Facts | None:
    """Return the changed facts with which a condition fails."""
    bound: list[Facts] = [{}]
    if requirement.unless:
        subject_fact = requirement.unless.fact
        bound += [
            {subject_fact: c}
            for c in policy.facts[subject_fact].choices
            if c not in requirement.unless.value
        ]
    for change in _against(policy, facts, requirement):
        for subject in bound:
            case = {**facts, **change, **subject}
            if requirement in [
                condition.requirement for condition in decide(policy, clause.id, case).unmet
            ]:
                return {name: v for name, v in case.items() if facts.get(name) != v}
    return None


def _against(policy: Policy, facts: Facts, requirement: Requirement) -> Iterator[Facts]:
    if isinstance(requirement.value, bool):
        yield {requirement.fact: not requirement.value}
    elif isinstance(requirement.value, tuple):
        accepted = {*requirement.value, *requirement.judgement}
        yield from (
            {requirement.fact: c}
            for c in policy.facts[requirement.fact].choices
            if c not in accepted
        )
    else:
        interval = interval_of(requirement.op, requirement.value)
        for steps in (-1, 0, 1):
            case = beside(policy, facts, requirement.fact, requirement.value, steps)
            outside = requirement.value + steps not in interval  # far enough to know the side
            if case is not None and outside:
                yield case
