"""Several awards together: what the closing clause allows, and what it does not.

Awards of this policy add up, but one cost line is used once, and two awards that exclude each other
for one project are never both paid in full. An award that is similar to another municipal one, by a
table that the bureau has signed, is paid 就高从优不重复: up to the higher of the two. Awards of the
region or the state are not deducted; but all public support together never exceeds the cost.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from ledger.policy.text.clauses import Clause, Policy, SimilarAward
from ledger.units import Fen

Level = Literal["state", "region", "city", "district"]
Rule = Literal["full", "same_cost", "higher", "offset", "similar", "support"]


class Award(NamedTuple):
    """An award of this policy, as worked out: fen, the cost it is for, and that cost's lines."""

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
    """What is left of an award, which rule says so, and the number or name that it yields to."""

    award: Award
    fen: Fen
    rule: Rule = "full"
    by: str = ""


def together(policy: Policy, awards: Sequence[Award]) -> tuple[Payable, ...]:
    """What each is worth beside the others; the first of two that use one cost line has it."""
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
    """What of an award is payable beside support under other policies.

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
    """Whether two awards use a cost line that may be used once; either clause can forbid it."""
    if not first.lines & second.lines:
        return False
    rules = [clauses[a.clause].same_cost or policy.stacking.same_cost for a in (first, second)]
    return "once" in rules


def _excluded(clauses: dict[str, Clause], payable: Payable, all_: Sequence[Payable]) -> Payable:
    """What a conflict with another award for the same project leaves of it."""
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
    """`higher` holds both ways; `offset` is of the clause that names the other."""
    for conflict in clauses[clause].conflicts:
        if conflict.clause == rival and conflict.rule != "same_cost":
            return conflict.rule
    for conflict in clauses[rival].conflicts:
        if conflict.clause == clause and conflict.rule == "higher":
            return "higher"
    return None


def _yields(payable: Payable, rival: Payable, all_: Sequence[Payable]) -> bool:
    """The lower yields; of two that are equal, the later."""
    return (payable.fen, -all_.index(payable)) < (rival.fen, -all_.index(rival))
