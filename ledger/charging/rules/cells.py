"""The cell of a reconciliation: one contract line in one month under one policy version.

In a cell stands what was metered, what is invoiced, and what two persons decided of it; from these
follows what counts as matched now and what stays open. A red invoice or a lower charge lowers what
counts without anybody's doing; another invoice counts only when two persons have decided it.
"""

from dataclasses import dataclass
from datetime import date

from ledger.units import Fen


@dataclass(frozen=True)
class Cell:
    """Fen without tax. `policy` is "" where none is in force: nothing is earned there."""

    contract: int
    month: date
    price: int  # the contract line
    policy: str
    kind: str  # the project's: model or team
    metered_fen: Fen  # the charge, as it is now
    invoiced_fen: Fen  # Σ allocations, net of red ones, as they are now
    matched_fen: Fen = 0  # as two persons last decided, as far as those invoices still stand
    extra_fen: Fen = 0  # what they decided was used beyond what is metered now
    closed_fen: Fen = 0  # metered, and decided never to be invoiced

    @property
    def key(self) -> tuple[int, date, int, str]:
        """What a cell is known by."""
        return (self.contract, self.month, self.price, self.policy)

    @property
    def counted_fen(self) -> Fen:
        """M: matched, and still invoiced and metered (or decided beyond that)."""
        return max(min(self.matched_fen, self.invoiced_fen, self.metered_fen + self.extra_fen), 0)

    @property
    def open_fen(self) -> Fen:
        """Q: metered, not yet reconciled and not closed; the provisional part rests on it."""
        return max(self.metered_fen - self.counted_fen - self.closed_fen, 0)
