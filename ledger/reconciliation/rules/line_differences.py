"""Find the differences of a document's line: price, tax, item, double support.

R09 compares prices only if the line and the contract have the same unit. R19 is distinguished from
it: another tax rate, or tax added to a price that included it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from ledger.documents.rules.line_items import is_compute, rate, unusual_tax
from ledger.policy.process import Process
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.rules import difference_facts
from ledger.reconciliation.rules.difference_codes import (
    STOPS,
    BilledDocument,
    BilledLine,
    ContractLine,
    Difference,
    Terms,
    is_tolerable,
)
from ledger.reconciliation.rules.facts import Facts
from ledger.units import Fen, decimal, round_half_up, without_commas

# How documents and contracts write one unit. `小时` alone may be anything, and is not compared.
UNITS = {
    "gpu-hour": ("卡时", "卡·时", "卡小时", "GPU时", "GPU小时", "GPU卡时", "GPU·H"),
    "node-hour": ("台时", "节点时", "节点小时"),
    "node-day": ("台天", "台日", "节点天", "节点日"),
    "node-month": ("台月", "节点月"),
    "month": ("月", "个月"),
}
_UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words}


def of_line(
    document: BilledDocument, line: BilledLine, terms: Terms, process: Process
) -> list[Difference]:
    """Return the differences of a line, in each cell that it pays into."""
    differences = [
        Difference(
            code,
            handling,
            fen,
            document.document,
            line.line,
            cell,
            difference_facts.of_line(code, line),
        )
        for cell, fen in sorted(line.shares.items())
        for code, handling in _flags(line)
    ]
    differences += _of_price(document, line, terms, process)
    if any(difference.handling in STOPS for difference in differences):
        return as_notes(differences)
    return differences


def as_notes(differences: Iterable[Difference]) -> list[Difference]:
    """Turn questions for a person into notes, as the document is blocked anyway."""
    return [
        replace(d, handling=Handling.NOTE) if d.handling == Handling.PERSON else d
        for d in differences
    ]


def _flags(line: BilledLine) -> Iterator[tuple[str, Handling]]:
    if not is_compute(line.item):
        yield "R11", Handling.EXCLUDE
    if unusual_tax(line.item, line.tax_rate):
        yield "R12", Handling.NOTE
    if line.same_as:
        yield "R15", Handling.PERSON


def _of_price(
    document: BilledDocument, line: BilledLine, terms: Terms, process: Process
) -> Iterator[Difference]:
    """Find R19 if the line's tax rate is not the contract line's, otherwise R09.

    R09 compares with the contract lines that it pays for and that count in its unit: the line
    should be its quantity times such a price without tax, rounded to the fen once, or lie between
    two of them. Where it is just that with the contract's tax on top, it is R19 instead.
    """
    lines = terms.lines
    cell_prices = [
        (cell, price) for cell in sorted(line.shares) for price in lines.get(cell[2], ())
    ]
    taxed = rate(line.tax_rate)
    for cell, fen in sorted(line.shares.items()):
        rates = {price.tax_rate for price in lines.get(cell[2], ())}
        if taxed is not None and rates and taxed not in rates:
            facts = Facts(tax_rate=line.tax_rate, contract_tax_rates=tuple(sorted(rates)))
            yield Difference("R19", Handling.PERSON, fen, document.document, line.line, cell, facts)
    quantity, unit = _quantity(line.quantity), _UNIT_OF.get(line.unit.strip().upper())
    comparable = [(cell, price) for cell, price in cell_prices if quantity and price.unit == unit]
    off = [(_off(line, quantity, price), cell, price) for cell, price in comparable]
    offs = [fen for fen, _, _ in off]
    if not offs or any(is_tolerable(fen, line.net_fen, process) for fen in offs):
        return
    if min(offs) < 0 < max(offs):  # hours of several contract lines in one line
        return
    fen, cell, price = min(off, key=lambda item: abs(item[0]))
    with_tax = replace(price, net_fen=price.net_fen * (1 + price.tax_rate))
    gross = is_tolerable(_off(line, quantity, with_tax), line.net_fen, process)
    facts = difference_facts.of_price(line, quantity, price, with_tax=gross)
    code = "R19" if gross else "R09"
    yield Difference(code, Handling.PERSON, fen, document.document, line.line, cell, facts)


def _off(line: BilledLine, quantity: Fraction, price: ContractLine) -> Fen:
    return line.net_fen - round_half_up(quantity * price.net_fen)


def _quantity(text: str) -> Fraction:
    """Parse a printed quantity; None if it is none."""
    try:
        return decimal(without_commas(text.strip()))
    except ValueError:
        return Fraction(0)
