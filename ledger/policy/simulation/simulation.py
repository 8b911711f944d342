"""What a version of the policy would cost, and what another one would change, for a register.

Each applicant is decided under every clause that it applies for, by the engine that decides the
real cases; awards for one project are put together as the closing clause says; pools and lists are
settled when the last one has come. Applicants stream in and sums come out: what is kept is one
number for each application, one entry for each award that waits for its round, and the few
applicants who are named. An applicant whose facts are wrong is told with its line and left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.policy.decide.tree import Decision, Result
from ledger.policy.simulation.applicants import Applicant, BadRow, Row
from ledger.policy.simulation.movers import Changes, Sums
from ledger.policy.simulation.tallies import Decisions, Side
from ledger.policy.text.clauses import Clause, Policy
from ledger.units import Fen

BAD_ROWS_SHOWN = 100
KEEP = 10


class Resting(NamedTuple):
    """What rests on a question that nobody has decided: clauses, awards, and their sums."""

    question: str
    clauses: int
    awards: int
    fen: Fen
    ceiling_fen: Fen
    posts: int


def resting(side: Side) -> tuple[Resting, ...]:
    """What rests on each question that nobody has decided, the largest sum first."""
    found = []
    for key, question in side.policy.questions.items():
        asking = [c.id for c in side.policy.clauses if key in side.policy.asked(c)]
        tallies = [side.tallies[clause] for clause in asking]
        if question.decided_by is None and tallies:
            found.append(
                Resting(
                    key,
                    len(tallies),
                    sum(one.results["eligible"] for one in tallies),
                    sum(one.paid_fen for one in tallies),
                    sum(one.ceiling_fen for one in tallies),
                    sum(one.posts for one in tallies),
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.fen, -one.ceiling_fen, -one.awards)))


class Department(NamedTuple):
    """What a department answers for: sums under clauses that name it, and that name it first.

    The first add up to the whole; the others do not, since a clause names several departments.
    """

    name: str
    clauses: int
    named: Sums
    named_first: Sums


def departments(side: Side) -> tuple[Department, ...]:
    """The departments, those first that answer for most."""
    found: dict[str, list[tuple[bool, Sums]]] = {}
    for clause in side.policy.clauses:
        tally = side.tallies[clause.id]
        sums = Sums(tally.paid_fen, tally.ceiling_fen, tally.posts)
        for index, name in enumerate(clause.departments):
            found.setdefault(name, []).append((index == 0, sums))
    made = [
        Department(name, len(parts), _sum(s for _, s in parts), _sum(s for f, s in parts if f))
        for name, parts in found.items()
    ]
    return tuple(sorted(made, key=lambda one: one.named_first, reverse=True))


def _sum(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total = total.plus(part)
    return total


@dataclass
class Simulation:
    """What came of a register. `moved` are decisions that changed: (clause, before, after)."""

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
    """Run a register through one version, or through two that are compared.

    With one version, the changes are what each gets against nothing at all.
    """
    made = Simulation(Side(first, keep), Side(second, keep) if second else None, Changes(keep))
    same = frozenset(_same(first, second)) if second else frozenset()
    waiting: dict[str, tuple[int, dict[str, Sums]]] = {}
    for row in rows:
        bad = row if isinstance(row, BadRow) else _one(made, row, same, waiting)
        if bad is not None:
            made.bad += 1
            if len(made.bad_rows) < BAD_ROWS_SHOWN:
                made.bad_rows.append(bad)
    for side, times in _sides(made):
        for entry, fen in side.settle():
            _, change = waiting[entry.number]
            change[entry.clause] = change.get(entry.clause, Sums()).plus(Sums(fen), times)
    for number, (line, change) in waiting.items():
        made.changes.add(number, line, change)
    return made


def _sides(made: Simulation) -> tuple[tuple[Side, int], ...]:
    return ((made.first, -1), (made.second, 1)) if made.second else ((made.first, 1),)


def _one(
    made: Simulation,
    applicant: Applicant,
    same: frozenset[str],
    waiting: dict[str, tuple[int, dict[str, Sums]]],
) -> BadRow | None:
    """Count one applicant, or say what is wrong with it."""
    decided: list[dict[str, Decision]] = []
    for side, _ in _sides(made):
        known = decided[0] if decided else {}
        decisions, faults = side.decide(applicant, known, same if decided else frozenset())
        if faults:
            return BadRow(applicant.line, applicant.number, tuple(faults))
        decided.append(decisions)
    change: dict[str, Sums] = {}
    waits = False
    for (side, times), decisions in zip(_sides(made), decided, strict=True):
        for clause, sums in side.fold(applicant, decisions).items():
            change[clause] = change.get(clause, Sums()).plus(sums, times)
        waits = waits or any(
            d.amount_fen and clause in side.rounds.clauses for clause, d in decisions.items()
        )
        made.decisions += len(decisions)
    made.applicants += 1
    if len(decided) > 1:
        _compare(made, *decided)
    if waits:
        waiting[applicant.number] = (applicant.line, change)
    elif change:
        made.changes.add(applicant.number, applicant.line, change)
    return None


def _compare(made: Simulation, before: Decisions, after: Decisions) -> None:
    for clause in {**before, **after}:
        was, is_ = before.get(clause), after.get(clause)
        if was is is_ or (was and is_ and was.result == is_.result):
            continue
        made.moved[clause, was and was.result, is_ and is_.result] += 1


def _same(first: Policy, second: Policy) -> Iterator[str]:
    """The clauses on which two versions decide alike: there one decision is enough."""
    for name in ("facts", "derived", "impossible", "rounding"):
        if getattr(first, name) != getattr(second, name):
            return
    if first.scope.require != second.scope.require:
        return
    clauses = {clause.id: clause for clause in second.clauses}
    for clause in first.clauses:
        other: Clause | None = clauses.get(clause.id)
        if other and (clause.require, clause.amount) == (other.require, other.amount):
            yield clause.id
