"""One version's side of a simulation: decide each applicant and add up the results.

Awards for one project are combined as the closing clause says; awards from pools and lists wait for
their round; everything else is counted at once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.errors import Finding
from ledger.policy.analysis.cliffs import Cliffs
from ledger.policy.codes import Result
from ledger.policy.decide import fact_checks
from ledger.policy.decide.engine import decide
from ledger.policy.decide.stacking import Award, together
from ledger.policy.decide.tree import Decision
from ledger.policy.simulation.applicants import Applicant
from ledger.policy.simulation.dilution import Entry, Rounds
from ledger.policy.simulation.movers import Sums
from ledger.policy.text.clauses import Policy
from ledger.units import Fen

Decisions = Mapping[str, Decision]


@dataclass
class Tally:
    """The results of a clause; sums in fen, `paid_fen` less `recovered_fen`.

    `asked_fen` is what each decision gives by itself, `paid_fen` what is left of it beside other
    awards, in its pool and on its list.
    """

    results: Counter[Result] = field(default_factory=Counter)
    asked_fen: Fen = 0
    paid_fen: Fen = 0
    recovered_fen: Fen = 0
    ceiling_fen: Fen = 0
    posts: int = 0
    largest_fen: Fen = 0


class Side:
    """One version and its results."""

    def __init__(self, policy: Policy, keep: int) -> None:
        self.policy = policy
        self.tallies = {clause.id: Tally() for clause in policy.clauses}
        self.rounds = Rounds(policy)
        self.cliffs = Cliffs(policy, keep)
        self._checks = fact_checks.checks(policy, policy.facts)
        self._names = {clause.id: fact_checks.names(policy, clause) for clause in policy.clauses}
        self._clauses = {clause.id: clause for clause in policy.clauses}
        clauses_in_conflict = {c.clause for clause in policy.clauses for c in clause.conflicts}
        self._rivals = clauses_in_conflict | {
            clause.id for clause in policy.clauses if clause.conflicts
        }

    def decide(
        self, applicant: Applicant, first: Decisions, same: frozenset[str]
    ) -> tuple[dict[str, Decision], list[Finding]]:
        """Decide an applicant; decisions on `same` clauses are taken from `first`."""
        faults = self._faults(applicant)
        decisions: dict[str, Decision] = {}
        if faults:
            return decisions, faults
        for clause, names in self._names.items():
            if applicant.clauses is not None and clause not in applicant.clauses:
                continue
            if clause in same:
                decisions[clause] = first[clause]
                continue
            facts = applicant.facts
            if clause in applicant.own:
                facts = {**facts, **applicant.own[clause]}
            present = {name: facts[name] for name in names if name in facts}
            decision = decide(self.policy, clause, present)
            faults += decision.errors
            decisions[clause] = decision
        return decisions, list(dict.fromkeys(faults))

    def _faults(self, applicant: Applicant) -> list[Finding]:
        """Return the faults of every fact, also of facts that no clause uses."""
        for facts in (applicant.facts, *applicant.own.values()):
            for name, value in facts.items():
                check = self._checks.get(name)
                if check is not None and check(value) is not None:
                    own_facts = {n: v for n, v in facts.items() if n in self._checks}
                    return list(fact_checks.faults(self.policy, self._checks, own_facts))
        return []

    def fold(self, applicant: Applicant, decisions: Decisions) -> dict[str, Sums]:
        """Count an applicant; return what it gets at once, by clause."""
        sums_by_clause: dict[str, Sums] = {}
        for clause, decision in decisions.items():
            tally = self.tallies[clause]
            tally.results[decision.result] += 1
            self.cliffs.watch(clause, applicant.number, applicant.line, decision)
            if decision.result == "eligible":
                fen, ceiling = decision.amount_fen or 0, decision.ceiling_fen or 0
                tally.asked_fen += fen
                if fen or ceiling or decision.posts:
                    sums_by_clause[clause] = Sums(fen, ceiling, decision.posts or 0)
        if len(sums_by_clause) > 1 and len(self._rivals & sums_by_clause.keys()) > 1:
            sums_by_clause = self._together(applicant, sums_by_clause)
        at_once: dict[str, Sums] = {}
        for clause, sums in sums_by_clause.items():
            now = sums
            if sums.fen and clause in self.rounds.clauses:
                number, line, rank = applicant.number, applicant.line, applicant.rank
                self.rounds.add(Entry(number, clause, line, rank, sums.fen))
                now = sums._replace(fen=0)
            self._count(clause, now)
            if any(now):
                at_once[clause] = now
        return at_once

    def _count(self, clause: str, sums: Sums) -> None:
        tally = self.tallies[clause]
        tally.paid_fen += sums.fen
        tally.recovered_fen -= min(sums.fen, 0)
        tally.ceiling_fen += sums.ceiling_fen
        tally.posts += sums.posts
        tally.largest_fen = max(tally.largest_fen, sums.fen)

    def _together(self, applicant: Applicant, sums_by_clause: dict[str, Sums]) -> dict[str, Sums]:
        """Combine the awards of an applicant, which is one project."""
        awards = [
            Award(
                clause, clause, applicant.number, sums.fen or sums.ceiling_fen,
                lines=self._cost_lines(applicant, clause),
            )
            for clause, sums in sums_by_clause.items()
            if not sums.posts
        ]  # fmt: skip
        payable_fen = {
            payable.award.clause: payable.fen for payable in together(self.policy, awards)
        }
        return {
            clause: sums._replace(**{"fen" if sums.fen else "ceiling_fen": payable_fen[clause]})
            if clause in payable_fen
            else sums
            for clause, sums in sums_by_clause.items()
        }

    def _cost_lines(self, applicant: Applicant, clause: str) -> frozenset[str]:
        """Return the cost that an award uses, if no other award may use it too."""
        amount = self._clauses[clause].amount
        all_clauses = self._clauses.values()
        same_cost = any(c.rule == "same_cost" for c in self._clauses[clause].conflicts) or any(
            c.rule == "same_cost" and c.clause == clause for o in all_clauses for c in o.conflicts
        )
        if not same_cost or amount.base is None:
            return frozenset()
        own = amount.base in applicant.own.get(clause, {})
        return frozenset({f"{clause}.{amount.base}" if own else amount.base})

    def settle(self) -> Iterator[tuple[Entry, Fen]]:
        """Settle the rounds; yield what each waiting entry is paid."""
        for entry, fen in self.rounds.settle():
            self._count(entry.clause, Sums(fen))
            yield entry, fen
