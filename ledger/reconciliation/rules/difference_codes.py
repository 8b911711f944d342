"""Differences of reconciliation (R01–R20), and the data they are found from.

A difference has a code, a document, line and cell, an amount, and a handling unless a person
decides otherwise: `block` (nothing counts until resolved), `exclude` (it does not count), `cut`
(the excess does not count), `person` (somebody must decide), `note` (informative). Amounts are
without tax. Within the tolerance of the policy version (fen per document, per mille of a cell's
metered cost, whichever is more) no person is asked. The codes are those of the domain's table;
R17–R20 are ours. `differences.py` finds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Key
from ledger.documents.rules.cost_document import Party
from ledger.policy.process import Process
from ledger.reconciliation.codes import DifferenceCode, Handling
from ledger.reconciliation.rules.facts import Facts
from ledger.registry.rules.safeguards import KnownName
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
    facts: Facts = field(default_factory=Facts, compare=False, repr=False)


@dataclass(frozen=True)
class BilledLine:
    """A line of a document, and its part in the cells concerned."""

    line: int
    item: str
    unit: str
    quantity: str
    tax_rate: str
    net_fen: Fen
    shares: Mapping[Key, Fen] = field(default_factory=dict)  # net of what red ones took back
    same_as: tuple[str, ...] = ()  # documents with a line like this under another clause


@dataclass(frozen=True)
class Receipt:
    """A proof of payment (付款凭证), gross."""

    payer: str
    payee: str
    fen: Fen


@dataclass(frozen=True)
class BilledDocument:
    """A blue document for reconciliation, fen without tax unless named otherwise."""

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
    issued_on: date | None = None
    red_fen: Fen = 0  # its red documents, below zero
    left_fen: Fen = 0  # not allocated to any cell
    statement_month: tuple[int, date] | None = (
        None  # contract and month of the statement it settles
    )
    frozen: bool = False  # a red confirmation is on its way
    duplicate_of: tuple[str, ...] = ()  # documents with its number, written otherwise
    receipts: tuple[Receipt, ...] = ()  # where any are known
    # From which day until before which the two may invoice each other, contract by contract.
    spells: tuple[tuple[date | None, date | None], ...] = ()

    def in_cell(self, cell: Key) -> Fen:
        """Return what it pays into a cell."""
        return sum(line.shares.get(cell, 0) for line in self.lines)

    @property
    def cells(self) -> list[Key]:
        """The cells that it pays into, in order."""
        return sorted({cell for line in self.lines for cell in line.shares})


@dataclass(frozen=True)
class ContractLine:
    """A price: `net_fen` of one unit, exact, without tax."""

    unit: str
    net_fen: Fraction
    tax_rate: Fraction


@dataclass(frozen=True)
class UnusualPrice:
    """A price of a GPU-hour, fen without tax, and the band that it is outside of."""

    fen: Fraction
    low_fen: Fraction
    high_fen: Fraction


@dataclass(frozen=True)
class Terms:
    """A contract in a month: sellers, buyers, related parties, and the prices of each part."""

    sellers: tuple[Party, ...]
    buyers: tuple[Party, ...]
    lines: Mapping[Part, Sequence[ContractLine]] = field(default_factory=dict)
    related: frozenset[frozenset[str]] = frozenset()  # of USCCs
    controllers: Mapping[frozenset[str], tuple[str, ...]] = field(default_factory=dict)

    def through(self, pair: frozenset[str]) -> tuple[str, ...]:
        """Return the persons who control both of two related parties, as far as known."""
        return self.controllers.get(pair, ())

    names: Mapping[str, Sequence[KnownName]] = field(default_factory=dict)  # by USCC
    unusual_prices: Mapping[Part, UnusualPrice] = field(default_factory=dict)
    total_gross_fen: Fen | None = None  # of the contract, where it has one
    billed_gross_fen: Fen = 0  # of all its invoices until the end of the month
    beyond_total_fen: Fen = 0  # of this month's invoices, what is beyond the contract's total


@dataclass(frozen=True)
class Evidence:
    """The metering of a month: the centre's capacity, and the evidence grades."""

    used_ms: Fraction = Fraction(0)  # of whole devices, all contracts of the centre
    unproved: bool = False  # jobs used more than any capacity that is registered or stated
    capacity_ms: int | None = None  # installed devices × time; None where none is registered
    grades: Mapping[Key, Mapping[str, Fen]] = field(default_factory=dict)


def is_tolerable(fen: Fen, base: Fen, process: Process, documents: int = 1) -> bool:
    """Return whether it is within the tolerance per document, or per mille of the base."""
    return abs(fen) <= max(
        process.tolerance_fen * documents, abs(base) * process.tolerance_permille // 1000
    )
