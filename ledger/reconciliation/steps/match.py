"""Match: allocate documents to metered cost, by rule or by a clerk.

The proposal is the rule's (`rules/matching.py`), one pair of parties at a time; running it again
changes nothing. What rules put into an undecided cell beyond what was metered there is laid anew
each time, so that what was paid in advance meets usage whenever it comes. A clerk may move any part
of a line to another cell, out of all cells, or into one; decided cells stay decided, and what falls
by it is decided by two persons. A line's fen never change in sum.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ledger.charging.rules.cells import Cell, Key
from ledger.documents.tables import DocumentLine
from ledger.errors import NotFound, Refused
from ledger.reconciliation.queries import allocations, open_lines
from ledger.reconciliation.queries.open_lines import Pair, Reach
from ledger.reconciliation.rules.matching import Package, Share, propose
from ledger.registry.queries import SellerBuyerContract, seller_buyer_contracts
from ledger.registry.tables import Contract
from ledger.units import Fen, beijing_day, yuan
from ledger.vouchers.steps.accrue import accrue_each
from ledger.vouchers.tables import Voucher


@dataclass(frozen=True)
class Matched:
    """The result of a run: open lines before, shares allocated, open lines after.

    `next` is where a run that was bounded goes on; None where everything was looked at.
    """

    lines: int
    shares: int
    allocated_fen: Fen
    unallocated: int
    next: Pair | None = None


def match(
    db: Session,
    *,
    actor: str,
    now: datetime,
    after: Pair | None = None,
    at_most: int | None = None,
) -> Matched:
    """Allocate every standing line that is not wholly allocated, as the rule proposes.

    Args:
        db: the transaction; it locks the documents that it allocates.
        actor: who asks for it.
        now: when.
        after: where a bounded run left off.
        at_most: end with the pair of parties in which so many lines are reached; so that a long
            run can be many short transactions, and be watched.
    """
    allocations.lock(db)
    if after is None:
        allocations.remove_excess(db, actor, now)
    pairs: dict[Pair, list[SellerBuyerContract]] = defaultdict(list)
    for contract in seller_buyer_contracts(db):
        pairs[contract.seller_uscc, contract.buyer_uscc].append(contract)
    lines = shares = fen = open_ = 0
    at = after
    for portion, cells, packages in _portions_with_cells(db, after, pairs):
        if at_most is not None and lines >= at_most and portion.pair != at:
            return Matched(lines, shares, fen, open_, at)
        at = portion.pair
        proposal = propose(portion.lines, cells, packages, beijing_day(now))
        allocations.allocate(db, proposal, actor, now)
        paid = sum(share.fen for share in proposal)
        whole = sum(line.left_fen for line in portion.lines)
        lines, shares, fen = lines + len(portion.lines), shares + len(proposal), fen + paid
        open_ += _unpaid(portion, proposal) if paid < whole else 0
    return Matched(lines, shares, fen, open_)


def _portions_with_cells(
    db: Session, after: Pair | None, pairs: Mapping[Pair, Sequence[SellerBuyerContract]]
) -> Iterator[tuple[open_lines.Portion, list[Cell], list[Package]]]:
    """Yield each portion with what it may pay for, which is read for some thousand lines at once.

    Two portions that share a contract are read one after the other: what is allocated of the first
    changes the cells of the second.
    """
    together: list[tuple[open_lines.Portion, Reach]] = []
    contracts: set[int] = set()
    lines = 0
    for portion in open_lines.open_portions(db, after):
        reach = Reach(pairs.get(portion.pair, ()), *portion.months)
        if lines >= open_lines.PORTION or contracts.intersection(reach.contracts):
            yield from _with_cells(db, together)
            together, contracts, lines = [], set(), 0
        together.append((portion, reach))
        contracts.update(reach.contracts)
        lines += len(portion.lines)
    yield from _with_cells(db, together)


def _with_cells(
    db: Session, together: Sequence[tuple[open_lines.Portion, Reach]]
) -> Iterator[tuple[open_lines.Portion, list[Cell], list[Package]]]:
    read = open_lines.cells_of_each(db, [reach for _, reach in together])
    for (portion, _), (cells, packages) in zip(together, read, strict=True):
        yield portion, cells, packages


def _unpaid(portion: open_lines.Portion, shares: list[Share]) -> int:
    """Return how many lines still have something left."""
    paid: dict[tuple[int, int], Fen] = defaultdict(int)
    for share in shares:
        paid[share.document, share.line] += share.fen
    return sum(paid[line.document, line.line] < line.left_fen for line in portion.lines)


def move(
    db: Session,
    document: int,
    line: int,
    *,
    source: Key | None,
    target: Key | None,
    fen: Fen,
    actor: str,
    now: datetime,
) -> None:
    """Move part of a line from one cell to another; None is unallocated.

    Args:
        db: the transaction.
        document: the blue document.
        line: its line.
        source: out of this cell (contract, month, part).
        target: into this one, of a project of the same kind unless the whole line moves.
        fen: how much, above zero.
        actor: who moves it.
        now: when.

    Raises:
        NotFound: there is no such line, or no such contract as the target's.
        Refused: the source has not so much of the line, net of red documents
            (`not_allocated_there`); the line has not so much left, as also where its document
            does not stand (`not_left`); it would serve two kinds of projects (`two_kinds`).
    """
    allocations.lock(db)
    if fen <= 0:
        raise Refused("amount_out_of_range")
    if db.get(DocumentLine, (document, line)) is None:
        raise NotFound("document_line", document=document, line=line)
    if source is not None:
        allocated_fen = sum(
            share.fen
            for share in allocations.shares_of(db, document)
            if (share.line, share.cell) == (line, source)
        )
        share = Share(document, line, source, fen)
        if allocated_fen < fen or not allocations.remove(db, share, actor, now):
            raise Refused("not_allocated_there", document=document, line=line)
    elif (left_fen := open_lines.left_of(db, document).get(line, 0)) < fen:
        raise Refused("not_left", left=yuan(left_fen))
    if target is not None:
        _allocate(db, Share(document, line, target, fen), actor, now)
    settle(db, {cell[0] for cell in (source, target) if cell is not None}, actor, now)


def settle(db: Session, contracts: Collection[int], actor: str, now: datetime) -> None:
    """Bring the vouchers of these contracts to what counts now, in the same transaction.

    Once a transaction, for all contracts together: the vouchers' books are locked in their order.
    """
    query = select(Voucher).join(Contract, col(Contract.project_id) == Voucher.project_id)
    query = query.where(col(Contract.id).in_(contracts)).order_by(col(Voucher.book_id)).distinct()
    accrue_each(db, db.exec(query).all(), actor, now)


def _allocate(db: Session, share: Share, actor: str, now: datetime) -> None:
    kind = allocations.kind_of(db, share.cell[0])
    if kind is None:
        raise NotFound("contract", number=share.cell[0])
    if allocations.kind_of_line(db, share.document, share.line) not in (None, kind):
        raise Refused("two_kinds", document=share.document, line=share.line)
    allocations.allocate(db, [share], actor, now, by_hand=True)
