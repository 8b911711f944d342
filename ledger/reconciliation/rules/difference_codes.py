"""Differences of reconciliation (R01–R20): what of a document or a cell does not fit, and how much.

Every difference has a code, the document, line and cell that it is about, the fen that hang on it,
and what becomes of it unless a person says otherwise: `block` (nothing of it counts until it is
cleared up), `exclude` (it does not count), `cut` (what is too much does not count), `person`
(somebody must decide), `note` (it is only told). Amounts are without tax. What is within the
tolerance of the policy version (fen a document, per mille of a cell's metered cost, whichever is
more) never asks for a person. The codes are those of the domain's table; R17–R20 are ours. How
each is found stands in `differences.py`; here is what it is found from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ledger.documents.rules.cost_document import Party
from ledger.policy.process import Process
from ledger.reconciliation.codes import DifferenceCode, Handling
from ledger.reconciliation.rules.matching import Key
from ledger.units import Fen

STOPS = ("block", "exclude")
CODES = tuple(DifferenceCode)


@dataclass(frozen=True)
class Difference:
    """A typed difference. `fen` below zero is metered and not invoiced.

    Without a line it is about the whole document, without a document about the cell, without a
    cell about what is not allocated.
    """

    code: str
    handling: Handling
    fen: Fen
    document: int | None = None
    line: int | None = None
    cell: Key | None = None


@dataclass(frozen=True)
class BilledLine:
    """A line of a document, and what of it stands in the cells that are looked at."""

    line: int
    item: str
    unit: str
    quantity: str
    tax_rate: str
    net_fen: Fen
    shares: Mapping[Key, Fen] = field(default_factory=dict)  # net of what red ones took back
    same_cost: bool = False  # another clause has a line like this


@dataclass(frozen=True)
class Receipt:
    """A proof of payment (付款凭证), gross."""

    payer: str
    payee: str
    fen: Fen


@dataclass(frozen=True)
class BilledDocument:
    """A blue document as reconciling sees it. Fen without tax unless named otherwise."""

    document: int
    kind: str
    seller: Party
    buyer: Party
    since: date
    until: date  # included
    net_fen: Fen
    tax_fen: Fen
    gross_fen: Fen
    lines: tuple[BilledLine, ...]
    red_fen: Fen = 0  # its red documents, below zero
    left_fen: Fen = 0  # not allocated to any cell
    statement_month: tuple[int, date] | None = (
        None  # contract and month of the statement it settles
    )
    frozen: bool = False  # a red confirmation is on its way
    duplicate: bool = False  # its number is another document's, written otherwise
    receipts: tuple[Receipt, ...] = ()  # where any are known
    # From which day until before which the two may invoice each other, contract by contract.
    spells: tuple[tuple[date | None, date | None], ...] = ()

    def in_cell(self, cell: Key) -> Fen:
        """What it pays into a cell."""
        return sum(line.shares.get(cell, 0) for line in self.lines)

    @property
    def cells(self) -> list[Key]:
        """The cells that it pays into, in their order."""
        return sorted({cell for line in self.lines for cell in line.shares})


@dataclass(frozen=True)
class ContractLine:
    """A price: `net_fen` is one unit's, exact, without tax."""

    unit: str
    net_fen: Fraction
    tax_rate: Fraction


@dataclass(frozen=True)
class Terms:
    """A contract in a month: who may sell and buy, who is related, at which prices."""

    sellers: tuple[Party, ...]
    buyers: tuple[Party, ...]
    lines: Mapping[int, ContractLine] = field(default_factory=dict)
    related: frozenset[frozenset[str]] = frozenset()  # of USCCs


@dataclass(frozen=True)
class Evidence:
    """What the meter says of a month: what the centre could deliver, and how well it is known."""

    used_ms: Fraction = Fraction(0)  # of whole devices, all contracts of the centre
    capacity_ms: int | None = None  # installed devices × time; None where none is registered
    grades: Mapping[Key, Mapping[str, Fen]] = field(default_factory=dict)


def is_tolerable(fen: Fen, base: Fen, process: Process, documents: int = 1) -> bool:
    """Within the tolerance a document, or per mille of the base, whichever is more."""
    return abs(fen) <= max(
        process.tolerance_fen * documents, abs(base) * process.tolerance_permille // 1000
    )
