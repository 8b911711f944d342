"""Find the differences of a contract's month: documents, lines, cells.

A blocked document raises no further questions, only notes; what is blocked or excluded is left out
when a cell's invoiced and metered cost are compared. R05 depends on receipts; the lines (R09, R11,
R12, R15, R19) are in `line_differences.py`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.documents.rules.cost_document import Party
from ledger.documents.rules.payments import Payment, paid_fen, paid_part, paid_share
from ledger.formats.uscc import uscc_fault
from ledger.policy.process import Process
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.rules import difference_facts
from ledger.reconciliation.rules.difference_codes import (
    STOPS,
    BilledDocument,
    Difference,
    Evidence,
    Terms,
    is_tolerable,
)
from ledger.reconciliation.rules.facts import Facts
from ledger.reconciliation.rules.line_differences import as_notes, of_line
from ledger.registry.rules.safeguards import KnownName, name_stands
from ledger.units import FEN_MAX, Fen, month_of, round_half_up


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
    all_differences += _of_cells(
        documents, cells, all_differences, terms=terms, evidence=evidence, process=process
    )
    if terms.beyond_total_fen:
        facts = Facts(
            total_gross_fen=terms.total_gross_fen, billed_gross_fen=terms.billed_gross_fen
        )
        beyond = Difference("R06", Handling.PERSON, terms.beyond_total_fen, facts=facts)
        all_differences.append(replace(beyond, cell=cells[0].key) if cells else beyond)
    return sorted(all_differences, key=_order)


def _order(difference: Difference) -> tuple[object, ...]:
    return (
        difference.code,
        difference.document or 0,
        difference.line or 0,
        difference.cell is None,
        difference.cell,
    )


def payment_differences(document: BilledDocument, process: Process) -> list[Difference]:
    """Find R05: payer, payee or amount differ from the document (三流一致).

    What was paid by others, or to others, is for a person to judge. What was not paid is cut, cell
    by cell, in the share of the whole: half paid counts half. Without any receipt nothing is known
    of a payment yet, and that is told. Paying before the service is usual, so no day is wrong.
    """
    if not document.receipts:
        return [_of_r05(document, Handling.NOTE, cell, fen) for cell, fen in _where(document)]
    payments = [Payment(receipt.payer, receipt.payee, receipt.fen) for receipt in document.receipts]
    parties = (document.buyer.name, document.seller.name)
    strange_fen = sum(payment.fen for payment in payments) - paid_fen(*parties, FEN_MAX, payments)
    beyond_fen = sum(payment.fen for payment in payments) - document.gross_fen
    if strange_fen or beyond_fen > process.tolerance_fen:
        return [_of_r05(document, Handling.PERSON, cell, fen) for cell, fen in _where(document)]
    share = paid_share(*parties, _gross_left_fen(document), payments, process.tolerance_fen)
    unpaid = [(cell, fen - paid_part(fen, share)) for cell, fen in _where(document)]
    return [_of_r05(document, Handling.CUT, cell, fen) for cell, fen in unpaid if fen]


def _gross_left_fen(document: BilledDocument) -> Fen:
    """Return what the document is worth with tax, less its red ones."""
    if not document.red_fen or not document.net_fen:
        return document.gross_fen
    left_fen = document.net_fen + document.red_fen
    return round_half_up(Fraction(document.gross_fen * left_fen, document.net_fen))


def _of_r05(document: BilledDocument, handling: Handling, cell: Key | None, fen: Fen) -> Difference:
    facts = difference_facts.of_receipts(document)
    return Difference("R05", handling, fen, document.document, None, cell, facts)


def _of_document(
    document: BilledDocument, terms: Terms, process: Process, carried: Collection[Key]
) -> list[Difference]:
    """Return the differences of a document and its lines, in each of its cells."""
    handlings: dict[str, Handling | None] = {
        "R01": Handling.BLOCK if document.duplicate_of else None,
        "R02": _reversed(document),
        "R03": _wrong_party(document, document.buyer, terms.buyers, terms, Handling.BLOCK),
        "R04": _wrong_party(document, document.seller, terms.sellers, terms, Handling.PERSON),
        "R06": Handling.PERSON if _inside(document) and not _is_in_contract(document) else None,
        "R10": None if _balanced(document) else Handling.BLOCK,
        "R13": _related(document, terms),
        "R16": None if document.kind in process.cost_documents else Handling.PERSON,
        "R18": Handling.BLOCK if document.frozen else None,
    }
    differences = [
        Difference(
            code, handling, fen, document.document, None, cell,
            difference_facts.of_document(code, document, terms),
        )
        for code, handling in handlings.items()
        if handling is not None
        for cell, fen in _where(document)
    ]  # fmt: skip
    differences += _outside(document, carried)
    differences += payment_differences(document, process)
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


def _wrong_party(
    document: BilledDocument,
    stated_party: Party,
    may: Iterable[Party],
    terms: Terms,
    handling: Handling,
) -> Handling | None:
    """Compare codes, or names without a code; another name with that code is a note.

    An organisation may be called what it was called on the day of issue or before.
    """

    def is_called(party: Party) -> bool:
        names = terms.names.get(party.uscc) or (KnownName(party.name),)
        return name_stands(stated_party.name, document.issued_on or document.until, names)

    fitting = [
        party
        for party in may
        if party.uscc == stated_party.uscc or (not stated_party.uscc and is_called(party))
    ]
    if not fitting:
        return handling
    return None if any(is_called(party) for party in fitting) else Handling.NOTE


def _balanced(document: BilledDocument) -> bool:
    """Return whether lines, net, tax and codes are consistent, within one fen."""
    lines = sum(line.net_fen for line in document.lines) == document.net_fen
    whole = abs(document.net_fen + document.tax_fen - document.gross_fen) <= 1
    codes = [party.uscc for party in (document.seller, document.buyer) if party.uscc]
    return lines and whole and not any(uscc_fault(code) for code in codes)


def _related(document: BilledDocument, terms: Terms) -> Handling | None:
    """Find R13: related parties do not count; a firm that bills itself is for a person to judge.

    Within a university one may bill the other.
    """
    pair = frozenset((document.seller.uscc, document.buyer.uscc))
    if pair in terms.related:
        return Handling.EXCLUDE
    alone = len(pair) == 1 and document.kind != "internal_settlement"
    return Handling.PERSON if alone else None


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
            facts = difference_facts.of_period(document, cell[1] if cell else None)
            yield Difference("R14", Handling.EXCLUDE, fen, document.document, None, cell, facts)


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
    *,
    terms: Terms,
    evidence: Evidence,
    process: Process,
) -> Iterator[Difference]:
    beyond = evidence.capacity_ms is not None and evidence.used_ms > evidence.capacity_ms
    for cell in cells:
        left_out_fen = _stopped_fen(documents, cell.key, differences)
        counts = cell.invoiced_fen - left_out_fen
        document_count = max(sum(cell.key in document.cells for document in documents), 1)
        figures = difference_facts.of_cell(cell, left_out_fen)
        if (over := counts - cell.metered_fen - cell.extra_fen) > 0:
            within = is_tolerable(over, cell.metered_fen, process, document_count)
            handling = Handling.NOTE if within else Handling.CUT
            yield Difference("R07", handling, over, cell=cell.key, facts=figures)
        if (beyond or evidence.unproved) and cell.metered_fen:
            facts = difference_facts.of_capacity(evidence)
            yield Difference("R08", Handling.BLOCK, cell.metered_fen, cell=cell.key, facts=facts)
        if cell.part in terms.unusual_prices and cell.metered_fen:
            facts = difference_facts.of_band(terms.unusual_prices[cell.part])
            yield Difference("R09", Handling.PERSON, cell.metered_fen, cell=cell.key, facts=facts)
        if cell.part is Part.FEE and cell.invoiced_fen:
            yield Difference("R11", Handling.NOTE, cell.invoiced_fen, cell=cell.key)
        if (under := cell.metered_fen - cell.closed_fen - counts) > 0:
            within = is_tolerable(under, cell.metered_fen, process, document_count)
            handling = Handling.NOTE if within else Handling.PERSON
            yield Difference("R17", handling, -under, cell=cell.key, facts=figures)
        grades = {
            grade: fen
            for grade, fen in evidence.grades.get(cell.key, {}).items()
            if grade not in process.grades_payable
        }
        if weak := sum(grades.values()):
            within = is_tolerable(weak, cell.metered_fen, process, document_count)
            handling = Handling.NOTE if within else Handling.EXCLUDE
            yield Difference("R20", handling, weak, cell=cell.key, facts=Facts(grades=grades))


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
