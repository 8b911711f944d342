"""The cell of a reconciliation: one part of the cost of one contract in one month.

In a cell stands what was metered, what is invoiced, and what two persons decided of it; from these
follows what counts as matched now and what stays open. How the contract lines are stated anew —
their names, selectors, days and prices — changes what was metered in a cell, and never which cell
it is. The books rest on `held_fen`: it rises by itself to what counts, and falls when two persons
decide the fall. Where a month has several policy versions, that holds for the days of each.
"""

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from ledger.charging.codes import Part
from ledger.units import Fen

Key = tuple[int, date, Part]
"""What a cell is known by: contract, month, part."""


@dataclass(frozen=True)
class Cell:
    """Fen without tax. `metered_by_policy` adds up to `metered_fen`; "" is under no version."""

    contract: int
    month: date
    part: Part
    kind: str  # the project's: model or team
    metered_fen: Fen  # the charges, as they are now
    invoiced_fen: Fen  # Σ allocations, net of red ones, as they are now
    matched_fen: Fen = 0  # as two persons last decided
    standing_fen: Fen = 0  # what still stands of the document lines that this rests on
    extra_fen: Fen = 0  # what they decided was used beyond what is metered now
    closed_fen: Fen = 0  # metered, and decided never to be invoiced
    held_fen: Fen = 0  # what the books rest on
    carried: bool = False  # what was not invoiced was once carried over
    decided: bool = False
    metered_by_policy: tuple[tuple[str, Fen], ...] = ()
    # Of several versions what the books hold of each, exact; nothing where their days have changed.
    held_by_policy: tuple[tuple[str, Fraction], ...] = ()
    version_fall_fen: Fen = 0  # held of single versions' days, and no more metered on them

    @property
    def key(self) -> Key:
        """What a cell is known by."""
        return (self.contract, self.month, self.part)

    @property
    def counted_fen(self) -> Fen:
        """What counts now: matched, and still invoiced and metered (or decided beyond that)."""
        most = min(self.matched_fen, self.standing_fen, self.metered_fen + self.extra_fen)
        return max(most, 0)

    @property
    def booked_fen(self) -> Fen:
        """M, which the voucher earns from: what counts, and what falls only by two persons.

        While a version's part waits to fall, the others' wait to rise.
        """
        return self.held_fen if self.version_fall_fen else max(self.held_fen, self.counted_fen)

    @property
    def fall_fen(self) -> Fen:
        """What no longer counts and still stands in the books, until two persons decide.

        Of single versions' days too, where as much was metered on another's.
        """
        return max(self.booked_fen - self.counted_fen, self.version_fall_fen)

    @property
    def open_fen(self) -> Fen:
        """Q: metered, not yet reconciled and not closed; the provisional part rests on it."""
        return max(self.metered_fen - self.booked_fen - self.closed_fen, 0)

    @property
    def room_fen(self) -> Fen:
        """What documents may still pay for."""
        taken_fen = self.invoiced_fen + self.closed_fen
        return max(self.metered_fen + self.extra_fen - taken_fen, 0)

    @property
    def excess_fen(self) -> Fen:
        """What documents pay beyond what was matched and is metered; it earns nothing here."""
        needed_fen = max(self.matched_fen, self.metered_fen + self.extra_fen)
        beyond_fen = min(self.standing_fen - self.matched_fen, self.invoiced_fen - needed_fen)
        return max(beyond_fen, 0) if self.decided else 0

    def fallen(self) -> "Cell":
        """Return it as it is once two persons have decided what falls."""
        if not self.fall_fen:
            return self
        return replace(self, held_fen=self.counted_fen, held_by_policy=(), version_fall_fen=0)
