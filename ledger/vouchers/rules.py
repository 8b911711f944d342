"""What a project's cells earn, by month, before the cap: exact, not rounded.

A cell earns in the months and under the policy versions in which its usage was: at the rate of
each version, on the days on which the voucher is valid. What is no compute cost earns nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment, Span, segments, share
from ledger.registry.rules.safeguards import support_room
from ledger.units import Fen, round_half_up

Rates = Mapping[str, Fraction]
"""The rate of each policy version under which the voucher was opened."""


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
    others: OtherSupport = MappingProxyType({}),
) -> dict[date, Earnings]:
    """Return what each month earns; all public support of a cost is at most the cost.

    Args:
        cells: of one project.
        spans: the versions of its voucher and their days.
        rates: of these versions.
        payments: what documents pay into cells that fall into several segments.
        others: what other programmes pay of the same costs.
    """
    by_contract: dict[tuple[int, date], Earnings] = {}
    for cell in cells:
        if cell.part is not Part.FEE and (part := _of_cell(cell, spans, rates, payments)):
            key = (cell.contract, cell.month)
            by_contract[key] = by_contract.get(key, Earnings()) + part
    by_month: dict[date, Earnings] = {}
    for (contract, month), sums in by_contract.items():
        within = _within_cost(sums, others.get((contract, month), 0))
        by_month[month] = by_month.get(month, Earnings()) + within
    whole = {
        month: sum(fen for (_, paid_month), fen in others.items() if paid_month == month)
        for month in by_month
    }
    return {month: _within_cost(sums, whole[month]) for month, sums in by_month.items()}


def _within_cost(sums: Earnings, other_fen: Fen) -> Earnings:
    """Return what may be earned beside `other_fen` from other programmes."""
    earned_fen = min(sums.earned_fen, Fraction(support_room(sums.matched_fen, other_fen)))
    uncapped_fen = min(sums.uncapped_fen, Fraction(support_room(sums.cost_fen, other_fen)))
    return replace(sums, earned_fen=earned_fen, uncapped_fen=max(earned_fen, uncapped_fen))


def _of_cell(
    cell: Cell,
    spans: Sequence[Span],
    rates: Rates,
    payments: Mapping[Key, Sequence[Payment]],
) -> Earnings | None:
    parts = segments(cell.month, spans, cell.metered_by_policy)
    earning_places = {index for index, segment in enumerate(parts) if segment.policy in rates}
    if not earning_places:
        return None
    matched = share(cell.booked_fen, parts, payments.get(cell.key, ()))
    rooms = {i: max(s.metered_fen - matched[i], Fraction(0)) for i, s in enumerate(parts)}
    room = sum(rooms.values(), Fraction(0))
    open_part = Fraction(cell.open_fen) / room if room else Fraction(0)
    earned_fen = sum((rates[parts[i].policy] * matched[i] for i in earning_places), Fraction(0))
    more = sum((rates[parts[i].policy] * rooms[i] * open_part for i in earning_places), Fraction(0))
    return Earnings(
        cost_fen=sum(parts[i].metered_fen for i in earning_places),
        matched_fen=round_half_up(sum((matched[i] for i in earning_places), Fraction(0))),
        earned_fen=earned_fen,
        uncapped_fen=earned_fen + more,
    )


def is_mixed(cell: Cell, spans: Sequence[Span]) -> bool:
    """Return whether the days of a cell fall into several segments."""
    return len(segments(cell.month, spans, cell.metered_by_policy)) > 1
