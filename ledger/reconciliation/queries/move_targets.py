"""Read the cells that a share of a contract's month may be moved to."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session

from ledger.charging.rules.cells import Cell
from ledger.reconciliation.queries.open_lines import cells_of
from ledger.registry.queries import seller_buyer_contracts
from ledger.registry.tables import Contract
from ledger.units import month_of

_AROUND = timedelta(days=365)  # further away only by command


def move_targets(db: Session, contract: Contract, month: date) -> Sequence[tuple[str, Cell]]:
    """Return contract numbers and cells: of this contract, and of others of the same two parties.

    The months of a year before and after, the contract's own first.
    """
    all_contracts = seller_buyer_contracts(db)
    pairs = {(c.seller_uscc, c.buyer_uscc) for c in all_contracts if c.contract == contract.id}
    may = [c for c in all_contracts if (c.seller_uscc, c.buyer_uscc) in pairs]
    first, last = month_of(month - _AROUND), month_of(month + _AROUND)
    cells, _packages = cells_of(db, may, first, last)
    names = {c.contract: "" for c in may}
    for key in names:
        row = db.get_one(Contract, key)
        names[key] = row.number
    order = sorted(
        cells, key=lambda c: (c.contract != contract.id, names[c.contract], c.month, c.part)
    )
    return [(names[cell.contract], cell) for cell in order if first <= cell.month <= last]
