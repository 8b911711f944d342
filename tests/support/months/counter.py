"""What was deducted at the centre's counter, in plain arithmetic: a specification.

Of a bill so much was paid by the voucher. What red documents take back of the bill they take back
of that in the same part; it holds when two persons have decided it. Fen with tax.
"""

from dataclasses import dataclass


@dataclass
class Deducted:
    """A deduction of a bill: what was agreed, and what of it holds."""

    bill: int
    fen: int
    held_fen: int


class Counter:
    """The bills, with what red ones left of each, and what was deducted of them."""

    def __init__(self) -> None:
        self.gross: list[int] = []
        self.left: list[int] = []
        self.deductions: list[Deducted] = []

    def bill(self, gross: int) -> None:
        self.gross.append(gross)
        self.left.append(gross)

    def counted(self, deduction: Deducted) -> int:
        """What counts of it now; half a fen is a whole one."""
        gross, left_fen = self.gross[deduction.bill], max(self.left[deduction.bill], 0)
        return min(deduction.held_fen, (2 * deduction.fen * left_fen + gross) // (2 * gross))

    def fen(self, *, counts: bool) -> int:
        """What was deducted in all; with `counts`, what counts of it."""
        return sum(self.counted(d) if counts else d.held_fen for d in self.deductions)

    def deductible(self) -> list[int]:
        """Bills of which something is left and nothing was deducted yet."""
        used_bills = {deduction.bill for deduction in self.deductions}
        return [bill for bill, fen in enumerate(self.left) if fen > 0 and bill not in used_bills]

    def falling(self) -> list[int]:
        """Deductions of which less counts than holds."""
        every = enumerate(self.deductions)
        return [n for n, deduction in every if self.counted(deduction) < deduction.held_fen]
