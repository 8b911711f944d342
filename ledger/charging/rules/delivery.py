"""What a centre delivered of what a contract reserves or rents by the month.

A reserved device is paid for whether or not anything ran on it, so it is compared with delivery and
never cut to utilisation: the time in which the device was seen, less the time in which somebody
else held it. Beside it stands what was promised, 24 hours a day for each device. A fixed fee is
owed for each month that has begun, whole; at the ends of its span by days.

Somebody else is every named holder that is not bound to this project, in the programme or not: a
device that serves a third party is not there for who reserved it. Time that is free, or whose
holder is unknown, was there for the project.
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
    """One reserved device on one Beijing day, as that day's billing source saw it, in ms.

    `foreign_ms` is what others held: a slice of it counts for its whole time.
    """

    price: int
    device: str
    day: date
    source: str
    seen_ms: int
    gap_ms: int
    foreign_ms: Fraction

    @property
    def delivered_ms(self) -> Fraction:
        """Seen, and held by nobody else; others can take no more than was seen."""
        return max(self.seen_ms - self.foreign_ms, Fraction(0))


def delivered_shares(
    lines: Sequence[PriceLine], presence: Iterable[DevicePresence], today: date
) -> list[Share]:
    """Each day of each reserved line up to today: what was delivered, and what was promised."""
    by_day: dict[tuple[int, date], list[DevicePresence]] = {}
    for row in presence:
        by_day.setdefault((row.price, row.day), []).append(row)
    return [
        Share(
            line,
            day,
            delivered_ms=sum((s.delivered_ms for s in rows), Fraction(0)),
            promised_ms=DAY_MS * line.devices,
            gap_ms=sum(s.gap_ms for s in rows),
            sources=frozenset(s.source for s in rows),
        )
        for line in lines
        if line.kind == "reserved"
        for day in _days(line, today)
        for rows in [by_day.get((line.price, day), [])]
    ]


def fees(lines: Sequence[PriceLine], today: date) -> list[Share]:
    """The days of each fixed fee, up to the end of the last month of it that has begun."""
    return [
        Share(line, day, months=Fraction(1, monthrange(day.year, day.month)[1]))
        for line in lines
        if line.kind == "fixed"
        for day in _days(line, _end_of_begun(line, today))
    ]


def _end_of_begun(line: PriceLine, today: date) -> date:
    """The last day of this month; before the line begins, the day before it."""
    if line.since is not None and line.since > today:
        return line.since - timedelta(days=1)
    return month_of(today).replace(day=monthrange(today.year, today.month)[1])


def _days(line: PriceLine, last: date) -> Iterator[date]:
    """The days of a line up to `last`; a line without a beginning has none."""
    day = line.since or date.max
    while day <= last and (line.until is None or day < line.until):
        yield day
        day += timedelta(days=1)
