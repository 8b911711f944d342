"""Exposure: the most that a version can cost in a year, where its text sets a limit.

A pool limits its clauses together, a list with a number of places limits its clause, awards in kind
and supports cost nothing here. Without either, a cap per award limits nothing while the number of
winners is open: then no total is shown. Where not even one award has a cap, an example shows what
one would cost.
"""

from typing import Literal, NamedTuple

from ledger.policy.decide import fact_checks
from ledger.policy.decide.engine import decide
from ledger.policy.text.clauses import Clause, Policy
from ledger.units import Fen

Why = Literal["pool", "selection", "in_kind", "support", "winners", "no_cap", "negotiated"]

EXAMPLE = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "infrastructure": True,
    "all_green": True,
    "facility_kwh": "1007400000",
    "it_kwh": "876000000",
}
"""A site with 100 MW of IT load all year (8,760 h) at PUE 1.15: articles.md, Q5-1."""


class Exposure(NamedTuple):
    """What a clause can cost a year, fen.

    `bound_fen` is None where there is no upper bound, and `each_fen` where one award has none.
    """

    clause: str
    why: Why
    bound_fen: Fen | None
    each_fen: Fen | None = None
    pool: str | None = None
    limit: int | None = None
    example_fen: Fen | None = None


def exposures(policy: Policy) -> tuple[Exposure, ...]:
    """Return the exposure of every clause."""
    return tuple(_exposure(policy, clause) for clause in policy.clauses)


def bounded(exposures: tuple[Exposure, ...]) -> Fen:
    """Return what the limited clauses cost at most together, fen a year; a pool counts once."""
    pools = {exposure.pool: exposure.bound_fen or 0 for exposure in exposures if exposure.pool}
    return sum(pools.values()) + sum(
        exposure.bound_fen or 0 for exposure in exposures if not exposure.pool
    )


def unbounded(exposures: tuple[Exposure, ...]) -> tuple[str, ...]:
    """Return the clauses without a limit."""
    return tuple(exposure.clause for exposure in exposures if exposure.bound_fen is None)


def _exposure(policy: Policy, clause: Clause) -> Exposure:
    award_fen, pool = clause.amount.most, policy.pools.get(clause.pool or "")
    why = _why(clause)
    exposure = Exposure(clause.id, why, None, award_fen)
    if why in ("support", "in_kind"):
        return exposure._replace(bound_fen=0, each_fen=0)
    if why == "pool" and pool:
        bound = pool.fen if pool.period == "year" else None
        return exposure._replace(bound_fen=bound, pool=clause.pool)
    if why == "selection" and clause.selection and award_fen is not None:
        limit = clause.selection.limit
        return exposure._replace(bound_fen=limit * award_fen, limit=limit)
    return exposure._replace(example_fen=_example(policy, clause)) if why == "no_cap" else exposure


def _why(clause: Clause) -> Why:
    """Return what limits a clause, or why nothing does."""
    amount = clause.amount
    if amount.kind == "support":
        return "support"
    if amount.kind in ("quota", "negotiated"):
        return "in_kind" if amount.kind == "quota" else "negotiated"
    if clause.pool:
        return "pool"
    if amount.most is None:
        return "no_cap"
    listed = clause.selection is not None and clause.selection.period == "year"
    return "selection" if listed else "winners"


def _example(policy: Policy, clause: Clause) -> Fen | None:
    names = fact_checks.names(policy, clause)
    facts = {name: value for name, value in EXAMPLE.items() if name in names}
    return decide(policy, clause.id, facts).amount_fen
