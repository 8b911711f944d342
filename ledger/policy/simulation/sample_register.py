"""Generate a register of applicants with facts around the thresholds of a version.

For trials and benchmarks; it says nothing about real firms. The same seed and version give the same
register. Each applicant aims at a few clauses and mostly meets their conditions, sometimes exactly
at a threshold, or one fen or one seat below it. It is decided under all clauses.
"""

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import count

from ledger.policy.decide import fact_checks
from ledger.policy.decide.engine import lowest
from ledger.policy.simulation.applicants import Applicant
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.conditions import FactKind, Ratio, Requirement
from ledger.policy.text.terms import BOUNDS

NUMBERS_MAX = 10_000_000
_SCALE = 1_000_000_000  # of a quantity of which the file says nothing
_CLAUSES_MAX = 3
_CHANCE_TO_MEET = 0.85


def sample_applicants(policy: Policy, seed: int) -> Iterator[Applicant]:
    """Yield applicants without end."""
    maker = _Maker(policy, random.Random(seed))  # noqa: S311 - a register, not a secret
    return (maker.applicant(line) for line in count(1))


class _Maker:
    def __init__(self, policy: Policy, chance: random.Random) -> None:
        self._policy, self._chance = policy, chance
        self._clauses = [c for c in policy.clauses if c.amount.kind != "support"]
        self._places = {c.id: c.selection.limit + 5 for c in self._clauses if c.selection}
        self._requirements: dict[str, list[Requirement]] = {}
        self._near: dict[str, list[int | Fraction]] = {}
        for clause in policy.clauses:
            for requirement in (
                *policy.scope.require,
                *clause.require,
                *clause.amount.rate_conditions,
                *lowest(clause),
            ):
                self._requirements.setdefault(requirement.fact, []).append(requirement)
                if requirement.op in BOUNDS:
                    self._threshold(requirement.fact, requirement.value)
            for band in clause.amount.bands:
                self._threshold(clause.amount.base or "", band.low)
            if clause.amount.rate and clause.amount.cap:
                full = clause.amount.cap.fen / clause.amount.rate
                self._threshold(clause.amount.base or "", int(full))

    def _threshold(self, fact: str, value: object) -> None:
        derivation = self._policy.derived.get(fact)
        if derivation is None or not derivation.ratio:
            name = derivation.plus[0] if derivation else fact
            if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
                self._near.setdefault(name, []).append(value)

    def applicant(self, line: int) -> Applicant:
        """Make one more applicant."""
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

    def _facts_of(self, clause: Clause, preset: Mapping[str, object]) -> dict[str, object]:
        facts: dict[str, object] = {}
        for name in fact_checks.names(self._policy, clause):
            if name == clause.amount.paid:
                facts[name] = 0 if self._meets() else (clause.amount.most or 0) // 3
            elif name not in preset:
                self._fill(facts, name)
        for derivation in self._policy.derived.values():
            if derivation.ratio and derivation.ratio.of in facts and derivation.ratio.to in facts:
                self._as_ratio(facts, derivation.ratio)
        for rule in self._policy.impossible:
            whole = facts.get(rule.whole)
            for part in rule.parts:
                if isinstance(whole, int) and part in facts:
                    facts[part] = self._chance.randint(0, whole // (8 * len(rule.parts)))
        return facts

    def _fill(self, facts: dict[str, object], name: str) -> None:
        kind = self._policy.facts.get(name)
        if kind is None:
            return
        if kind.kind in ("yes_no", "choice"):
            facts[name] = self._choose(name, kind)
        else:
            value = self._around(name)
            facts[name] = str(value) if kind.kind == "decimal" else value

    def _meets(self) -> bool:
        return self._chance.random() < _CHANCE_TO_MEET

    def _choose(self, name: str, kind: FactKind) -> object:
        meets = self._meets()
        if kind.kind == "yes_no":
            target = next((r.value for r in self._requirements.get(name, ())), True)
            return bool(target) == meets
        wants = next((r.value for r in self._requirements.get(name, ())), ())
        good = wants if isinstance(wants, tuple) and wants else tuple(kind.choices)
        if meets:  # mostly the first: enterprises apply more often than parks do
            return good[0] if self._meets() else self._chance.choice(good)
        return self._chance.choice(tuple(kind.choices))

    def _around(self, name: str) -> int:
        """Draw a number near one of the thresholds: from a third of it to four times."""
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
        """Draw the first quantity of a ratio: 1.05 to 1.4 times the second."""
        to = int(Fraction(str(facts[ratio.to])))
        facts[ratio.of] = str(to * self._chance.randrange(1_050, 1_400) // 1_000)
