"""The boundaries of shared sums: a pool that is just enough or one fen short, a full list.

Applicants ask together for one fen less than the pool, exactly the pool, and one fen more: up to it
everybody is paid in full, above it together never more than the pool. The same for one applicant's
limit. A list takes its last place, and not one more.
"""

from collections.abc import Iterator, Sequence

from ledger.errors import Refused
from ledger.policy.analysis.boundaries import SIDES, Edge, Point, Side
from ledger.policy.analysis.reference import NO_AWARD, Outcome
from ledger.policy.decide.pools import Application, select, settle
from ledger.policy.text.clauses import Clause, Policy, Pool
from ledger.units import Fen


def shared(policy: Policy) -> tuple[Edge, ...]:
    """Yield the boundaries of every pool and every list of a version."""
    pools = [edge for pool in policy.pools.values() for edge in _pool(pool)]
    return (*pools, *(edge for clause in policy.clauses for edge in _list(clause)))


def _pool(pool: Pool) -> Iterator[Edge]:
    sides = [(side, _applications(pool, pool.fen + by)) for side, by in SIDES]
    points = tuple(_settle(pool, side, applications, pool.fen) for side, applications in sides)
    yield Edge("pool", "", pool.fen, "included", pool.words, points)
    most = pool.applicant_fen
    if most is None or most > pool.fen:
        return
    ones = [
        (side, [Application("1", "A", most - 1), Application("2", "A", 1 + by)])
        for side, by in SIDES
    ]
    points = tuple(_settle(pool, side, applications, most) for side, applications in ones)
    yield Edge("applicant", "", most, "included", pool.words, points)


def _applications(pool: Pool, fen: Fen) -> Sequence[Application]:
    """Make applicants who together ask for a sum, each within the limit per applicant."""
    count = 3 if pool.applicant_fen is None else fen // pool.applicant_fen + 3
    share = fen // count
    sums = [share] * (count - 1) + [fen - share * (count - 1)]
    return [Application(str(i), f"A{i}", fen, i) for i, fen in enumerate(sums, start=1)]


def _settle(pool: Pool, side: Side, applications: Sequence[Application], most: Fen) -> Point:
    shares = settle(pool, applications)
    whole, paid = sum(item.fen for item in applications), sum(item.paid_fen for item in shares)
    in_full = all(item.paid_fen == item.asked_fen for item in shares)
    holds = paid == min(whole, most) and in_full == (whole <= most)
    holds = holds and all(0 <= item.paid_fen <= item.asked_fen for item in shares)
    result = "in_full" if in_full else "reduced"
    return Point(side, whole, result, Outcome(amount_fen=paid), holds, {})


def _list(clause: Clause) -> Iterator[Edge]:
    selection = clause.selection
    if selection is None:
        return
    points = []
    for side, by in SIDES:
        number = selection.limit + by
        listed = tuple(str(i) for i in range(1, number))
        try:
            result = "listed" if len(select(selection, listed, str(number))) == number else "lost"
        except Refused:
            result = "refused"
        holds = result == ("listed" if number <= selection.limit else "refused")
        points.append(Point(side, number, result, NO_AWARD, holds, {}))
    yield Edge("selection", "", selection.limit, "included", selection.words, tuple(points))
