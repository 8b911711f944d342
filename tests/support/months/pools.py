"""What vouchers recognise of years and pools, fen by fen: the specification of caps for the years.

It is for tests alone and uses none of the rules. A pool's queue is a list with one entry for each
fen that waits, so first come, first served is the order of a list. Money is in fen.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

RATE = Fraction(3, 10)


@dataclass
class PooledVoucher:
    """A voucher: its caps, what its months have matched, and what it has drawn of years."""

    cap: int
    matched: dict[date, int] = field(default_factory=dict)
    year_caps: list[tuple[int, int | None]] = field(default_factory=list)  # since, cap; newest last
    draws: dict[int, int] = field(default_factory=dict)

    def year_cap(self, year: int) -> int | None:
        caps = [cap for since, cap in self.year_caps if since <= year]
        return caps[-1] if caps else None

    def earnings(self) -> dict[int, int]:
        """Whole fen by year: what the rounded sum of all months grows by in a year."""
        years, whole, before = {}, Fraction(0), 0
        for year in sorted({month.year for month in self.matched}):
            whole += sum(RATE * fen for month, fen in self.matched.items() if month.year == year)
            after = int(whole + Fraction(1, 2))
            years[year], before = after - before, after
        return years


class PoolOracle:
    """Vouchers by code, in the order of their books, and the pools of the years."""

    def __init__(self, caps: dict[str, int]) -> None:
        self.vouchers = {code: PooledVoucher(cap) for code, cap in caps.items()}
        self.pools: dict[int, int] = {}
        self.queues: dict[int, list[str]] = {}

    def drawn_of(self, year: int) -> int:
        return sum(voucher.draws.get(year, 0) for voucher in self.vouchers.values())

    def accrue(self, code: str) -> bool:
        """Bring one voucher to what it may recognise; whether a fen moved."""
        voucher = self.vouchers[code]
        before = dict(voucher.draws)
        room = voucher.cap
        gains = voucher.earnings()
        for year in sorted({*gains, *voucher.draws}):
            cap = voucher.year_cap(year)
            wish = min(gains.get(year, 0), room)
            wish = wish if cap is None else min(wish, cap)
            voucher.draws[year] = self.take(code, year, wish)
            room -= voucher.draws[year]
        return any(voucher.draws[year] != before.get(year, 0) for year in voucher.draws)

    def take(self, code: str, year: int, wish: int) -> int:
        """What is drawn of a year then; what the pool has no money for stands in the queue."""
        before = self.vouchers[code].draws.get(year, 0)
        if year not in self.pools:
            return wish
        queue = self.queues.setdefault(year, [])
        more = max(wish - before, 0)
        while queue.count(code) > more:  # the newest no longer waits
            queue.reverse()
            queue.remove(code)
            queue.reverse()
        queue.extend([code] * (more - queue.count(code)))
        if wish <= before:
            return wish
        free = self.pools[year] - self.drawn_of(year)
        places = [place for place, owner in enumerate(queue[: max(free, 0)]) if owner == code]
        for place in reversed(places):
            del queue[place]
        return before + len(places)

    def accrue_all(self) -> None:
        for code in self.vouchers:
            self.accrue(code)
        while sum(self.accrue(code) for code in self.vouchers if self.waits(code)):
            pass

    def waits(self, code: str) -> bool:
        return any(code in queue for queue in self.queues.values())
