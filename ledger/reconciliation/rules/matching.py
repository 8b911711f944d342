"""Matching: propose which fen of which document line pays for which cell.

The lines of one seller and one buyer are laid over the cells of their contracts in a fixed order,
so that the proposal is deterministic. A line with a statement's number belongs to that contract and
month. Every other line goes to the months of its service period: first to a cell with exactly that
room, to the fen, then month by month. What exceeds all metered cost is not spread: it goes whole to
one cell, where reconciliation sees it (R07), or stays unallocated if no contract covers the period
(R06, R14). Red documents take back from all cells in proportion.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.charging.rules.cells import Cell
from ledger.units import Fen, month_of

Key = tuple[int, date, int, str]
"""What a cell is known by: contract, month, contract line, policy version."""


@dataclass(frozen=True)
class OpenLine:
    """A line of a blue document, and its fen, above zero, not yet allocated."""

    document: int
    line: int
    number: str
    issued_on: date
    since: date
    until: date  # included
    left_fen: Fen
    statement_month: tuple[int, date] | None = (
        None  # contract and month of the statement it settles
    )
    kind: str | None = None  # where some of it is allocated already: model or team


@dataclass(frozen=True, order=True)
class Share:
    """The fen of a document line for a cell; below zero they are taken back."""

    document: int
    line: int
    cell: Key
    fen: Fen


def left_by_line(lines: Sequence[tuple[int, Fen, Fen]], left_fen: Fen) -> dict[int, Fen]:
    """Return what each line can still pay, if the document as a whole has `left_fen`.

    `lines` are (line, net fen, allocated fen) in their order. A discount (折扣行) is a negative
    line and lowers the one before it; what red documents took is missing at the end.
    """
    rest: list[tuple[int, Fen]] = []
    for line, net, allocated in lines:
        if net >= 0:
            rest.append((line, net - allocated))
        elif rest:
            rest[-1] = (rest[-1][0], rest[-1][1] + net)
    by_line: dict[int, Fen] = {}
    for line, fen in rest:
        part = min(fen, left_fen)
        if part > 0:
            by_line[line] = part
            left_fen -= part
    return by_line


def propose(lines: Iterable[OpenLine], cells: Iterable[Cell]) -> list[Share]:
    """Propose shares of lines in the cells of their contracts; the excess may exceed the room.

    The result does not depend on the order in which they are given; nothing is beyond a line.
    """
    board = _Board(cells)
    sorted_lines = sorted(
        lines, key=lambda item: (item.issued_on, item.number, item.document, item.line)
    )
    placements = [_Placement(item) for item in sorted_lines if item.left_fen > 0]
    with_statement = [item for item in placements if item.line.statement_month is not None]
    without_statement = [item for item in placements if item.line.statement_month is None]
    for group in (with_statement, without_statement):
        board.index()
        for item in group:
            board.exact(item)
        for item in group:
            board.fill(item)
    for item in placements:
        board.rest(item)
    return sorted(share for item in placements for share in item.as_shares())


class _Placement:
    """A line while it is laid over the cells."""

    def __init__(self, line: OpenLine) -> None:
        self.line = line
        self.left_fen = line.left_fen
        self.kind = line.kind
        self.shares: dict[Key, Fen] = {}

    def takes(self, cell: Cell) -> bool:
        """Return whether it may pay for the cell, as a line serves one kind of project."""
        return self.kind in (None, cell.kind)

    def pay(self, cell: Cell, fen: Fen) -> None:
        self.shares[cell.key] = self.shares.get(cell.key, 0) + fen
        self.left_fen -= fen
        self.kind = cell.kind

    def as_shares(self) -> list[Share]:
        line = self.line
        return [Share(line.document, line.line, cell, fen) for cell, fen in self.shares.items()]


class _Board:
    """The cells by month, with their remaining room."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.room: dict[Key, Fen] = {}
        self.by_month: dict[date, list[Cell]] = defaultdict(list)
        for cell in sorted(cells, key=lambda c: (c.month, c.contract, c.price, c.policy)):
            taken_fen = cell.invoiced_fen + cell.closed_fen
            self.room[cell.key] = max(cell.metered_fen + cell.extra_fen - taken_fen, 0)
            self.by_month[cell.month].append(cell)
        self.months = sorted(self.by_month)
        self.with_room = {m: list(cells) for m, cells in self.by_month.items()}
        self.fitting: dict[tuple[date, Fen], list[Cell]] = {}

    def index(self) -> None:
        """Index the cells by month and room."""
        self.fitting = defaultdict(list)
        for month, cells in self.with_room.items():
            for cell in cells:
                self.fitting[month, self.room[cell.key]].append(cell)

    def months_of(self, line: OpenLine) -> list[date]:
        """Return the months with cells of a line's statement or service period."""
        if line.statement_month is not None:
            return [line.statement_month[1]] if line.statement_month[1] in self.by_month else []
        first = bisect_left(self.months, month_of(line.since))
        return self.months[first : bisect_right(self.months, line.until)]

    def exact(self, placement: _Placement) -> None:
        """Pay a cell that has exactly the room that the line has left."""
        for month in self.months_of(placement.line):
            cells = self.fitting.get((month, placement.left_fen), [])
            for place, cell in enumerate(cells):
                if _fits(placement, cell):
                    del cells[place]
                    self._pay(placement, cell, placement.left_fen)
                    return

    def fill(self, placement: _Placement) -> None:
        """Pay cells in order of month, contract and contract line, as far as they have room."""
        for month in self.months_of(placement.line):
            if not placement.left_fen:
                return
            spent = False
            for cell in self.with_room[month]:
                fen = min(placement.left_fen, self.room[cell.key])
                if fen and _fits(placement, cell):
                    self._pay(placement, cell, fen)
                spent = spent or not self.room[cell.key]
                if not placement.left_fen:
                    break
            if spent:
                self.with_room[month] = [c for c in self.with_room[month] if self.room[c.key]]

    def rest(self, placement: _Placement) -> None:
        """Put what is beyond all room into one cell: of the last month, of a contract it pays.

        A cell in which something was metered comes first: there the difference says how much more.
        """
        if not placement.left_fen:
            return
        for month in reversed(self.months_of(placement.line)):
            cells = [cell for cell in self.by_month[month] if _fits(placement, cell)]
            if cells:
                paid = {contract for contract, *_ in placement.shares}
                best = min(
                    cells,
                    key=lambda c: (c.contract not in paid, not c.metered_fen, c.contract, c.price),
                )
                placement.pay(
                    max((c for c in cells if c.price == best.price), key=_policy),
                    placement.left_fen,
                )
                return

    def _pay(self, placement: _Placement, cell: Cell, fen: Fen) -> None:
        placement.pay(cell, fen)
        self.room[cell.key] -= fen


def _fits(placement: _Placement, cell: Cell) -> bool:
    statement_month = placement.line.statement_month
    return placement.takes(cell) and (
        statement_month is None or statement_month[0] == cell.contract
    )


def _policy(cell: Cell) -> str:
    return cell.policy


def take_back(
    red: Sequence[tuple[int, int, Fen]], allocations: Iterable[Share], left_fen: Fen
) -> list[Share]:
    """Return what a red document takes back of its invoice's allocations, as negative shares.

    What is not allocated goes first, so only the excess over `left_fen` is taken back, from all
    cells in proportion, to the fen by the largest remainder (ties in the order of the cells).

    Args:
        red: the red document's lines as (document, line, net fen).
        allocations: all allocations of the invoice and of its red documents.
        left_fen: what the invoice is worth net of all its red documents, this one included.

    Raises:
        ValueError: the red lines are worth less than what they must take back.
    """
    by_cell: dict[Key, Fen] = defaultdict(int)
    for share in allocations:
        by_cell[share.cell] += share.fen
    excess = sum(by_cell.values()) - left_fen
    if excess <= 0:
        return []
    taken_fen = _apportion(excess, {cell: fen for cell, fen in sorted(by_cell.items()) if fen > 0})
    shares: list[Share] = []
    for document, line, net in red:
        capacity = -net
        for cell, fen in taken_fen.items():
            part = min(fen, capacity)
            if part > 0:
                shares.append(Share(document, line, cell, -part))
                taken_fen[cell] -= part
                capacity -= part
    if any(taken_fen.values()):
        raise ValueError(f"red lines {red} cannot take back {excess}")
    return shares


def _apportion(total: Fen, weights: Mapping[Key, Fen]) -> dict[Key, Fen]:
    """Split `total` fen by weight; none exceeds its weight unless the total does."""
    whole = sum(weights.values())
    parts = {key: total * weight // whole for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(total * weights[key] % whole), key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
