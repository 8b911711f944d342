"""Move what a decided month was billed too much (R07) to months whose usage came later.

A document of several months is laid over what was metered when it was matched; what was too much
then stays in a month, where two persons exclude it. When usage of another of its months comes
later, that excess pays for it, by the rule that lays documents (`rules/matching.py`). What was
matched, and so what is payable or paid, never falls by it; and what it pays for now counts when two
persons have decided that month.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.reconciliation.queries import allocations, open_lines
from ledger.reconciliation.queries.excess import PaidLine, contracts_with_excess, lines_of
from ledger.reconciliation.rules.matching import OpenLine, Package, Share, propose
from ledger.registry.queries import seller_buyer_contracts
from ledger.units import Fen, month_of


def move_excess(db: Session, actor: str, now: datetime) -> Fen:
    """Move the excess of decided cells to cells with room; return how much, fen."""
    contracts = contracts_with_excess(db)
    if not contracts:
        return 0
    allocations.lock(db)
    moved_fen = 0
    lines = lines_of(db, contracts)
    for contract in contracts:
        of_contract = [line for line in lines if line.cell[0] == contract]
        moved_fen += _move_of(db, contract, of_contract, actor, now)
    return moved_fen


def _move_of(db: Session, contract: int, lines: list[PaidLine], actor: str, now: datetime) -> Fen:
    if not lines:
        return 0
    may = [parties for parties in seller_buyer_contracts(db) if parties.contract == contract]
    first = month_of(min(paid.line.since for paid in lines))
    last = month_of(max(paid.line.until for paid in lines))
    cells, packages = open_lines.cells_of(db, may, first, last)
    by_key = {cell.key: cell for cell in cells}
    moved_fen = 0
    for paid in lines:
        source = by_key.get(paid.cell)
        if source is None or not source.excess_fen:
            continue
        line = replace(paid.line, left_fen=min(paid.line.left_fen, source.excess_fen))
        for share in _shares(line, source.key, by_key.values(), packages):
            allocations.remove(db, replace(share, cell=source.key), actor, now)
            allocations.allocate(db, [share], actor, now)
            _pay(by_key, source.key, share)
            moved_fen += share.fen
    return moved_fen


def _shares(
    line: OpenLine, source: Key, cells: Iterable[Cell], packages: list[Package]
) -> list[Share]:
    """Return where the rule lays what may leave a line, among its own months and packages."""
    months = (month_of(line.since), line.until)
    others = [
        replace(cell, carried=False)
        for cell in cells
        if cell.key != source
        and (months[0] <= cell.month <= months[1] or (cell.part, source[2]) == (Part.PACKAGE,) * 2)
    ]
    return propose([line], others, packages, date.min)  # what finds no room stays where it is


def _pay(by_key: dict[Key, Cell], source: Key, share: Share) -> None:
    less, more = by_key[source], by_key[share.cell]
    by_key[source] = replace(
        less,
        invoiced_fen=less.invoiced_fen - share.fen,
        standing_fen=less.standing_fen - share.fen,
    )
    by_key[share.cell] = replace(more, invoiced_fen=more.invoiced_fen + share.fen)
