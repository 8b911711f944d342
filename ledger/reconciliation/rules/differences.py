"""Finding the differences of a contract's month: documents as a whole, their lines, the cells.

A document that is blocked asks no further questions, it only tells; and what is blocked or excluded
is left out when a cell's invoiced and metered cost are compared. R05 needs the receipts of a claim
and stands by itself; the lines (R09, R11, R12, R15, R19) stand in `line_differences.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from ledger.charging.rules.cells import Cell
from ledger.documents.rules.cost_document import Party
from ledger.formats.organisation_names import same_name
from ledger.formats.uscc import uscc_fault
from ledger.policy.process import Process
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.rules.difference_codes import (
    STOPS,
    Billed,
    Difference,
    Evidence,
    Receipt,
    Terms,
    tolerated,
)
from ledger.reconciliation.rules.line_differences import of_line, told
from ledger.reconciliation.rules.matching import Key
from ledger.units import Fen, month_of


def differences(
    documents: Sequence[Billed],
    cells: Sequence[Cell],
    terms: Terms,
    evidence: Evidence,
    process: Process,
) -> list[Difference]:
    """Everything that does not fit in a contract's month, by code, document, line and cell."""
    found = [one for billed in documents for one in _of_document(billed, terms, process)]
    found += _of_cells(documents, cells, found, evidence, process)
    return sorted(found, key=_order)


def _order(one: Difference) -> tuple[object, ...]:
    return (one.code, one.document or 0, one.line or 0, one.cell is None, one.cell)


def paid_differently(
    billed: Billed, receipts: Sequence[Receipt], process: Process
) -> Difference | None:
    """R05: payer, payee or amount are not those of the document (三流一致).

    The receipts together are its gross amount, within the tolerance, and all from its buyer to its
    seller, by their names. Paying before the service is usual, so no day is wrong by itself.
    """
    short = billed.gross_fen - sum(receipt.fen for receipt in receipts)
    fits = abs(short) <= process.tolerance_fen and all(
        same_name(one.payer, billed.buyer.name) and same_name(one.payee, billed.seller.name)
        for one in receipts
    )
    return None if fits else Difference("R05", Handling.PERSON, short, billed.document)


def _strangely_paid(billed: Billed, process: Process) -> bool:
    return bool(billed.receipts) and paid_differently(billed, billed.receipts, process) is not None


def _of_document(billed: Billed, terms: Terms, process: Process) -> list[Difference]:
    """The differences of a document and of its lines, in each cell that it pays into."""
    handlings: dict[str, Handling | None] = {
        "R01": Handling.BLOCK if billed.duplicate else None,
        "R02": _reversed(billed),
        "R03": _wrong_party(billed.buyer, terms.buyers, Handling.BLOCK),
        "R04": _wrong_party(billed.seller, terms.sellers, Handling.PERSON),
        "R05": Handling.PERSON if _strangely_paid(billed, process) else None,
        "R06": Handling.PERSON if _inside(billed) and not _covered(billed) else None,
        "R10": None if _balanced(billed) else Handling.BLOCK,
        "R13": Handling.PERSON if _related(billed, terms) else None,
        "R16": None if billed.kind in process.cost_documents else Handling.PERSON,
        "R18": Handling.BLOCK if billed.frozen else None,
    }
    found = [
        Difference(code, handling, fen, billed.document, None, cell)
        for code, handling in handlings.items()
        if handling is not None
        for cell, fen in _where(billed)
    ]
    found += _outside(billed)
    blocked = any(one.handling == "block" for one in found)
    found += [one for line in billed.lines for one in of_line(billed, line, terms, process)]
    return told(found) if blocked else found


def _reversed(billed: Billed) -> Handling | None:
    """Nothing is left of it, or less than there was."""
    if billed.net_fen + billed.red_fen <= 0:
        return Handling.BLOCK
    return Handling.NOTE if billed.red_fen else None


def _wrong_party(said: Party, may: Iterable[Party], handling: Handling) -> Handling | None:
    """The code decides; the name, where there is no code. Another name with that code is told."""
    fitting = [p for p in may if p.uscc == said.uscc or (not said.uscc and _named(p, said))]
    if not fitting:
        return handling
    return None if any(_named(party, said) for party in fitting) else Handling.NOTE


def _named(party: Party, said: Party) -> bool:
    return same_name(party.name, said.name)


def _balanced(billed: Billed) -> bool:
    """Lines add up to the fen, net and tax to the whole within one; codes are possible."""
    lines = sum(line.net_fen for line in billed.lines) == billed.net_fen
    whole = abs(billed.net_fen + billed.tax_fen - billed.gross_fen) <= 1
    codes = [party.uscc for party in (billed.seller, billed.buyer) if party.uscc]
    return lines and whole and not any(uscc_fault(code) for code in codes)


def _related(billed: Billed, terms: Terms) -> bool:
    """Known to be related, or one and the same; within a university that is how it is settled."""
    pair = frozenset((billed.seller.uscc, billed.buyer.uscc))
    alone = len(pair) == 1 and billed.kind != "internal_settlement"
    return pair in terms.related or alone


def _where(billed: Billed) -> list[tuple[Key | None, Fen]]:
    """Its cells, and what it pays into each; what is not allocated, where it has no cell."""
    cells: list[tuple[Key | None, Fen]] = [(cell, billed.in_cell(cell)) for cell in billed.cells]
    return cells or [(None, billed.left_fen)]


def _outside(billed: Billed) -> Iterator[Difference]:
    """R14: no day of service within the contracts of the two, or not in the month of the cell.

    A statement's number stands for the month that it names, whatever the period says.
    """
    nowhere = bool(billed.spells) and not _inside(billed)
    first = month_of(billed.since)
    for cell, fen in _where(billed):
        elsewhere = cell is not None and not first <= cell[1] <= billed.until
        if (nowhere or elsewhere) and (cell is None or billed.named != cell[:2]):
            yield Difference("R14", Handling.EXCLUDE, fen, billed.document, None, cell)


def _inside(billed: Billed) -> bool:
    """Whether some day of service is within a contract of the two."""
    return any(
        (since is None or since <= billed.until) and (until is None or billed.since < until)
        for since, until in billed.spells
    )


def _covered(billed: Billed) -> bool:
    """Whether the contracts of the two, one after another, cover every day of service."""
    day = billed.since
    for since, until in sorted(billed.spells, key=lambda s: s[0] or date.min):
        if since is None or since <= day:
            if until is None or until > billed.until:
                return True
            day = max(day, until)
    return False


def _of_cells(
    documents: Sequence[Billed],
    cells: Sequence[Cell],
    found: Sequence[Difference],
    evidence: Evidence,
    process: Process,
) -> Iterator[Difference]:
    beyond = evidence.capacity_ms is not None and evidence.used_ms > evidence.capacity_ms
    for cell in cells:
        counts = cell.invoiced_fen - _stopped(documents, cell.key, found)
        paying = max(sum(cell.key in billed.cells for billed in documents), 1)
        if (over := counts - cell.metered_fen - cell.extra_fen) > 0:
            within = tolerated(over, cell.metered_fen, process, paying)
            yield Difference("R07", Handling.NOTE if within else Handling.CUT, over, cell=cell.key)
        if beyond and cell.metered_fen:
            yield Difference("R08", Handling.BLOCK, cell.metered_fen, cell=cell.key)
        if not cell.policy and cell.invoiced_fen:
            yield Difference("R14", Handling.NOTE, cell.invoiced_fen, cell=cell.key)
        if (under := cell.metered_fen - cell.closed_fen - counts) > 0:
            within = tolerated(under, cell.metered_fen, process, paying)
            yield Difference(
                "R17", Handling.NOTE if within else Handling.PERSON, -under, cell=cell.key
            )
        grades = evidence.grades.get(cell.key, {})
        weak = sum(fen for grade, fen in grades.items() if grade not in process.grades_payable)
        if weak:
            within = tolerated(weak, cell.metered_fen, process, paying)
            yield Difference(
                "R20", Handling.NOTE if within else Handling.EXCLUDE, weak, cell=cell.key
            )


def _stopped(documents: Sequence[Billed], cell: Key, found: Sequence[Difference]) -> Fen:
    """What of a cell is blocked or excluded already, each line once."""
    stops = {
        (one.document, one.line) for one in found if one.cell == cell and one.handling in STOPS
    }
    return sum(
        line.shares.get(cell, 0)
        for billed in documents
        for line in billed.lines
        if stops & {(billed.document, None), (billed.document, line.line)}
    )
