"""What a project used in its months, at which price and under which version, in plain arithmetic.

It is part of the specification of the figures (`oracle.py`), and uses none of the rules either.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

COMPUTE, PACKAGE = "compute", "package"
Cell = tuple[date, str]
Version = tuple[str, Fraction]  # with its rate
DAY = timedelta(days=1)


@dataclass
class Bought:
    """A package: so many hours at a price, on the days of these months."""

    hours: int
    price: int
    months: list[date]


class MonthUsage:
    """Hours, their prices, and the versions of the voucher on their days."""

    def __init__(self) -> None:
        self.hours: dict[date, int] = defaultdict(int)
        self.elsewhere: set[date] = set()  # days on which the holder is of another project
        self.price: dict[date, int] = {}  # fen an hour, of the line for any model
        self.exact: dict[date, int] = {}  # of the line for this model, which goes first
        self.bought: Bought | None = None
        self.versions = [("a", Fraction(3, 10), date.min, date.max)]
        self.valid = (date.min, date.max)
        self.new_rates: list[tuple[str, Fraction, date]] = []  # version, rate, since; newest last

    def hours_from_package(self) -> dict[date, int]:
        """Hours of each day that are drawn from the package: the first that there are."""
        left_hours = self.bought.hours if self.bought else 0
        drawn_hours = {}
        for day in sorted(self.hours):
            if self.bought and day.replace(day=1) in self.bought.months and self.is_ours(day):
                drawn_hours[day] = min(self.hours[day], left_hours)
                left_hours -= drawn_hours[day]
        return drawn_hours

    def is_ours(self, day: date) -> bool:
        return day not in self.elsewhere

    def costs(self, cell: Cell) -> dict[date, int]:
        """What was metered in a cell on each day."""
        month, part = cell
        drawn_hours = self.hours_from_package()
        fen = {}
        for day, hours in self.hours.items():
            if day.replace(day=1) == month and self.is_ours(day):
                from_package = drawn_hours.get(day, 0)
                by_hour = self.exact.get(day, self.price[day])
                package_price = self.bought.price if self.bought else 0
                amounts = {
                    COMPUTE: (hours - from_package) * by_hour,
                    PACKAGE: from_package * package_price,
                }
                fen[day] = amounts[part]
        return fen

    def metered(self, cell: Cell) -> int:
        return sum(self.costs(cell).values())

    def version_on(self, day: date) -> Version:
        """The version of a day and its rate; none outside the voucher's days."""
        if self.valid[0] <= day < self.valid[1]:
            for name, rate, since, until in self.versions:
                if since <= day < until:
                    new = [r for v, r, first in self.new_rates if v == name and first <= day]
                    return name, new[-1] if new else rate
        return "", Fraction(0)

    def terms(self, month: date) -> list[Version]:
        """Under which version each day of a month is."""
        in_month = [day for n in range(31) if (day := month + n * DAY).month == month.month]
        return [self.version_on(day) for day in in_month]

    def by_version(self, cell: Cell, costs: dict[date, int]) -> dict[Version, int]:
        """What was metered of a cell under each version and its rate; each that its days have."""
        fen = dict.fromkeys(self.terms(cell[0]), 0)
        for day, cost in costs.items():
            fen[self.version_on(day)] += cost
        return fen
