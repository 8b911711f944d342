"""Matching: propose which fen of which document line pays for which cell.

The lines of one seller and one buyer are laid over the cells of their contracts in a fixed order,
so that the proposal is deterministic. A line with a statement's number belongs to that contract and
month. A line of exactly a package's price pays for what is drawn from that package. Every other
line goes to the months of its service period: first to a cell with exactly that room, to the fen,
then month by month; then to packages that were bought in it; then to what earlier months carried
over. What is still over was paid in advance: it waits until its days, and its package, are over,
and is laid over usage as it comes. After that it goes whole to one cell, where reconciliation sees
it (R07), or stays unallocated if no contract covers the period (R06, R14).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.units import Fen, month_of


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
    net_fen: Fen  # all of it
    statement_month: tuple[int, date] | None = (
        None  # contract and month of the statement it settles
    )
    kind: str | None = None  # where some of it is allocated already: model or team


@dataclass(frozen=True)
class Package:
    """Hours that a contract sold in advance, for `net_fen` in all, and the days of their use."""

    contract: int
    since: date
    until: date  # included
    net_fen: Fen


@dataclass(frozen=True, order=True)
class Share:
    """The fen of a document for a cell, at a line of the blue one; below zero are taken back."""

    document: int
    line: int
    cell: Key
    fen: Fen


def left_by_line(lines: Sequence[tuple[int, Fen, Fen]], left_fen: Fen) -> dict[int, Fen]:
    """Return what each line can still pay, if the document as a whole has `left_fen`.

    `lines` are (line, net fen less what red ones took, allocated fen) in their order. A discount
    (折扣行) is a negative line and lowers the one before it.
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


def propose(
    lines: Iterable[OpenLine],
    cells: Iterable[Cell],
    packages: Iterable[Package] = (),
    today: date = date.max,
) -> list[Share]:
    """Propose shares of lines in the cells of their contracts; the excess may exceed the room.

    The result does not depend on the order in which they are given; nothing is beyond a line.
    """
    board = _Board(cells, packages, today)
    sorted_lines = sorted(
        lines, key=lambda item: (item.issued_on, item.number, item.document, item.line)
    )
    placements = [_Placement(item, board) for item in sorted_lines if item.left_fen > 0]
    with_statement = [item for item in placements if item.line.statement_month is not None]
    without_statement = [item for item in placements if item.line.statement_month is None]
    for group in (with_statement, without_statement):
        board.index()
        for item in group:
            board.exact(item)
        for item in group:
            board.fill(item)
    for item in placements:
        board.fill_packages(item)
    for item in placements:
        board.fill_carried(item)
    for item in placements:
        board.rest(item)
    return sorted(share for item in placements for share in item.as_shares())


class _Placement:
    """A line while it is laid over the cells."""

    def __init__(self, line: OpenLine, board: "_Board") -> None:
        self.line = line
        self.left_fen = line.left_fen
        self.kind = line.kind
        self.shares: dict[Key, Fen] = {}
        self.packages = board.packages_of(line)
        # The price of a package, to the fen: it pays for nothing else.
        self.bought = [p for p in self.packages if p.net_fen == line.net_fen]
        if self.bought:
            self.packages = self.bought

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

    def __init__(self, cells: Iterable[Cell], packages: Iterable[Package], today: date) -> None:
        self.room: dict[Key, Fen] = {}
        self.by_month: dict[date, list[Cell]] = defaultdict(list)
        for cell in sorted(cells, key=lambda c: (c.month, c.contract, c.part)):
            self.room[cell.key] = cell.room_fen
            self.by_month[cell.month].append(cell)
        self.months = sorted(self.by_month)
        self.with_room = {m: list(cells) for m, cells in self.by_month.items()}
        self.carried = [c for m in self.months for c in self.by_month[m] if c.carried]
        self.fitting: dict[tuple[date, Fen], list[Cell]] = {}
        self.packages = sorted(packages, key=lambda p: (p.since, p.until, p.contract))
        self.today = today

    def index(self) -> None:
        """Index the cells by month and room."""
        self.fitting = defaultdict(list)
        for month, cells in self.with_room.items():
            for cell in cells:
                self.fitting[month, self.room[cell.key]].append(cell)

    def packages_of(self, line: OpenLine) -> list[Package]:
        """Return the packages that were bought in the days of a line, or run in them."""
        if line.statement_month is not None:
            return []
        return [p for p in self.packages if p.since <= line.until and line.since <= p.until]

    def months_of(self, line: OpenLine) -> list[date]:
        """Return the months with cells of a line's statement or service period."""
        if line.statement_month is not None:
            return [line.statement_month[1]] if line.statement_month[1] in self.by_month else []
        return self._between(line.since, line.until)

    def _between(self, since: date, until: date) -> list[date]:
        first = bisect_left(self.months, month_of(since))
        return self.months[first : bisect_right(self.months, until)]

    def exact(self, placement: _Placement) -> None:
        """Pay a cell that has exactly the room that the line has left."""
        if placement.bought:
            return
        for month in self.months_of(placement.line):
            cells = self.fitting.get((month, placement.left_fen), [])
            for place, cell in enumerate(cells):
                if _fits(placement, cell):
                    del cells[place]
                    self._pay(placement, cell, placement.left_fen)
                    return

    def fill(self, placement: _Placement) -> None:
        """Pay cells in order of month, contract and part, as far as they have room."""
        if placement.bought:
            return
        for month in self.months_of(placement.line):
            if not placement.left_fen:
                return
            self._fill(placement, [c for c in self.with_room[month] if _fits(placement, c)])
            self.with_room[month] = [c for c in self.with_room[month] if self.room[c.key]]

    def fill_packages(self, placement: _Placement) -> None:
        """Pay what is drawn from packages, month by month, until they end."""
        for package in placement.packages:
            for month in self._drawn_months(package, placement):
                self._fill(placement, self._package_cells(package, month))

    def _drawn_months(self, package: Package, placement: _Placement) -> list[date]:
        """Return the months of a package: of one that was bought all, else from the line's on."""
        since = package.since if placement.bought else max(package.since, placement.line.since)
        return self._between(since, package.until)

    def _package_cells(self, package: Package, month: date) -> list[Cell]:
        key = (package.contract, Part.PACKAGE)
        return [c for c in self.by_month[month] if (c.contract, c.part) == key]

    def fill_carried(self, placement: _Placement) -> None:
        """Pay what earlier months carried over."""
        if placement.line.statement_month is None and not placement.bought:
            first = month_of(placement.line.since)
            self._fill(placement, [c for c in self.carried if c.month < first])

    def _fill(self, placement: _Placement, cells: Iterable[Cell]) -> None:
        for cell in cells:
            fen = min(placement.left_fen, self.room[cell.key])
            if fen and placement.takes(cell):
                self._pay(placement, cell, fen)

    def rest(self, placement: _Placement) -> None:
        """Put what is beyond all room into one cell: of the last month, of a contract it pays.

        A cell in which something was metered comes first: there the difference says how much more.
        While the line's days or its packages last, it waits.
        """
        if not placement.left_fen or self._runs(placement):
            return
        for cells in self._last_cells(placement):
            fitting = [cell for cell in cells if _fits(placement, cell)]
            if fitting:
                paid = {contract for contract, *_ in placement.shares}
                best = min(
                    fitting,
                    key=lambda c: (c.contract not in paid, not c.metered_fen, c.contract, c.part),
                )
                placement.pay(best, placement.left_fen)
                return

    def _runs(self, placement: _Placement) -> bool:
        """Return whether more usage may come for which the line paid."""
        line = placement.line
        if line.statement_month is not None:
            return False
        last = max([line.until, *(package.until for package in placement.packages)])
        return month_of(last) >= month_of(self.today)

    def _last_cells(self, placement: _Placement) -> Iterator[list[Cell]]:
        for package in reversed(placement.bought):
            for month in reversed(self._drawn_months(package, placement)):
                yield self._package_cells(package, month)
        for month in reversed(self.months_of(placement.line)):
            yield self.by_month[month]

    def _pay(self, placement: _Placement, cell: Cell, fen: Fen) -> None:
        placement.pay(cell, fen)
        self.room[cell.key] -= fen


def _fits(placement: _Placement, cell: Cell) -> bool:
    statement_month = placement.line.statement_month
    return placement.takes(cell) and (
        statement_month is None or statement_month[0] == cell.contract
    )
