"""A made-up register: applicants whose facts lie around the thresholds of a version's own file.

For trying things out, and for measuring; it says nothing about the city's firms. The same seed
gives the same register under the same version. Each applicant is drawn for a few of the clauses
that give something and has the facts that these ask for, mostly such that they are met; now and
then exactly at a threshold, or one fen or one seat below it. It is then decided under all clauses.
"""

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import count

from ledger.policy.decide import facts as told
from ledger.policy.decide.engine import lowest
from ledger.policy.simulation.applicants import Applicant
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import FactKind, Ratio, Requirement
from ledger.policy.text.terms import BOUNDS

NUMBERS_MAX = 10_000_000
_SCALE = 1_000_000_000  # of a quantity of which the file says nothing
_CLAUSES_MAX = 3
_MET = 0.85


def generated(policy: Policy, seed: int) -> Iterator[Applicant]:
    """Applicants without end."""
    maker = _Maker(policy, random.Random(seed))  # noqa: S311 - a register, not a secret
    return (maker.applicant(line) for line in count(1))


class _Maker:
    def __init__(self, policy: Policy, chance: random.Random) -> None:
        self._policy, self._chance = policy, chance
        self._clauses = [c for c in policy.clauses if c.amount.kind != "support"]
        self._places = {c.id: c.selection.limit + 5 for c in self._clauses if c.selection}
        self._wanted: dict[str, list[Requirement]] = {}
        self._near: dict[str, list[int | Fraction]] = {}
        for clause in policy.clauses:
            for requirement in (*policy.scope.require, *clause.require, *lowest(clause)):
                self._wanted.setdefault(requirement.fact, []).append(requirement)
                if requirement.op in BOUNDS:
                    self._threshold(requirement.fact, requirement.value)
            for band in clause.amount.bands:
                self._threshold(clause.amount.base or "", band.low)
            if clause.amount.rate and clause.amount.cap:
                full = clause.amount.cap.fen / clause.amount.rate
                self._threshold(clause.amount.base or "", int(full))

    def _threshold(self, fact: str, value: object) -> None:
        derived = self._policy.derived.get(fact)
        if derived is None or not derived.ratio:
            name = derived.plus[0] if derived else fact
            if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
                self._near.setdefault(name, []).append(value)

    def applicant(self, line: int) -> Applicant:
        """One more: who it is holds for all clauses, all else for the clause it is said for."""
        facts: dict[str, object] = {}
        for requirement in self._policy.scope.require:
            self._fill(facts, requirement.fact)
        own: dict[str, dict[str, object]] = {}
        for clause in self._chance.sample(self._clauses, self._chance.randint(1, _CLAUSES_MAX)):
            if self._places.get(clause.id) != 0:
                own[clause.id] = self._facts_of(clause, facts)
                if clause.id in self._places:
                    self._places[clause.id] -= 1
        rank = self._chance.randrange(1, NUMBERS_MAX)
        return Applicant(f"G-{line:06d}", line, facts, None, rank, own)

    def _facts_of(self, clause: Clause, said: Mapping[str, object]) -> dict[str, object]:
        facts: dict[str, object] = {}
        for name in told.names(self._policy, clause):
            if name == clause.amount.paid:
                facts[name] = 0 if self._met() else (clause.amount.most or 0) // 3
            elif name not in said:
                self._fill(facts, name)
        for derived in self._policy.derived.values():
            if derived.ratio and derived.ratio.of in facts and derived.ratio.to in facts:
                self._as_ratio(facts, derived.ratio)
        for one in self._policy.impossible:
            whole = facts.get(one.whole)
            for part in one.parts:
                if isinstance(whole, int) and part in facts:
                    facts[part] = self._chance.randint(0, whole // (8 * len(one.parts)))
        return facts

    def _fill(self, facts: dict[str, object], name: str) -> None:
        kind = self._policy.facts.get(name)
        if kind is None:
            return
        if kind.kind in ("yes_no", "choice"):
            facts[name] = self._chosen(name, kind)
        else:
            value = self._around(name)
            facts[name] = str(value) if kind.kind == "decimal" else value

    def _met(self) -> bool:
        return self._chance.random() < _MET

    def _chosen(self, name: str, kind: FactKind) -> object:
        met = self._met()
        if kind.kind == "yes_no":
            wanted = next((r.value for r in self._wanted.get(name, ())), True)
            return bool(wanted) == met
        wants = next((r.value for r in self._wanted.get(name, ())), ())
        good = wants if isinstance(wants, tuple) and wants else tuple(kind.choices)
        if met:  # mostly the first: enterprises apply more often than parks do
            return good[0] if self._met() else self._chance.choice(good)
        return self._chance.choice(tuple(kind.choices))

    def _around(self, name: str) -> int:
        """A number of the size of one of the thresholds: from a third of it to four times."""
        thresholds = self._near.get(name)
        if not thresholds:
            return self._chance.randrange(_SCALE // 10, _SCALE)
        threshold = int(self._chance.choice(thresholds))
        edge = self._chance.random()
        if edge < 0.02:  # noqa: PLR2004 - one in fifty stands at it, one in fifty just below
            return threshold
        if edge < 0.04:  # noqa: PLR2004
            return threshold - 1
        return threshold * self._chance.randrange(330, 4_000) // 1_000

    def _as_ratio(self, facts: dict[str, object], ratio: Ratio) -> None:
        """The first of the two quantities: from 1.05 to 1.4 times the second."""
        to = int(Fraction(str(facts[ratio.to])))
        facts[ratio.of] = str(to * self._chance.randrange(1_050, 1_400) // 1_000)
