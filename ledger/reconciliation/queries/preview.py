"""What would be decided of a contract's month with some choices; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Finding
from ledger.reconciliation.queries.month_details import MonthDetails
from ledger.reconciliation.queries.months import paid_by_line
from ledger.reconciliation.rules.choices import Choice, faults, settle_cell, treatment
from ledger.reconciliation.rules.clearing import LESS_INVOICED, CellOutcome
from ledger.reconciliation.rules.difference_codes import Difference
from ledger.units import Fen


@dataclass(frozen=True)
class Preview:
    """The cells as these choices would settle them, and what is still missing or wrong."""

    outcomes: tuple[CellOutcome, ...]
    faults: tuple[Finding, ...]

    @property
    def matched_fen(self) -> Fen:
        """What would count, of all parts together."""
        return sum(outcome.matched_fen for outcome in self.outcomes)


def preview(details: MonthDetails, choices: Sequence[Choice]) -> Preview:
    """Settle the cells with these choices; what nobody has chosen yet does not count.

    The month as it stands: its statement is issued, and its charges brought to date, only by a
    proposal.
    """
    differences = details.differences
    assumed = [*choices, *(_left_out(d) for d in differences if _is_open(d, choices))]
    outcomes = tuple(
        settle_cell(cell, differences, assumed, paid_by_line(details.shares, cell.part))
        for cell in details.cells
    )
    return Preview(outcomes, tuple(faults(differences, choices)))


def _is_open(difference: Difference, choices: Sequence[Choice]) -> bool:
    return treatment(difference, choices) is None and difference.code != LESS_INVOICED


def _left_out(difference: Difference) -> Choice:
    part = difference.cell[2] if difference.cell else None
    return Choice(difference.code, "exclude", "", difference.document, difference.line, part)
