"""Test a version at its boundaries: just below, at and just above each figure in its file.

For every threshold, band, cap, deduction, ceiling, pool and list, cases are built from the file
alone, with all other facts chosen so that nothing else decides (`witness.py`). The engine decides
them, and an independent computation (`reference.py`) checks the result. Printed, this is the annex
for a legal office.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ledger.policy.analysis.first_reached import first_reached
from ledger.policy.analysis.reference import NO_AWARD, Outcome, expected
from ledger.policy.analysis.witness import (
    Facts,
    at_rate,
    beside,
    gives,
    place,
    value_of,
    witness,
)
from ledger.policy.decide.engine import decide
from ledger.policy.decide.review import approval
from ledger.policy.decide.tree import Decision, FactValue
from ledger.policy.text.amounts import CaseRate
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import Requirement
from ledger.policy.text.intervals import Number
from ledger.policy.text.terms import Bound
from ledger.units import Fen

Side = Literal["below", "at", "above"]
EdgeKind = Literal[
    "choice", "condition", "deducted", "band", "cap", "limit", "approval", "paid",
    "pool", "applicant", "selection",
]  # fmt: skip

SIDES: tuple[tuple[Side, int], ...] = (("below", -1), ("at", 0), ("above", 1))


class Point(NamedTuple):
    """A case at a boundary, its result, and whether that is the expected one."""

    side: Side | None  # None: one of a few choices
    value: FactValue  # of the edge's fact
    result: str  # a Result; of a sum approved, a pool or a list: `allowed` or `refused`
    outcome: Outcome
    holds: bool
    facts: Facts


class Edge(NamedTuple):
    """A figure of the file, the words that state it, and the cases around it.

    `choice`: each value of a fact · `condition`: a threshold · `deducted`: a deduction before a sum
    is compared · `band`: the start of a band or step · `cap`: the base at which the cap is first
    reached · `limit`: a sum that limits a ceiling · `approval`: what a reviewer may approve ·
    `paid`: earlier payments · `pool`: the total asked of a pool · `applicant`: what one applicant
    asks of it · `selection`: a place on the list.
    """

    kind: EdgeKind
    fact: str  # "" for what is no fact: a sum approved, a pool, a list
    at: Number | None  # None: choices
    bound: Bound | None
    words: str
    points: tuple[Point, ...]
    question: str | None = None  # whose reading adds it


class ClauseEdges(NamedTuple):
    """A clause at all its boundaries; `facts` satisfy it, None if nobody can."""

    clause: Clause
    facts: Facts | None
    edges: tuple[Edge, ...]

    @property
    def holds(self) -> bool:
        """Whether somebody can meet the clause and every case gave the expected result."""
        return self.facts is not None and all(p.holds for e in self.edges for p in e.points)


def prove(policy: Policy, clause: Clause) -> ClauseEdges:
    """Test a clause at all its boundaries, except those of the scope and of its pool."""
    facts = witness(policy, clause)
    if facts is None:
        return ClauseEdges(clause, None, ())
    return ClauseEdges(clause, facts, tuple(_Edges(policy, clause, facts).all()))


def gate(policy: Policy) -> tuple[Edge, ...]:
    """Test the scope's conditions on the first clause that somebody can meet."""
    for clause in policy.clauses:
        facts = witness(policy, clause)
        if facts is not None:
            edges = _Edges(policy, clause, facts)
            return tuple(
                edge
                for requirement in policy.scope.require
                for edge in edges.condition(requirement)
            )
    return ()


def _approved(decision: Decision, ceiling: Fen, fen: Fen) -> tuple[str, Outcome, bool]:
    is_allowed = not approval(decision, fen)
    return "allowed" if is_allowed else "refused", NO_AWARD, is_allowed == (0 <= fen <= ceiling)


class _Edges:
    """The boundaries of a clause around facts that satisfy it."""

    def __init__(self, policy: Policy, clause: Clause, facts: Facts) -> None:
        self.policy, self.clause, self.facts = policy, clause, facts

    def all(self) -> Iterator[Edge]:
        """Yield the boundaries in the order of the clause."""
        for requirement in self.clause.require:
            yield from self.condition(requirement)
        for case in self.clause.amount.rate_cases:
            yield from self._rate(case)
        yield from self._bands()
        yield from self._cap()
        yield from self._ceilings()
        yield from self._paid()

    def condition(self, requirement: Requirement) -> Iterator[Edge]:
        """Yield the boundaries of a condition, for somebody who is not exempt."""
        whole, self.facts = self.facts, self._bound_by(requirement)
        yield from self._condition(requirement)
        self.facts = whole

    def _rate(self, case: CaseRate) -> Iterator[Edge]:
        """Yield the boundaries of a rate's conditions, for somebody who meets the others of it."""
        whole, self.facts = self.facts, at_rate(self.policy, self.clause, case, self.facts)
        for requirement in case.require:
            yield from self.condition(requirement)
        self.facts = whole

    def _condition(self, requirement: Requirement) -> Iterator[Edge]:
        if isinstance(requirement.value, (bool, tuple)):
            choices = self.policy.facts[requirement.fact].choices or (True, False)
            cases = [
                self._point(None, choice, {**self.facts, requirement.fact: choice})
                for choice in choices
            ]
            yield Edge(
                "choice",
                requirement.fact,
                None,
                None,
                requirement.words,
                tuple(cases),
                requirement.reading,
            )
            return
        at, points = requirement.value, tuple(self._around(requirement.fact, requirement.value))
        yield Edge(
            "condition",
            requirement.fact,
            at,
            requirement.bound,
            requirement.words,
            points,
            requirement.reading,
        )
        derivation = self.policy.derived.get(requirement.fact)
        if derivation is None or not isinstance(at, int):
            return
        for name in derivation.less:
            off = at // 10
            whole = place(self.policy, {**self.facts, name: off}, requirement.fact, at)
            if whole is not None:
                points = tuple(self._around(name, off, whole))
                yield Edge("deducted", name, off, None, derivation.words, points)

    def _bands(self) -> Iterator[Edge]:
        amount = self.clause.amount
        for band in amount.bands:
            points = tuple(self._around(amount.base or "", band.low))
            yield Edge("band", amount.base or "", band.low, amount.bound, band.words, points)

    def _cap(self) -> Iterator[Edge]:
        amount = self.clause.amount
        if amount.cap is None or amount.base is None:
            return
        at = first_reached(self.policy, self.clause, self.facts, amount.cap.fen)
        if at is not None:
            points = tuple(self._around(amount.base, at))
            yield Edge("cap", amount.base, at, None, amount.cap.words, points)

    def _ceilings(self) -> Iterator[Edge]:
        amount = self.clause.amount
        if amount.cap is not None and amount.limit is not None:
            points = tuple(self._around(amount.limit, amount.cap.fen))
            yield Edge("limit", amount.limit, amount.cap.fen, None, amount.words, points)
        bound: Bound | None = "included" if amount.cap else None
        words = [amount.cap.words] if amount.cap else [band.words for band in amount.bands]
        for quotation, facts in zip(words, self._at_each_band(), strict=False):
            decision = decide(self.policy, self.clause.id, facts)
            ceiling = decision.ceiling_fen
            if ceiling is None:
                continue
            points = tuple(
                Point(side, ceiling + by, *_approved(decision, ceiling, ceiling + by), facts)
                for side, by in SIDES
            )
            yield Edge("approval", "", ceiling, bound, quotation, points)

    def _paid(self) -> Iterator[Edge]:
        amount = self.clause.amount
        if amount.paid is None:
            return
        for facts in self._at_each_band():
            decision = decide(self.policy, self.clause.id, facts)
            whole = decision.ceiling_fen if decision.amount_fen is None else decision.amount_fen
            if whole:
                points = tuple(self._around(amount.paid, whole, facts))
                words = amount.cap.words if amount.cap else amount.words
                yield Edge("paid", amount.paid, whole, None, words, points)

    def _at_each_band(self) -> Iterator[Facts]:
        """Yield the facts at the start of each band, at the cap, or as they are."""
        amount, base, excluded = self.clause.amount, self.clause.amount.base or "", 0
        starts = [band.low for band in amount.bands]
        if amount.bands and amount.bound == "excluded":
            excluded = 1
        elif amount.cap is not None and amount.kind == "rate":
            at = first_reached(self.policy, self.clause, self.facts, amount.cap.fen)
            starts = [] if at is None else [at]
        elif amount.cap is not None and amount.limit is not None:
            base, starts = amount.limit, [amount.cap.fen]
        cases = [beside(self.policy, self.facts, base, start, excluded) for start in starts]
        yield from [facts for facts in cases if facts is not None] or [self.facts]

    def _bound_by(self, requirement: Requirement) -> Facts:
        """Return the facts of somebody to whom the condition applies, if possible."""
        unless, facts = requirement.unless, self.facts
        if unless is None or facts.get(unless.fact) not in unless.value:
            return facts
        wish = {requirement.fact: requirement.value} if isinstance(requirement.value, bool) else {}
        for choice in self.policy.facts[unless.fact].choices:
            case = {**facts, **wish, unless.fact: choice}
            decision = choice not in unless.value and decide(self.policy, self.clause.id, case)
            if decision and gives(decision):
                return case
        return facts

    def _around(self, fact: str, at: Number, facts: Facts | None = None) -> Iterator[Point]:
        """Yield the cases just below, at and just above a value, none below zero."""
        for side, steps in SIDES:
            case = beside(self.policy, self.facts if facts is None else facts, fact, at, steps)
            if case is not None:
                yield self._point(side, value_of(self.policy, case, fact), case)

    def _point(self, side: Side | None, value: FactValue, facts: Facts) -> Point:
        decision = decide(self.policy, self.clause.id, facts)
        outcome = Outcome(decision.amount_fen, decision.ceiling_fen, decision.posts)
        must = expected(self.policy, self.clause, facts)
        return Point(
            side, value, decision.result, outcome, (decision.result, outcome) == must, facts
        )
