"""Move what a decided month was billed too much (R07) to months whose usage came later.

A document of several months is laid over what was metered when it was matched; what was too much
then stays in a month, where two persons exclude it. When usage of another of its months comes
later, that excess pays for it, by the rule that lays documents (`rules/matching.py`). What was
matched, and so what is payable or paid, never falls by it; and what it pays for now counts when two
persons have decided that month.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell, Key
from ledger.reconciliation.queries import allocations, open_lines
from ledger.reconciliation.queries.excess import PaidLine, contracts_with_excess, lines_of
from ledger.reconciliation.rules.matching import OpenLine, Package, Share, propose
from ledger.registry.queries import SellerBuyerContract, seller_buyer_contracts
from ledger.units import Fen, month_of


def move_excess(db: Session, actor: str, now: datetime) -> Fen:
    """Move the excess of decided cells to cells with room; return how much, fen."""
    contracts = _with_excess_and_room(db)
    if not contracts:
        return 0
    allocations.lock(db)
    parties = seller_buyer_contracts(db)
    lines = lines_of(db, contracts)
    moved_fen = 0
    for contract in contracts:
        of_contract = [line for line in lines if line.cell[0] == contract]
        may = [pair for pair in parties if pair.contract == contract]
        if of_contract and may:
            moved_fen += _move_of(db, of_contract, may, actor, now)
    return moved_fen


def _with_excess_and_room(db: Session) -> list[int]:
    """Return the contracts of which something may move; only then others have to wait."""
    contracts = contracts_with_excess(db)
    of_contracts = cells(db, contracts=contracts) if contracts else []
    excess = {cell.contract for cell in of_contracts if cell.excess_fen}
    return sorted(excess & {cell.contract for cell in of_contracts if cell.room_fen})


def _move_of(
    db: Session,
    lines: Sequence[PaidLine],
    may: Sequence[SellerBuyerContract],
    actor: str,
    now: datetime,
) -> Fen:
    first = month_of(min(paid.line.since for paid in lines))
    last = month_of(max(paid.line.until for paid in lines))
    possible, packages = open_lines.cells_of(db, may, first, last)
    by_key = {cell.key: cell for cell in possible}
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
    line: OpenLine, source: Key, possible: Iterable[Cell], packages: Sequence[Package]
) -> list[Share]:
    """Return where the rule lays what may leave a line: in its other months, or its packages'."""
    of_package = source[2] is Part.PACKAGE
    places = [
        replace(cell, carried=False)
        for cell in possible
        if cell.month != source[1]  # of its own month two persons have just seen all parts
        and (
            month_of(line.since) <= cell.month <= line.until
            or (of_package and cell.part is Part.PACKAGE)
        )
    ]
    return propose([line], places, packages, date.min)  # what finds no room stays where it is


def _pay(by_key: dict[Key, Cell], source: Key, share: Share) -> None:
    less, more = by_key[source], by_key[share.cell]
    by_key[source] = replace(
        less,
        invoiced_fen=less.invoiced_fen - share.fen,
        standing_fen=less.standing_fen - share.fen,
    )
    by_key[share.cell] = replace(more, invoiced_fen=more.invoiced_fen + share.fen)
