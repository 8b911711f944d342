"""A round of applications that share one sum, and a list with a limited number of places.

Article 6's awards share 2000万 a year. When a round closes, everybody is paid in full if the sum is
enough. If not, by the pool's rule: in proportion (rounded down to the fen, the remainder by the
largest remainder, ties by application number), or in the order of arrival or rank until the sum is
used up.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.errors import Conflict, Refused
from ledger.policy.text.clauses import Pool, Selection
from ledger.units import Fen

_DIGITS = re.compile(r"(\d+)", re.ASCII)


class Application(NamedTuple):
    """The computed award of an application, fen; `order` is its turn or its rank."""

    number: str
    applicant: str
    fen: Fen
    order: int = 0


class Share(NamedTuple):
    """What an application is paid of the pool, fen."""

    number: str
    asked_fen: Fen
    paid_fen: Fen


def settle(pool: Pool, applications: Sequence[Application]) -> tuple[Share, ...]:
    """Return what each is paid, in the given order; together never more than the pool.

    A recovery (a negative sum) is as it is: it neither takes from the pool nor fills it.

    Raises:
        Conflict: an application number is there twice.
    """
    counts = Counter(application.number for application in applications)
    if twice := next((number for number, times in counts.items() if times > 1), None):
        raise Conflict("application_twice", number=twice)
    sums = _bounded(
        pool.applicant_fen, [application for application in applications if application.fen > 0]
    )
    if sum(sums.values()) > pool.fen:
        sums = _in_proportion(pool.fen, sums) if pool.rule == "pro_rata" else _in_turn(
            pool.fen, sums, applications
        )  # fmt: skip
    return tuple(
        Share(
            application.number,
            application.fen,
            sums.get(application.number, min(application.fen, 0)),
        )
        for application in applications
    )


def _bounded(bound: Fen | None, applications: Iterable[Application]) -> dict[str, Fen]:
    """Return what each asks for within the limit per applicant, in order."""
    totals: defaultdict[str, Fen] = defaultdict(int)
    sums = {}
    for application in sorted(applications, key=_turn):
        fen = (
            application.fen
            if bound is None
            else min(application.fen, bound - totals[application.applicant])
        )
        totals[application.applicant] += fen
        sums[application.number] = fen
    return sums


def _in_proportion(pool: Fen, sums: dict[str, Fen]) -> dict[str, Fen]:
    total = sum(sums.values())
    paid = {number: fen * pool // total for number, fen in sums.items()}
    rest = pool - sum(paid.values())
    by_remainder = sorted(sums, key=lambda n: (-(sums[n] * pool % total), natural(n)))
    for number in by_remainder[:rest]:
        paid[number] += 1
    return paid


def _in_turn(
    pool: Fen, sums: dict[str, Fen], applications: Iterable[Application]
) -> dict[str, Fen]:
    paid = {}
    for application in sorted(applications, key=_turn):
        if application.number in sums:
            paid[application.number] = min(sums[application.number], pool)
            pool -= paid[application.number]
    return paid


def _turn(application: Application) -> tuple[object, ...]:
    return (application.order, natural(application.number))


def natural(number: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key for application numbers: A-2 before A-10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part)
        for part in _DIGITS.split(number)
        if part
    )


def select(selection: Selection, listed: Sequence[str], number: str) -> tuple[str, ...]:
    """Add an applicant to the list.

    Raises:
        Conflict: it is on the list already.
        Refused: the list is full.
    """
    if number in listed:
        raise Conflict("selected_already", number=number)
    if len(listed) >= selection.limit:
        raise Refused("selection_full", number=number, limit=selection.limit)
    return (*listed, number)
