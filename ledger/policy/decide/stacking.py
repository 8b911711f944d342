"""Combine several awards as the closing clause allows.

Awards of this policy add up, but a cost line is used once, and awards that exclude each other for a
project are not both paid in full. An award similar to another municipal one, by the bureau's signed
table, is paid 就高从优不重复: up to the higher of the two. Regional and state awards are not
deducted, but all public support together never exceeds the cost.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from ledger.policy.text.clauses import Clause, Policy, SimilarAward
from ledger.units import Fen

Level = Literal["state", "region", "city", "district"]
Rule = Literal["full", "same_cost", "higher", "offset", "similar", "support"]


class Award(NamedTuple):
    """An award of this policy: fen, the cost it is for, and that cost's lines."""

    number: str
    clause: str
    project: str
    fen: Fen
    cost_fen: Fen | None = None
    lines: frozenset[str] = frozenset()


class OtherAward(NamedTuple):
    """Public support under another policy for the same project."""

    award: str
    level: Level
    fen: Fen


class Payable(NamedTuple):
    """What remains of an award, the rule that decides, and what it yields to."""

    award: Award
    fen: Fen
    rule: Rule = "full"
    by: str = ""


def together(policy: Policy, awards: Sequence[Award]) -> tuple[Payable, ...]:
    """Return what each award is worth beside the others; a cost line goes to the first."""
    clauses = {clause.id: clause for clause in policy.clauses}
    payables: list[Payable] = []
    for award in awards:
        earlier = [p for p in payables if p.rule != "same_cost"]
        first = next((p for p in earlier if _one_cost(policy, clauses, p.award, award)), None)
        refused = first and Payable(award, 0, "same_cost", first.award.number)
        payables.append(refused or Payable(award, award.fen))
    return tuple(_excluded(clauses, payable, payables) for payable in payables)


def beside(
    policy: Policy,
    award: Award,
    other_awards: Sequence[OtherAward],
    signed_awards: Iterable[SimilarAward] = (),
) -> Payable:
    """Return what is payable of an award beside support under other policies.

    `signed` are lines of the similarity table that were signed after the version was published.
    """
    lines = (*policy.stacking.table, *signed_awards)
    similar = {line.award for line in lines if line.clause == award.clause}
    levels = ("city", "district") if policy.stacking.district == "city" else ("city",)
    rivals = [rival for rival in other_awards if rival.award in similar and rival.level in levels]
    payable = _higher(policy, award, rivals)
    if award.cost_fen is None:
        return payable
    room = max(0, award.cost_fen - sum(rival.fen for rival in other_awards))
    if payable.fen <= room:
        return payable
    return Payable(award, room, "support", "、".join(rival.award for rival in other_awards))


def _higher(policy: Policy, award: Award, rivals: Sequence[OtherAward]) -> Payable:
    received = sum(rival.fen for rival in rivals)
    if not rivals:
        return Payable(award, award.fen)
    if policy.stacking.similar == "difference":
        remaining = max(0, award.fen - received)
    else:
        remaining = award.fen if award.fen > received else 0
    return Payable(award, remaining, "similar", "、".join(rival.award for rival in rivals))


def _one_cost(policy: Policy, clauses: dict[str, Clause], first: Award, second: Award) -> bool:
    """Return whether two awards use a cost line that may be used once."""
    if not first.lines & second.lines:
        return False
    rules = [clauses[a.clause].same_cost or policy.stacking.same_cost for a in (first, second)]
    return "once" in rules


def _excluded(clauses: dict[str, Clause], payable: Payable, all_: Sequence[Payable]) -> Payable:
    """Apply a conflict with another award for the same project."""
    if payable.rule != "full":
        return payable
    for rival in all_:
        if rival is payable or rival.rule != "full" or rival.award.project != payable.award.project:
            continue
        rule = _conflict(clauses, payable.award.clause, rival.award.clause)
        if rule == "higher" and _yields(payable, rival, all_):
            return Payable(payable.award, 0, "higher", rival.award.number)
        if rule == "offset":
            remaining = max(0, payable.fen - rival.fen)
            return Payable(payable.award, remaining, "offset", rival.award.number)
    return payable


def _conflict(clauses: dict[str, Clause], clause: str, rival: str) -> str | None:
    """Return the rule between two clauses; `offset` applies one way only."""
    for conflict in clauses[clause].conflicts:
        if conflict.clause == rival and conflict.rule != "same_cost":
            return conflict.rule
    for conflict in clauses[rival].conflicts:
        if conflict.clause == clause and conflict.rule == "higher":
            return "higher"
    return None


def _yields(payable: Payable, rival: Payable, all_: Sequence[Payable]) -> bool:
    """Return whether the first award yields: the lower one, or the later of equals."""
    return (payable.fen, -all_.index(payable)) < (rival.fen, -all_.index(rival))
