"""Under which policy version a cell's matched cost was used.

A month may fall into several segments: another version came into force in it, or the voucher began
or ended. What documents pay goes first to the segment in which their service days lie; the rest is
shared among the segments in proportion to what was metered and not yet paid there. So a month that
is wholly matched earns exactly by the day, however many documents there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType

from ledger.units import Fen, next_month

Span = tuple[str, date | None, date | None]
"""A version, and from which day until before which a project's usage is under it; None: open."""


@dataclass(frozen=True)
class Segment:
    """Days of a month under one version (half-open), and what was metered on them."""

    policy: str  # "" under none
    days: tuple[tuple[date, date], ...]
    metered_fen: Fen


@dataclass(frozen=True)
class Payment:
    """What a document line pays, for service days from `since` to `until`, included."""

    since: date
    until: date
    fen: Fen


def policy_on(day: date, spans: Sequence[Span]) -> str:
    """Return the version of a day: of those in force, the first of `spans`; "" where none is."""
    for policy, since, until in spans:
        if (since is None or since <= day) and (until is None or day < until):
            return policy
    return ""


def segments(
    month: date, spans: Sequence[Span], metered_by_policy: Iterable[tuple[str, Fen]]
) -> list[Segment]:
    """Cut a Beijing month into segments; what was metered has been told by version before."""
    end = next_month(month)
    cuts = {month, end} | {
        day for _, *ends in spans for day in ends if day is not None and month < day < end
    }
    days: dict[str, list[tuple[date, date]]] = {}
    for since, until in pairwise(sorted(cuts)):
        of_policy = days.setdefault(policy_on(since, spans), [])
        if of_policy and of_policy[-1][1] == since:
            since = of_policy.pop()[0]  # noqa: PLW2901 - no gap between them
        of_policy.append((since, until))
    metered = dict(metered_by_policy)
    return [
        Segment(policy, tuple(days.get(policy, ())), metered.get(policy, 0))
        for policy in sorted(days.keys() | metered.keys())
    ]


def share(
    fen: Fen,
    segments: Sequence[Segment],
    payments: Sequence[Payment],
    held_fen: Mapping[str, Fraction] = MappingProxyType({}),
) -> Mapping[int, Fraction]:
    """Share matched fen among segments; return the exact fen of each, by its index.

    More than was metered (two persons decided that more was used) is shared like the whole. The
    triggers do the same: `share_by_version` in `ledger/migrations/sql/vouchers/19_days.sql`.

    Args:
        fen: of all segments together, no less than is held.
        segments: of a month.
        payments: what documents pay, by service days.
        held_fen: what each version keeps in any case, where more counts than before.
    """
    floors = [held_fen.get(segment.policy, Fraction(0)) for segment in segments]
    paid_fen = [0] * len(segments)
    for payment in payments:
        index = _within(payment, segments)
        if index is not None:
            paid_fen[index] += payment.fen
    firsts = [
        max(floor, Fraction(min(paid, segment.metered_fen)))
        for floor, paid, segment in zip(floors, paid_fen, segments, strict=True)
    ]
    before = sum(firsts, Fraction(0))
    if fen < before:
        weights = {index: firsts[index] - floor for index, floor in enumerate(floors)}
        parts = dict(enumerate(floors))
        _spread(parts, fen - sum(floors, Fraction(0)), weights)
        return parts
    rooms = {i: max(s.metered_fen - firsts[i], Fraction(0)) for i, s in enumerate(segments)}
    first = min(fen - before, sum(rooms.values(), Fraction(0)))
    parts = dict(enumerate(firsts))
    _spread(parts, first, rooms)
    weights = {i: Fraction(s.metered_fen) for i, s in enumerate(segments)}
    _spread(parts, fen - before - first, weights)
    return parts


def _within(payment: Payment, segments: Sequence[Segment]) -> int | None:
    """Return the segment that has all service days of a payment."""
    return next(
        (
            index
            for index, segment in enumerate(segments)
            for since, until in segment.days
            if since <= payment.since and payment.until < until
        ),
        None,
    )


def _spread(parts: dict[int, Fraction], fen: Fraction, weights: Mapping[int, Fraction]) -> None:
    """Add `fen` to the parts in proportion; evenly where nothing was metered at all."""
    if not fen:
        return
    whole = sum(weights.values(), Fraction(0))
    for index, weight in weights.items():
        parts[index] += fen * (weight / whole if whole else Fraction(1, len(weights)))
