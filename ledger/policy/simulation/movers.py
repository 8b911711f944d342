"""Who gains and who loses by a change: how many, how much, and those with the largest changes.

Money paid, sums that a reviewer may give, and posts are three measures, never added up. Only the
largest changes are kept by name, so a register may have any length.
"""

import heapq
from collections.abc import Mapping
from typing import NamedTuple

MEASURES = ("fen", "ceiling_fen", "posts")


class Sums(NamedTuple):
    """An applicant's result: fen paid, fen that a reviewer may give, posts."""

    fen: int = 0
    ceiling_fen: int = 0
    posts: int = 0

    def plus(self, addend: "Sums", times: int = 1) -> "Sums":
        """Add the others, multiplied."""
        return Sums(*(a + times * b for a, b in zip(self, addend, strict=True)))


class Mover(NamedTuple):
    """An applicant, the change, and the clauses behind it."""

    number: str
    change: int
    by: tuple[tuple[str, int], ...]


class Movers:
    """The changes of one measure: `gains` and `losses` as (applicants, sum)."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._up: list[tuple[int, int, Mover]] = []
        self._down: list[tuple[int, int, Mover]] = []
        self.gains, self.losses = (0, 0), (0, 0)

    def add(self, mover: Mover, turn: int) -> None:
        """Count a change; of equal ones the earlier `turn` comes first."""
        change = mover.change
        if change > 0:
            self.gains = (self.gains[0] + 1, self.gains[1] + change)
        elif change < 0:
            self.losses = (self.losses[0] + 1, self.losses[1] + change)
        else:
            return
        heap, entry = (self._up if change > 0 else self._down), (abs(change), -turn, mover)
        if len(heap) < self._keep:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)

    @property
    def winners(self) -> tuple[Mover, ...]:
        """The largest gains."""
        return tuple(mover for _, _, mover in sorted(self._up, reverse=True))

    @property
    def losers(self) -> tuple[Mover, ...]:
        """The largest losses."""
        return tuple(mover for _, _, mover in sorted(self._down, reverse=True))


class Changes:
    """The movers of every measure."""

    def __init__(self, keep: int) -> None:
        self.measures = {name: Movers(keep) for name in MEASURES}

    def add(self, number: str, turn: int, change: Mapping[str, Sums]) -> None:
        """Count an applicant's change, given by clause."""
        for index, movers in enumerate(self.measures.values()):
            by = tuple((clause, sums[index]) for clause, sums in change.items() if sums[index])
            if by:
                movers.add(Mover(number, sum(part for _, part in by), by), turn)
