"""What a project's months are worth, in plain arithmetic: the specification of the figures.

It is for tests alone, so it stands here and not beside the rules, and it uses none of them: days
are days, hours are hours, and everything is computed anew from what happened. One project, one
contract, one rate a version; money in fen. A cell is a month and a part of it: what is metered by
the hour, or what is drawn from the package.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.support.months.usage import COMPUTE, PACKAGE, Cell, MonthUsage, Version


@dataclass
class Line:
    """A line of an invoice: what is left of it, and which cells it pays for."""

    serial: int  # of its document
    month: date
    fen: int  # less what red ones took back
    pays: dict[Cell, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.printed_fen = self.fen

    @property
    def open_fen(self) -> int:
        return self.fen - sum(self.pays.values())


@dataclass
class Decided:
    """What two persons decided of a cell, and what the books hold of it."""

    matched: int
    closed: int
    invoiced: int
    carried: bool
    held_fen: int
    rests_on: dict[int, int]  # fen by line
    shares: dict["Version", Fraction]  # of it what each version's days hold
    terms: list[Version]  # of the days of its month, then


class MonthOracle(MonthUsage):
    """A project's months, as they follow from everything that happened."""

    def __init__(self, months: list[date], cap: int) -> None:
        super().__init__()
        self.months, self.cap = months, cap
        self.lines: list[Line] = []
        self.decisions: dict[Cell, Decided] = {}
        self.sent_fen = self.paid = self.recoverable = self.lapsed = 0
        self.fraud = False  # a case is open: what is to be paid back lapses

    # invoiced

    def invoiced(self, cell: Cell) -> int:
        return sum(line.pays.get(cell, 0) for line in self.lines)

    def is_there(self, cell: Cell) -> bool:
        """A cell with something in it, or of a package's month."""
        of_package = self.bought and cell[1] == PACKAGE and cell[0] in self.bought.months
        pays = any(cell in line.pays for line in self.lines)
        return bool(of_package or pays or cell in self.decisions or self.metered(cell))

    def cells(self, month: date | None = None) -> list[Cell]:
        every = [(m, part) for m in self.months for part in (COMPUTE, PACKAGE)]
        return [c for c in every if month in (None, c[0]) and self.is_there(c)]

    def room(self, cell: Cell) -> int:
        closed = self.decisions[cell].closed if cell in self.decisions else 0
        return max(self.metered(cell) - self.invoiced(cell) - closed, 0)

    def match(self) -> None:
        """What is too much in an undecided cell is taken out, newest first; then all is laid."""
        for cell in self.cells():
            over = self.invoiced(cell) - self.metered(cell)
            for line in sorted(self.lines, key=lambda item: -item.serial):
                if cell not in self.decisions and over > 0 and line.pays.get(cell, 0) > 0:
                    back = min(over, line.pays[cell])
                    line.pays[cell] -= back
                    if not line.pays[cell]:
                        del line.pays[cell]
                    over -= back
        lines = [line for line in self.lines if line.open_fen > 0]
        for lay in (self._exact, self._own_month, self._package, self._carried, self._rest):
            for line in lines:
                lay(line)

    def is_package(self, line: Line) -> bool:
        """An invoice of exactly the package's price pays for the package alone."""
        bought = self.bought
        if bought is None or line.month not in bought.months:
            return False
        return line.printed_fen == bought.hours * bought.price

    def _pay(self, line: Line, cell: Cell, fen: int) -> None:
        if fen > 0:
            line.pays[cell] = line.pays.get(cell, 0) + fen

    def _fill(self, line: Line, cells: list[Cell]) -> None:
        for cell in cells:
            self._pay(line, cell, min(line.open_fen, self.room(cell)))

    def _exact(self, line: Line) -> None:
        if not self.is_package(line):
            fitting = [c for c in self.cells(line.month) if self.room(c) == line.open_fen]
            self._fill(line, fitting[:1])

    def _own_month(self, line: Line) -> None:
        if not self.is_package(line):
            self._fill(line, self.cells(line.month))

    def _package(self, line: Line) -> None:
        if self.bought and line.month in self.bought.months:
            first = self.bought.months[0] if self.is_package(line) else line.month
            self._fill(line, [(m, PACKAGE) for m in self.bought.months if m >= first])

    def _carried(self, line: Line) -> None:
        if not self.is_package(line):
            decisions = self.decisions
            before = [c for c in self.cells() if c[0] < line.month and c in decisions]
            self._fill(line, [c for c in before if decisions[c].carried])

    def _rest(self, line: Line) -> None:
        """What is too much stays in the last cell."""
        if self.is_package(line) and self.bought:
            self._pay(line, (self.bought.months[-1], PACKAGE), line.open_fen)
            return
        cells = {*self.cells(line.month), (line.month, COMPUTE)}  # the contract has its prices
        self._pay(line, min(cells, key=lambda c: (not self.metered(c), c)), line.open_fen)

    def move_excess(self) -> None:
        """What a decided month of the package was billed too much pays for its other months."""
        for line in sorted(self.lines, key=lambda item: -item.serial):
            for source in [c for c in line.pays if c[1] == PACKAGE and c in self.decisions]:
                months = self.bought.months if self.bought else []
                first = months[0] if self.is_package(line) else line.month
                for month in (m for m in months if m >= first and m != source[0]):
                    fen = min(self.excess(source, line), self.room((month, PACKAGE)))
                    self._pay(line, (month, PACKAGE), fen)
                    line.pays[source] -= max(fen, 0)

    def excess(self, cell: Cell, line: Line) -> int:
        """What a line pays of what is neither matched in a cell nor metered there."""
        decision = self.decisions[cell]
        stands = {
            key: max(min(fen, now.pays.get(cell, 0)), 0)
            for now in self.lines for key, fen in decision.rests_on.items() if key == id(now)
        }  # fmt: skip
        floor = max(decision.matched, self.metered(cell))
        beyond = min(sum(stands.values()) - decision.matched, self.invoiced(cell) - floor)
        return max(min(beyond, stands.get(id(line), 0)), 0)

    def red(self, line: Line, fen: int) -> None:
        """A red invoice takes back what is not laid yet, then evenly out of the line's cells."""
        back = max(fen - max(line.open_fen, 0), 0)
        line.fen -= fen
        whole = sum(line.pays.values())
        parts = {c: Fraction(back * paid, whole) for c, paid in line.pays.items()} if back else {}
        cut = {c: int(part) for c, part in parts.items()}
        by_rest = sorted(parts, key=lambda c: (cut[c] - parts[c], c))
        for cell in by_rest[: back - sum(cut.values())]:
            cut[cell] += 1
        for cell, less in cut.items():
            line.pays[cell] -= less

    # decided

    def decide(self, month: date) -> None:
        """Two persons decide a month, and what documents billed of carried ones before it."""
        later = [
            m for m in self.months
            if m < month and any(self._billed_since(c) for c in self.cells(m))
        ]  # fmt: skip
        for cell in [c for m in (month, *later) for c in self.cells(m)]:
            self._decide(cell)

    def _billed_since(self, cell: Cell) -> bool:
        decision = self.decisions.get(cell)
        return decision is not None and decision.carried and decision.invoiced < self.invoiced(cell)

    def _decide(self, cell: Cell) -> None:
        metered, invoiced = self.metered(cell), self.invoiced(cell)
        matched = max(min(metered, invoiced), 0)
        short = metered - matched
        rests_on = {id(line): line.pays[cell] for line in self.lines if line.pays.get(cell)}
        closed = short if short <= self.tolerance(cell) else 0
        was_carried = cell in self.decisions and self.decisions[cell].carried
        self.decisions[cell] = Decided(
            matched, closed, invoiced, was_carried or short > closed, matched, rests_on, {}, []
        )
        self._hold(cell, matched)

    def tolerance(self, cell: Cell) -> int:
        """A yuan for each document, or five in a thousand."""
        documents = {line.serial for line in self.lines if line.pays.get(cell)}
        return max(100 * max(len(documents), 1), self.metered(cell) * 5 // 1000)

    def counts_now(self, cell: Cell) -> int:
        """What counts of what was decided: still invoiced on those lines, and still metered."""
        decision = self.decisions[cell]
        now = {id(line): line.pays.get(cell, 0) for line in self.lines}
        stands = sum(max(min(fen, now[line]), 0) for line, fen in decision.rests_on.items())
        return max(min(decision.matched, stands, self.metered(cell)), 0)

    def held_by_books(self, cell: Cell) -> int:
        return self.decisions[cell].held_fen if cell in self.decisions else 0

    def falls(self, month: date) -> list[Cell]:
        """Of which cells less counts than the books hold, all of them or a version's days."""
        return [c for c in self.cells(month) if c in self.decisions and self.fall_fen(c)]

    def fall_fen(self, cell: Cell) -> int:
        """By how much less counts: of all, or of those versions that lost something."""
        decision = self.decisions[cell]
        return max(decision.held_fen - self.counts_now(cell), self.version_fall(cell))

    def version_fall(self, cell: Cell) -> int:
        """What versions hold and is no more metered on their days, though others' may have more."""
        decision = self.decisions[cell]
        if decision.terms != self.terms(cell[0]) or len(decision.shares) < 2:
            return 0
        now = self.by_version(cell, self.costs(cell))
        losses = [decision.shares[v] - fen for v, fen in now.items() if decision.shares[v] > fen]
        return max(sum(map(int, losses)), 1) if losses else 0

    def fall(self, month: date) -> None:
        """Two persons decide that it falls."""
        for cell in self.falls(month):
            self._hold(cell, self.counts_now(cell))

    def _hold(self, cell: Cell, fen: int) -> None:
        """The books come to rest on so much of a cell, and on the usage that is metered now."""
        decision = self.decisions[cell]
        decision.shares = self._by_usage(cell, fen)
        decision.held_fen, decision.terms = fen, self.terms(cell[0])

    def _rise(self, cell: Cell, fen: int) -> None:
        """More counts again: it comes on top of what each version's days hold."""
        decision = self.decisions[cell]
        if decision.terms != self.terms(cell[0]):
            self._hold(cell, fen)
            return
        now = self.by_version(cell, self.costs(cell))
        rooms = {version: cost - decision.shares[version] for version, cost in now.items()}
        whole, more = sum(rooms.values()), fen - decision.held_fen
        decision.shares = {v: decision.shares[v] + more * room / whole for v, room in rooms.items()}
        decision.held_fen = fen

    def _by_usage(self, cell: Cell, fen: int) -> dict[Version, Fraction]:
        """So much of a cell, shared by what is metered now."""
        usage = self.by_version(cell, self.costs(cell))
        whole = sum(usage.values())
        return {
            version: Fraction(fen * cost, whole) if whole else Fraction(fen, len(usage))
            for version, cost in usage.items()
        }

    # earned

    def held_by_version(self, cell: Cell) -> dict[Version, Fraction]:
        """What the books hold of each version's days."""
        decision = self.decisions.get(cell)
        return decision.shares if decision else self._by_usage(cell, 0)

    def settle(self) -> None:
        """The books follow: what counts rises by itself, and what was paid too much is owed.

        Where two persons have just changed the days of versions, what is held is shared anew.
        """
        self.move_excess()
        for cell, decision in self.decisions.items():
            if decision.terms != self.terms(cell[0]):
                self._hold(cell, decision.held_fen)
            if decision.held_fen < self.counts_now(cell) and not self.version_fall(cell):
                self._rise(cell, self.counts_now(cell))
        due = self.earnings()[0] - self.sent_fen - self.paid
        set_off, recall = min(max(due, 0), self.recoverable), min(max(-due, 0), self.paid)
        self.paid += set_off - recall
        self.recoverable -= set_off - recall
        self.lapsed += set_off if self.fraud else 0
        self.fraud = self.fraud and self.recoverable > 0

    def earnings(self) -> tuple[int, int]:
        """What is earned, and what with what may still be; under the cap, rounded once each."""
        earned_fen = more = Fraction(0)
        for month in self.months:
            of_month = [self._of_cell(cell) for cell in self.cells(month)]
            earned_month = sum((fen for fen, _, _ in of_month), Fraction(0))
            promise = earned_month + sum((fen for _, fen, _ in of_month), Fraction(0))
            # Nobody is promised more for a month than it cost.
            cost = Fraction(sum(fen for _, _, fen in of_month))
            earned_fen += earned_month
            more += max(min(promise, cost) - earned_month, Fraction(0))
        room = self.cap - self.lapsed - (self.recoverable if self.fraud else 0)
        whole, with_more = (int(fen + Fraction(1, 2)) for fen in (earned_fen, earned_fen + more))
        return min(whole, room), min(with_more, room)

    def _of_cell(self, cell: Cell) -> tuple[Fraction, Fraction, int]:
        """What a cell earns, what may still be, and what it cost on days that earn."""
        closed = self.decisions[cell].closed if cell in self.decisions else 0
        by_version = self.held_by_version(cell)
        metered = self.by_version(cell, self.costs(cell))
        rooms = {v: max(fen - by_version[v], Fraction(0)) for v, fen in metered.items()}
        open_fen = max(self.metered(cell) - self.held_by_books(cell) - closed, 0)
        earned_fen, more, whole_room = Fraction(0), Fraction(0), sum(rooms.values(), Fraction(0))
        for version, fen in by_version.items():
            earned_fen += version[1] * fen
            if whole_room:
                more += version[1] * rooms[version] * open_fen / whole_room
        return earned_fen, more, sum(fen for version, fen in metered.items() if version[0])

    def earned_whole(self, *, counts: bool = False) -> int:
        """What is earned, as if there were no cap; or would be, if all that falls had fallen."""
        earned_fen = sum(self.earned_by_month(counts=counts).values(), Fraction(0))
        return int(earned_fen + Fraction(1, 2))

    def earned_by_month(self, *, counts: bool) -> dict[date, Fraction]:
        """What each month earns; with `counts`, if all that falls had fallen."""
        by_month = dict.fromkeys(self.months, Fraction(0))
        for cell in self.cells():
            by_version = self.held_by_version(cell)
            if counts and cell in self.decisions and self.fall_fen(cell):
                by_version = self._by_usage(cell, self.counts_now(cell))
            by_month[cell[0]] += sum((v[1] * fen for v, fen in by_version.items()), Fraction(0))
        return by_month

    def money(self) -> dict[str, int]:
        """The balances of the voucher."""
        earned_fen, with_more = self.earnings()
        payable = max(earned_fen - self.sent_fen - self.paid, 0)
        room = self.cap - self.lapsed - payable - self.sent_fen - self.paid - self.recoverable
        amounts = {
            "accrued": min(with_more - earned_fen, room),
            "payable": payable,
            "sent": self.sent_fen,
            "paid": self.paid,
            "recoverable": self.recoverable,
            "lapsed": self.lapsed,
        }
        return {role: fen for role, fen in amounts.items() if fen}

    def lapse(self) -> None:
        """What is not used lapses."""
        self.lapsed += self.cap - sum(self.money().values())
