"""Delivery of reserved devices, and fixed fees.

A reserved device is paid for whether or not anything ran on it, so it is compared with delivery,
not utilisation: the time in which it was seen, less the time in which others held it. It is shown
beside what was promised, 24 hours a day per device. By the month, a device that was delivered for
the whole of a month costs one month's price, in February as in March; of a part, the part of that
month's own days. A fixed fee is owed for each month that has begun, pro rata by days at the ends of
its span.

Others are all named holders that are not bound to this project, in the programme or not. Time that
is free, or whose holder is unknown, counts as delivered.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from ledger.registry.rules.pricing import PriceLine, Share
from ledger.units import HOUR_MS, month_of

DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class DevicePresence:
    """Reserved devices on one Beijing day, as the billing source saw them, in ms.

    One device, or all those of the day that nobody else held. `foreign_ms` is what others held: a
    slice counts for its whole time.
    """

    price: int
    day: date
    source: str
    seen_ms: int
    gap_ms: int
    foreign_ms: Fraction

    @property
    def delivered_ms(self) -> Fraction:
        """Seen and not held by others, never below zero."""
        return max(self.seen_ms - self.foreign_ms, Fraction(0))


def delivered_shares(
    lines: Sequence[PriceLine], presence: Iterable[DevicePresence], today: date
) -> list[Share]:
    """Return each day of each reserved line up to today: delivered and promised time."""
    by_day: dict[tuple[int, date], list[DevicePresence]] = {}
    for row in presence:
        by_day.setdefault((row.price, row.day), []).append(row)
    return [
        _share(line, day, by_day.get((line.price, day), []))
        for line in lines
        if line.kind == "reserved"
        for day in _days(line, today)
    ]


def _share(line: PriceLine, day: date, rows: Sequence[DevicePresence]) -> Share:
    delivered_ms = sum((s.delivered_ms for s in rows), Fraction(0))
    return Share(
        line,
        day,
        delivered_ms=delivered_ms,
        promised_ms=DAY_MS * line.devices,
        months=delivered_ms / (DAY_MS * monthrange(day.year, day.month)[1]),
        gap_ms=sum(s.gap_ms for s in rows),
        sources=frozenset(s.source for s in rows),
    )


def fees(lines: Sequence[PriceLine], today: date) -> list[Share]:
    """Return the days of each fixed fee, to the end of its last month that has begun."""
    return [
        Share(line, day, months=Fraction(1, monthrange(day.year, day.month)[1]))
        for line in lines
        if line.kind == "fixed"
        for day in _days(line, _end_of_begun(line, today))
    ]


def _end_of_begun(line: PriceLine, today: date) -> date:
    """Return the last day of this month; before the line begins, the day before it."""
    if line.since is not None and line.since > today:
        return line.since - timedelta(days=1)
    return month_of(today).replace(day=monthrange(today.year, today.month)[1])


def _days(line: PriceLine, last: date) -> Iterator[date]:
    """Yield the days of a line up to `last`; none for a line without a start."""
    day = line.since or date.max
    while day <= last and (line.until is None or day < line.until):
        yield day
        day += timedelta(days=1)
