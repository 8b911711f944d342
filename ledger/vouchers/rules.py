"""What a project's cells earn, by month: before the cap exactly, under it in whole fen.

A cell earns in the months and under the policy versions in which its usage was: at the rate of
each version, on the days on which the voucher is valid. What is no compute cost earns nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby
from math import ceil
from types import MappingProxyType

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment, Span, segments, share
from ledger.registry.rules.safeguards import support_room
from ledger.units import Fen, round_half_up

Rates = Mapping[str, Fraction]
"""The rate of each policy version under which the voucher was opened."""

ContractMonth = tuple[date, int]
"""Where payable money is kept: the month, and the key of the contract."""


@dataclass(frozen=True)
class Earnings:
    """A month's cost and matched cost that can earn, fen, and what they earn, exact fen."""

    cost_fen: Fen = 0
    matched_fen: Fen = 0
    earned_fen: Fraction = Fraction(0)
    uncapped_fen: Fraction = Fraction(0)  # with the provisional part

    def __add__(self, more: "Earnings") -> "Earnings":
        return Earnings(
            self.cost_fen + more.cost_fen,
            self.matched_fen + more.matched_fen,
            self.earned_fen + more.earned_fen,
            self.uncapped_fen + more.uncapped_fen,
        )


OtherSupport = Mapping[tuple[int | None, date], Fen]
"""What other programmes pay of a month, by contract; of the project as a whole under None."""


def earnings(
    cells: Iterable[Cell],
    spans: Sequence[Span],
    rates: Rates,
    payments: Mapping[Key, Sequence[Payment]],
    support: OtherSupport = MappingProxyType({}),
) -> dict[date, Earnings]:
    """Return what each month earns; arguments as of `earnings_by_contract`."""
    by_month: dict[date, Earnings] = {}
    by_contract = earnings_by_contract(cells, spans, rates, payments, support)
    for (month, _), part in by_contract.items():
        by_month[month] = by_month.get(month, Earnings()) + part
    return by_month


def earnings_by_contract(
    cells: Iterable[Cell],
    spans: Sequence[Span],
    rates: Rates,
    payments: Mapping[Key, Sequence[Payment]],
    support: OtherSupport = MappingProxyType({}),
) -> dict[ContractMonth, Earnings]:
    """Return what each month of each contract earns; all public support of a cost is at most it.

    Where the bound is that of a whole month, the older contracts earn first.

    Args:
        cells: of one project.
        spans: the versions of its voucher and their days.
        rates: of these versions.
        payments: what documents pay into cells that fall into several segments.
        support: what other programmes pay of the same costs.
    """
    by_contract: dict[ContractMonth, Earnings] = {}
    for cell in cells:
        if cell.part is not Part.FEE and (
            part := _of_cell(cell, spans, rates, payments.get(cell.key, ()))
        ):
            place = (cell.month, cell.contract)
            by_contract[place] = by_contract.get(place, Earnings()) + part
    within: dict[ContractMonth, Earnings] = {}
    for month, of_month in groupby(sorted(by_contract), key=lambda place: place[0]):
        parts = {
            place: _within_cost(by_contract[place], support.get((place[1], month), 0))
            for place in of_month
        }
        other_fen = sum(fen for (_, paid_month), fen in support.items() if paid_month == month)
        within |= _share_out(parts, _within_cost(sum(parts.values(), Earnings()), other_fen))
    return within


def by_year(months: Mapping[date, Earnings]) -> dict[int, tuple[Fraction, Fraction]]:
    """Return what each calendar year of use earns, exact fen, and with the provisional part."""
    sums: dict[int, Earnings] = {}
    for month, part in months.items():
        sums[month.year] = sums.get(month.year, Earnings()) + part
    return {year: (whole.earned_fen, whole.uncapped_fen) for year, whole in sums.items()}


def earned_in_order(
    earned_fen: Mapping[ContractMonth, Fraction],
    limit_fen: Fen,
    year_fen: Mapping[int, Fen] | None = None,
) -> dict[ContractMonth, Fen]:
    """Lay what is earned in all, rounded once and at most `limit_fen`, over the months.

    The earliest month comes first, of one month the older contract. So a month's fen are what the
    whole sum grows by when it is added, and what the limit cuts off are the latest months; what a
    year's limit in `year_fen` cuts off (None: years have none) are the latest months of that year.
    """
    year_left = None if year_fen is None else dict(year_fen)
    laid, whole, before = {}, Fraction(0), 0
    for place in sorted(earned_fen):
        whole += earned_fen[place]
        part = min(round_half_up(whole) - before, limit_fen)
        before = round_half_up(whole)
        if year_left is not None:
            part = min(part, year_left.get(place[0].year, 0))
            year_left[place[0].year] = year_left.get(place[0].year, 0) - part
        if part > 0:
            laid[place] = part
            limit_fen -= part
    return laid


def left_to_claim(
    earned_fen: Mapping[ContractMonth, Fen],
    drawn_fen: Mapping[ContractMonth, Fen],
    *,
    back_fen: Fen,
    most_fen: Fen,
) -> dict[ContractMonth, Fen]:
    """Return what of each month may still be claimed: what it earned, less what claims drew.

    Money that was paid back (`back_fen`) is drawn no more: first where more was drawn than is
    earned by now, then of the newest months. What is still drawn beyond its month is set off
    against the oldest months that have something left. More than `most_fen` is left in no case:
    the newest months wait.
    """
    places = sorted({*earned_fen, *drawn_fen})
    rest = {place: earned_fen.get(place, 0) - drawn_fen.get(place, 0) for place in places}
    for place in places:
        back = min(back_fen, max(-rest[place], 0))
        rest[place] += back
        back_fen -= back
    for place in reversed(places):
        back = min(back_fen, earned_fen.get(place, 0) - rest[place])
        rest[place] += back
        back_fen -= back
    over = -sum(min(fen, 0) for fen in rest.values())
    rest = {place: rest[place] for place in places if rest[place] > 0}
    rest = _without(rest, over, places)
    return _without(rest, sum(rest.values()) - max(most_fen, 0), reversed(places))


def with_moved_fen(
    left_fen: Mapping[ContractMonth, Fen],
    claimed_fen: Mapping[ContractMonth, Fen],
    drawn_fen: Mapping[ContractMonth, Fen],
    earned_fen: Mapping[ContractMonth, Fraction],
    *,
    within_year: bool,
) -> dict[ContractMonth, Fen]:
    """Return what is left of each month, with the fen that rounding moved away from a claim's.

    A month's fen are what the whole, rounded once, grows by: within one fen of what it earned
    exactly. So it loses one when an earlier month grows, though what all earned up to then is no
    less. That fen stays with the claim that named the month, if the month earned it, rounded up,
    and an earlier month (of the same year, where years have limits) has one that is not claimed.
    """
    rest_fen = dict(left_fen)
    for place, fen in sorted(claimed_fen.items()):
        whole = drawn_fen.get(place, 0) + fen
        if rest_fen.get(place, 0) != fen - 1 or whole > ceil(earned_fen.get(place, 0)):
            continue
        for earlier in sorted(rest_fen):
            is_of_year = earlier[0].year == place[0].year or not within_year
            if earlier < place and is_of_year and rest_fen[earlier] > claimed_fen.get(earlier, 0):
                rest_fen[earlier] -= 1
                rest_fen[place] = fen
                break
    return rest_fen


def oldest(
    rest: Mapping[ContractMonth, Fen], fen: Fen, months: Collection[date] = ()
) -> dict[ContractMonth, Fen]:
    """Return the oldest `fen` of what is left, of these months or of any, or less."""
    parts = {}
    for place in sorted(rest):
        if fen > 0 and (not months or place[0] in months):
            parts[place] = min(rest[place], fen)
            fen -= parts[place]
    return parts


def _without(
    rest: Mapping[ContractMonth, Fen], fen: Fen, order: Iterable[ContractMonth]
) -> dict[ContractMonth, Fen]:
    """Take `fen` away, place by place in this order."""
    rest = dict(rest)
    for place in order:
        part = min(max(fen, 0), rest.get(place, 0))
        fen -= part
        if part:
            rest[place] -= part
    return {place: more for place, more in rest.items() if more}


def _share_out(
    parts: Mapping[ContractMonth, Earnings], most: Earnings
) -> dict[ContractMonth, Earnings]:
    """Give each part what it earned while `most` lasts, in order."""
    within = {}
    for place, part in parts.items():
        earned_fen = min(part.earned_fen, most.earned_fen)
        uncapped_fen = min(part.uncapped_fen, most.uncapped_fen)
        within[place] = replace(part, earned_fen=earned_fen, uncapped_fen=uncapped_fen)
        most = replace(
            most,
            earned_fen=most.earned_fen - earned_fen,
            uncapped_fen=most.uncapped_fen - uncapped_fen,
        )
    return within


def _within_cost(sums: Earnings, other_fen: Fen) -> Earnings:
    """Return what may be earned beside `other_fen` from other programmes."""
    earned_fen = min(sums.earned_fen, Fraction(support_room(sums.matched_fen, other_fen)))
    uncapped_fen = min(sums.uncapped_fen, Fraction(support_room(sums.cost_fen, other_fen)))
    return replace(sums, earned_fen=earned_fen, uncapped_fen=max(earned_fen, uncapped_fen))


def _of_cell(
    cell: Cell,
    spans: Sequence[Span],
    rates: Rates,
    payments: Sequence[Payment],
) -> Earnings | None:
    metered = _by_policy(cell.month, spans, cell.metered_by_policy)
    policies = metered.keys() & rates.keys()
    if not policies:
        return None
    matched = matched_by_policy(cell, spans, payments)
    zero = Fraction(0)
    rooms = {p: max(fen - matched.get(p, zero), zero) for p, fen in metered.items()}
    room = sum(rooms.values(), zero)
    open_part = Fraction(cell.open_fen) / room if room else zero
    earned_fen = sum((rates[p] * matched.get(p, zero) for p in policies), zero)
    more = sum((rates[p] * rooms[p] * open_part for p in policies), zero)
    return Earnings(
        cost_fen=sum(metered[p] for p in policies),
        matched_fen=round_half_up(sum((matched.get(p, zero) for p in policies), zero)),
        earned_fen=earned_fen,
        uncapped_fen=earned_fen + more,
    )


def matched_by_policy(
    cell: Cell, spans: Sequence[Span], payments: Sequence[Payment]
) -> dict[str, Fraction]:
    """Return what the books rest on, exact fen by version.

    That is what they hold of the days of each; where more counts by now, what is metered and not
    held yet comes on top. Where the days of the versions have changed since, two persons decided
    these: then it is mapped by what is metered now.
    """
    held_fen = dict(cell.held_by_policy)
    if held_fen and cell.booked_fen == cell.held_fen:
        return held_fen
    parts = segments(cell.month, spans, cell.metered_by_policy)
    fen = share(cell.booked_fen, parts, payments, held_fen)
    return {segment.policy: fen[index] for index, segment in enumerate(parts)}


def _by_policy(
    month: date, spans: Sequence[Span], metered: Iterable[tuple[str, Fen]]
) -> dict[str, Fen]:
    return {s.policy: s.metered_fen for s in segments(month, spans, metered)}


def is_mixed(cell: Cell, spans: Sequence[Span]) -> bool:
    """Return whether the days of a cell fall into several segments."""
    return len(segments(cell.month, spans, cell.metered_by_policy)) > 1
