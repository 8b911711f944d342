"""What a difference rests on: the dates, figures and names that it was found from."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import TypedDict

from ledger.documents.rules.cost_document import Party
from ledger.units import Fen

Spell = tuple[date | None, date | None]
"""From a day until before another; None is open."""


class Facts(TypedDict, total=False):
    """Those of one difference; which ones there are depends on its code.

    Money is in fen without tax, unless its name says gross; prices are exact fen without tax.
    """

    service: tuple[date, date]  # of the document, both days included
    contracts: tuple[Spell, ...]  # in which its two parties may invoice each other
    month: date  # of the cell
    metered_fen: Fen
    extra_fen: Fen
    closed_fen: Fen
    invoiced_fen: Fen
    left_out_fen: Fen  # of it what other differences block or exclude
    gross_fen: Fen  # of the document
    receipts_gross_fen: Fen
    receipts: tuple[tuple[str, str, Fen], ...]  # payer, payee, gross
    red_fen: Fen  # of its red documents, below zero
    net_fen: Fen
    tax_fen: Fen
    line_sum_fen: Fen
    party: Party  # as the document names it
    parties: tuple[Party, ...]  # who it may be
    persons: tuple[str, ...]  # who control both
    documents: tuple[str, ...]  # the numbers of others
    kind: str  # of the document
    item: str
    tax_rate: str  # as printed
    contract_tax_rates: tuple[Fraction, ...]
    unit_price_fen: Fraction
    contract_price_fen: Fraction
    band: tuple[Fraction, Fraction]  # of the usual prices of a GPU-hour
    total_gross_fen: Fen | None  # of the contract
    billed_gross_fen: Fen  # under the contract until the end of the month
    with_tax: bool  # the price is the contract's with its tax on top
    used_ms: Fraction
    capacity_ms: int
    without_proof: bool  # jobs used more than any capacity that is registered or decided
    grades: Mapping[str, Fen]  # what was metered by each grade that does not pay
