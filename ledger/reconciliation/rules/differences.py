"""Find the differences of a contract's month: documents, lines, cells.

A blocked document raises no further questions, only notes; what is blocked or excluded is left out
when a cell's invoiced and metered cost are compared. R05 depends on receipts; the lines (R09, R11,
R12, R15, R19) are in `line_differences.py`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.documents.rules.cost_document import Party
from ledger.formats.organisation_names import same_name
from ledger.formats.uscc import uscc_fault
from ledger.policy.process import Process
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.rules.difference_codes import (
    STOPS,
    BilledDocument,
    Difference,
    Evidence,
    Receipt,
    Terms,
    is_tolerable,
)
from ledger.reconciliation.rules.line_differences import as_notes, of_line
from ledger.units import Fen, month_of


def differences(
    documents: Sequence[BilledDocument],
    cells: Sequence[Cell],
    terms: Terms,
    evidence: Evidence,
    process: Process,
) -> list[Difference]:
    """Return the differences of a contract's month, by code, document, line and cell."""
    carried = frozenset(cell.key for cell in cells if cell.carried)
    all_differences = [
        difference
        for document in documents
        for difference in _of_document(document, terms, process, carried)
    ]
    all_differences += _of_cells(documents, cells, all_differences, evidence, process)
    return sorted(all_differences, key=_order)


def _order(difference: Difference) -> tuple[object, ...]:
    return (
        difference.code,
        difference.document or 0,
        difference.line or 0,
        difference.cell is None,
        difference.cell,
    )


def paid_differently(
    document: BilledDocument, receipts: Sequence[Receipt], process: Process
) -> Difference | None:
    """Find R05: payer, payee or amount differ from the document (三流一致).

    The receipts together are its gross amount, within the tolerance, and all from its buyer to its
    seller, by their names. Paying before the service is usual, so no day is wrong by itself.
    """
    short = document.gross_fen - sum(receipt.fen for receipt in receipts)
    fits = abs(short) <= process.tolerance_fen and all(
        same_name(payment.payer, document.buyer.name)
        and same_name(payment.payee, document.seller.name)
        for payment in receipts
    )
    return None if fits else Difference("R05", Handling.PERSON, short, document.document)


def _strangely_paid(document: BilledDocument, process: Process) -> bool:
    return (
        bool(document.receipts)
        and paid_differently(document, document.receipts, process) is not None
    )


def _of_document(
    document: BilledDocument, terms: Terms, process: Process, carried: Collection[Key]
) -> list[Difference]:
    """Return the differences of a document and its lines, in each of its cells."""
    handlings: dict[str, Handling | None] = {
        "R01": Handling.BLOCK if document.duplicate else None,
        "R02": _reversed(document),
        "R03": _wrong_party(document.buyer, terms.buyers, Handling.BLOCK),
        "R04": _wrong_party(document.seller, terms.sellers, Handling.PERSON),
        "R05": Handling.PERSON if _strangely_paid(document, process) else None,
        "R06": Handling.PERSON if _inside(document) and not _is_in_contract(document) else None,
        "R10": None if _balanced(document) else Handling.BLOCK,
        "R13": Handling.PERSON if _related(document, terms) else None,
        "R16": None if document.kind in process.cost_documents else Handling.PERSON,
        "R18": Handling.BLOCK if document.frozen else None,
    }
    differences = [
        Difference(code, handling, fen, document.document, None, cell)
        for code, handling in handlings.items()
        if handling is not None
        for cell, fen in _where(document)
    ]
    differences += _outside(document, carried)
    blocked = any(difference.handling == "block" for difference in differences)
    differences += [
        difference
        for line in document.lines
        for difference in of_line(document, line, terms, process)
    ]
    return as_notes(differences) if blocked else differences


def _reversed(document: BilledDocument) -> Handling | None:
    """Find R02: nothing is left, or less than there was."""
    if document.net_fen + document.red_fen <= 0:
        return Handling.BLOCK
    return Handling.NOTE if document.red_fen else None


def _wrong_party(stated_party: Party, may: Iterable[Party], handling: Handling) -> Handling | None:
    """Compare codes, or names without a code; another name with that code is a note."""
    fitting = [
        p
        for p in may
        if p.uscc == stated_party.uscc or (not stated_party.uscc and _is_party(p, stated_party))
    ]
    if not fitting:
        return handling
    return None if any(_is_party(party, stated_party) for party in fitting) else Handling.NOTE


def _is_party(party: Party, stated_party: Party) -> bool:
    return same_name(party.name, stated_party.name)


def _balanced(document: BilledDocument) -> bool:
    """Return whether lines, net, tax and codes are consistent, within one fen."""
    lines = sum(line.net_fen for line in document.lines) == document.net_fen
    whole = abs(document.net_fen + document.tax_fen - document.gross_fen) <= 1
    codes = [party.uscc for party in (document.seller, document.buyer) if party.uscc]
    return lines and whole and not any(uscc_fault(code) for code in codes)


def _related(document: BilledDocument, terms: Terms) -> bool:
    """Return whether the parties are related, or the same (except within a university)."""
    pair = frozenset((document.seller.uscc, document.buyer.uscc))
    alone = len(pair) == 1 and document.kind != "internal_settlement"
    return pair in terms.related or alone


def _where(document: BilledDocument) -> list[tuple[Key | None, Fen]]:
    """Return its cells and what it pays into each; without a cell, what is not allocated."""
    cells: list[tuple[Key | None, Fen]] = [
        (cell, document.in_cell(cell)) for cell in document.cells
    ]
    return cells or [(None, document.left_fen)]


def _outside(document: BilledDocument, carried: Collection[Key]) -> Iterator[Difference]:
    """Find R14: no service day within the contracts, or outside the month of the cell.

    A statement's number stands for the month that it names, whatever the period says. What an
    earlier month carried over may be billed later, and a package is paid before or after its use.
    """
    nowhere = bool(document.spells) and not _inside(document)
    first = month_of(document.since)
    for cell, fen in _where(document):
        elsewhere = cell is not None and not (
            first <= cell[1] <= document.until
            or (cell[1] < first and cell in carried)
            or cell[2] is Part.PACKAGE
        )
        if (nowhere or elsewhere) and (cell is None or document.statement_month != cell[:2]):
            yield Difference("R14", Handling.EXCLUDE, fen, document.document, None, cell)


def _inside(document: BilledDocument) -> bool:
    """Return whether some service day is within a contract of the two."""
    return any(
        (since is None or since <= document.until) and (until is None or document.since < until)
        for since, until in document.spells
    )


def _is_in_contract(document: BilledDocument) -> bool:
    """Return whether the contracts of the two cover every service day."""
    day = document.since
    for since, until in sorted(document.spells, key=lambda s: s[0] or date.min):
        if since is None or since <= day:
            if until is None or until > document.until:
                return True
            day = max(day, until)
    return False


def _of_cells(
    documents: Sequence[BilledDocument],
    cells: Sequence[Cell],
    differences: Sequence[Difference],
    evidence: Evidence,
    process: Process,
) -> Iterator[Difference]:
    beyond = evidence.capacity_ms is not None and evidence.used_ms > evidence.capacity_ms
    for cell in cells:
        counts = cell.invoiced_fen - _stopped_fen(documents, cell.key, differences)
        document_count = max(sum(cell.key in document.cells for document in documents), 1)
        if (over := counts - cell.metered_fen - cell.extra_fen) > 0:
            within = is_tolerable(over, cell.metered_fen, process, document_count)
            yield Difference("R07", Handling.NOTE if within else Handling.CUT, over, cell=cell.key)
        if beyond and cell.metered_fen:
            yield Difference("R08", Handling.BLOCK, cell.metered_fen, cell=cell.key)
        if cell.part is Part.FEE and cell.invoiced_fen:
            yield Difference("R11", Handling.NOTE, cell.invoiced_fen, cell=cell.key)
        if (under := cell.metered_fen - cell.closed_fen - counts) > 0:
            within = is_tolerable(under, cell.metered_fen, process, document_count)
            yield Difference(
                "R17", Handling.NOTE if within else Handling.PERSON, -under, cell=cell.key
            )
        grades = evidence.grades.get(cell.key, {})
        weak = sum(fen for grade, fen in grades.items() if grade not in process.grades_payable)
        if weak:
            within = is_tolerable(weak, cell.metered_fen, process, document_count)
            yield Difference(
                "R20", Handling.NOTE if within else Handling.EXCLUDE, weak, cell=cell.key
            )


def _stopped_fen(
    documents: Sequence[BilledDocument], cell: Key, differences: Sequence[Difference]
) -> Fen:
    """Return what of a cell is blocked or excluded, each line once."""
    stops = {
        (difference.document, difference.line)
        for difference in differences
        if difference.cell == cell and difference.handling in STOPS
    }
    return sum(
        line.shares.get(cell, 0)
        for document in documents
        for line in document.lines
        if stops & {(document.document, None), (document.document, line.line)}
    )
