"""Gather what the differences of a document, a line or a cell rest on."""

from datetime import date
from fractions import Fraction

from ledger.charging.rules.cells import Cell
from ledger.reconciliation.rules.difference_codes import (
    BilledDocument,
    BilledLine,
    ContractLine,
    Evidence,
    Terms,
    UnusualPrice,
)
from ledger.reconciliation.rules.facts import Facts
from ledger.units import Fen


def of_document(code: str, document: BilledDocument, terms: Terms) -> Facts:
    """Return what a difference of a whole document rests on."""
    pair = frozenset((document.seller.uscc, document.buyer.uscc))
    line_sum_fen = sum(line.net_fen for line in document.lines)
    facts = {
        "R01": Facts(documents=document.duplicate_of),
        "R02": Facts(net_fen=document.net_fen, red_fen=document.red_fen),
        "R03": Facts(party=document.buyer, parties=terms.buyers),
        "R04": Facts(party=document.seller, parties=terms.sellers),
        "R06": of_period(document),
        "R10": Facts(
            line_sum_fen=line_sum_fen, net_fen=document.net_fen, tax_fen=document.tax_fen,
            gross_fen=document.gross_fen,
        ),
        "R13": Facts(parties=(document.seller, document.buyer), persons=terms.through(pair)),
        "R16": Facts(kind=document.kind),
    }  # fmt: skip
    return facts.get(code, Facts())


def of_period(document: BilledDocument, month: date | None = None) -> Facts:
    """Return the days of a document and of the contracts of its parties, and the cell's month."""
    facts = Facts(service=(document.since, document.until), contracts=document.spells)
    if month is not None:
        facts["month"] = month
    return facts


def of_receipts(document: BilledDocument) -> Facts:
    """Return what was to be paid of a document, and what its receipts prove."""
    receipts = tuple((r.payer, r.payee, r.fen) for r in document.receipts)
    return Facts(
        gross_fen=document.gross_fen,
        receipts_gross_fen=sum(fen for _, _, fen in receipts),
        receipts=receipts,
    )


def of_line(code: str, line: BilledLine) -> Facts:
    """Return what a difference of a line's item, tax rate or clause rests on."""
    if code == "R15":
        return Facts(documents=line.same_as)
    return Facts(item=line.item, tax_rate=line.tax_rate)


def of_price(line: BilledLine, quantity: Fraction, price: ContractLine, *, with_tax: bool) -> Facts:
    """Return what a difference of a line's price rests on; of all prices the nearest one."""
    return Facts(
        unit_price_fen=line.net_fen / quantity,
        contract_price_fen=price.net_fen,
        tax_rate=line.tax_rate,
        contract_tax_rates=(price.tax_rate,),
        with_tax=with_tax,
    )


def of_cell(cell: Cell, left_out_fen: Fen) -> Facts:
    """Return what more or less than was metered rests on."""
    return Facts(
        metered_fen=cell.metered_fen,
        extra_fen=cell.extra_fen,
        closed_fen=cell.closed_fen,
        invoiced_fen=cell.invoiced_fen,
        left_out_fen=left_out_fen,
    )


def of_capacity(evidence: Evidence) -> Facts:
    """Return what was used, and what there was to use."""
    facts = Facts(without_proof=evidence.unproved)
    if evidence.capacity_ms is not None:
        facts["used_ms"], facts["capacity_ms"] = evidence.used_ms, evidence.capacity_ms
    return facts


def of_band(price: UnusualPrice) -> Facts:
    """Return a price of a GPU-hour that is outside its band, and the band."""
    return Facts(contract_price_fen=price.fen, band=(price.low_fen, price.high_fen))
