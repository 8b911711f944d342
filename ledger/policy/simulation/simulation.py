"""Simulate what a version costs for a register, and what another version would change.

Each applicant is decided under every clause that it applies for, by the real engine; awards for one
project are combined as the closing clause says; pools and lists are settled at the end. Memory
holds one number per application, one entry per waiting award, and the few applicants that are
named. An applicant with invalid facts is reported with its line and left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.policy.codes import Result
from ledger.policy.decide.tree import Decision
from ledger.policy.simulation.applicants import Applicant, BadRow, Row
from ledger.policy.simulation.movers import Changes, Sums
from ledger.policy.simulation.tallies import Decisions, Side
from ledger.policy.text.clauses import Clause, Policy
from ledger.units import Fen

BAD_ROWS_SHOWN = 100
KEEP = 10


class OpenQuestion(NamedTuple):
    """The clauses, awards and sums that rest on an undecided question."""

    question: str
    clauses: int
    awards: int
    fen: Fen
    ceiling_fen: Fen
    posts: int


def open_questions(side: Side) -> tuple[OpenQuestion, ...]:
    """Return the undecided questions, the largest sum first."""
    questions = []
    for key, question in side.policy.questions.items():
        clause_ids = [c.id for c in side.policy.clauses if key in side.policy.questions_of(c)]
        tallies = [side.tallies[clause] for clause in clause_ids]
        if question.decided_by is None and tallies:
            questions.append(
                OpenQuestion(
                    key,
                    len(tallies),
                    sum(tally.results[Result.ELIGIBLE] for tally in tallies),
                    sum(tally.paid_fen for tally in tallies),
                    sum(tally.ceiling_fen for tally in tallies),
                    sum(tally.posts for tally in tallies),
                )
            )
    return tuple(
        sorted(questions, key=lambda tally: (-tally.fen, -tally.ceiling_fen, -tally.awards))
    )


class Department(NamedTuple):
    """The sums under clauses that name a department, and that name it first.

    The first add up to the whole; the others do not, since a clause names several departments.
    """

    name: str
    clauses: int
    named: Sums
    named_first: Sums


def departments(side: Side) -> tuple[Department, ...]:
    """Return the departments, the largest sum first."""
    sums_by_name: dict[str, list[tuple[bool, Sums]]] = {}
    for clause in side.policy.clauses:
        tally = side.tallies[clause.id]
        sums = Sums(tally.paid_fen, tally.ceiling_fen, tally.posts)
        for index, name in enumerate(clause.departments):
            sums_by_name.setdefault(name, []).append((index == 0, sums))
    rows = [
        Department(name, len(parts), _sum(s for _, s in parts), _sum(s for f, s in parts if f))
        for name, parts in sums_by_name.items()
    ]
    return tuple(sorted(rows, key=lambda department: department.named_first, reverse=True))


def _sum(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total = total.plus(part)
    return total


@dataclass
class Simulation:
    """The result for a register; `moved` counts changed decisions (clause, before, after)."""

    first: Side
    second: Side | None
    changes: Changes
    applicants: int = 0
    decisions: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    moved: Counter[tuple[str, Result | None, Result | None]] = field(default_factory=Counter)


def simulate(
    rows: Iterable[Row], first: Policy, second: Policy | None = None, keep: int = KEEP
) -> Simulation:
    """Run a register through one version, or compare two.

    With one version, the changes are what each gets against nothing at all.
    """
    simulation = Simulation(
        Side(first, keep), Side(second, keep) if second else None, Changes(keep)
    )
    same = frozenset(_same(first, second)) if second else frozenset()
    pending: dict[str, tuple[int, dict[str, Sums]]] = {}
    for row in rows:
        bad = row if isinstance(row, BadRow) else _count(simulation, row, same, pending)
        if bad is not None:
            simulation.bad += 1
            if len(simulation.bad_rows) < BAD_ROWS_SHOWN:
                simulation.bad_rows.append(bad)
    for side, times in _sides(simulation):
        for entry, fen in side.settle():
            _, change = pending[entry.number]
            change[entry.clause] = change.get(entry.clause, Sums()).plus(Sums(fen), times)
    for number, (line, change) in pending.items():
        simulation.changes.add(number, line, change)
    return simulation


def _sides(simulation: Simulation) -> tuple[tuple[Side, int], ...]:
    return (
        ((simulation.first, -1), (simulation.second, 1))
        if simulation.second
        else ((simulation.first, 1),)
    )


def _count(
    simulation: Simulation,
    applicant: Applicant,
    same: frozenset[str],
    pending: dict[str, tuple[int, dict[str, Sums]]],
) -> BadRow | None:
    """Count one applicant, or return its faults."""
    by_side: list[dict[str, Decision]] = []
    for side, _ in _sides(simulation):
        first = by_side[0] if by_side else {}
        decisions, faults = side.decide(applicant, first, same if by_side else frozenset())
        if faults:
            return BadRow(applicant.line, applicant.number, tuple(faults))
        by_side.append(decisions)
    change: dict[str, Sums] = {}
    waits = False
    for (side, times), decisions in zip(_sides(simulation), by_side, strict=True):
        for clause, sums in side.fold(applicant, decisions).items():
            change[clause] = change.get(clause, Sums()).plus(sums, times)
        waits = waits or any(
            d.amount_fen and clause in side.rounds.clauses for clause, d in decisions.items()
        )
        simulation.decisions += len(decisions)
    simulation.applicants += 1
    if len(by_side) > 1:
        _compare(simulation, *by_side)
    if waits:
        pending[applicant.number] = (applicant.line, change)
    elif change:
        simulation.changes.add(applicant.number, applicant.line, change)
    return None


def _compare(simulation: Simulation, before: Decisions, after: Decisions) -> None:
    for clause in {**before, **after}:
        old, new = before.get(clause), after.get(clause)
        if old is new or (old and new and old.result == new.result):
            continue
        simulation.moved[clause, old and old.result, new and new.result] += 1


def _same(first: Policy, second: Policy) -> Iterator[str]:
    """Yield the clauses on which two versions decide alike, so that one decision is enough."""
    for name in ("facts", "derived", "impossible", "rounding"):
        if getattr(first, name) != getattr(second, name):
            return
    if first.scope.require != second.scope.require:
        return
    clauses = {clause.id: clause for clause in second.clauses}
    for clause in first.clauses:
        counterpart: Clause | None = clauses.get(clause.id)
        if counterpart and (clause.require, clause.amount) == (
            counterpart.require,
            counterpart.amount,
        ):
            yield clause.id
