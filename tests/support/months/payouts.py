"""What becomes of claims, lists and the bank's rows, in plain arithmetic: a specification.

As the oracle of the months it uses none of the rules: a line of a list is so many fen on their
way, paid, returned, paid beyond what was owed, or outside the books; each row that holds moves
some of them, and so the voucher's money. One indicator pays all, or two their shares of each claim.
What was deducted at the centre's counter is kept for the centre. Fen everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.support.months.counter import Counter
from tests.support.months.oracle import MonthOracle

DONE = ("refused", "withdrawn", "paid")


@dataclass
class ListLine:
    """A claim's part of a list that went to the bank."""

    list: str
    number: int
    fen: int
    indicator: str
    paid_fen: int = 0
    returned_fen: int = 0
    over_fen: int = 0
    outside_fen: int = 0

    @property
    def open_fen(self) -> int:
        return self.fen - self.paid_fen - self.returned_fen


@dataclass
class Row:
    """A row of the bank, and what it changed: paid, returned, over, outside."""

    key: tuple[str, ListLine, str, int]  # reference, line, result, fen
    state: str
    change: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def line(self) -> ListLine:
        return self.key[1]


@dataclass
class ClaimState:
    """A claim: what is to be paid of it, its state, and its lines."""

    number: str
    due: int
    state: str = "published"
    of_centre: bool = False  # for what was deducted at its counter
    kept_at_first: int = 0  # for the centre, when it was made
    lines: list[ListLine] = field(default_factory=list)
    earned_at_first: dict[date, Fraction] = field(
        default_factory=dict
    )  # by month, when it was made

    @property
    def paid_fen(self) -> int:
        return sum(line.paid_fen for line in self.lines)

    @property
    def open_fen(self) -> int:
        return sum(line.open_fen for line in self.lines)

    @property
    def due_left_fen(self) -> int:
        """What is neither paid nor on its way."""
        return self.due - self.paid_fen - self.open_fen


def divide(fen: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Each one's part: the whole fen of it, and one more for those who lose most by that."""
    exact = {
        name: Fraction(fen * weight, sum(weights.values())) for name, weight in weights.items()
    }
    parts = {name: int(part) for name, part in exact.items()}
    names = list(weights)
    by_loss = sorted(names, key=lambda name: (parts[name] - exact[name], names.index(name)))
    return {name: parts[name] + (name in by_loss[: fen - sum(parts.values())]) for name in names}


class Payouts:
    """All claims of the oracle's voucher, in the order of their approval, and the bank's rows.

    `weights` are the shares of the indicators that pay; of one alone it does not matter which.
    """

    def __init__(self, oracle: MonthOracle, weights: Mapping[str, int]) -> None:
        self.oracle, self.weights, self.counter = oracle, weights, Counter()
        self.claims: list[ClaimState] = []
        self.rows: list[Row] = []
        self.unsent: list[tuple[ClaimState, int]] = []  # on a list that nobody confirmed yet
        self.unsent_of = ""  # its indicator
        self.refunds = dict.fromkeys(weights, 0)

    # claimed

    def promised_fen(self, *states: str, besides: ClaimState | None = None) -> int:
        """What claims still ask for: all that are not over, or those in these states."""
        return sum(
            claim.due - claim.paid_fen
            for claim in self.claims
            if claim is not besides
            and (claim.state in states if states else claim.state not in DONE)
        )

    def kept_fen(self, *, counts: bool = False, besides: ClaimState | None = None) -> int:
        """What the centre may still claim of what was deducted; with `counts`, of what counts."""
        redeemed_fen = sum(
            claim.due
            for claim in self.claims
            if claim.of_centre and claim is not besides
            and claim.state not in ("refused", "withdrawn")
        )  # fmt: skip
        return max(self.counter.fen(counts=counts) - redeemed_fen, 0)

    def most_fen(self, *, of_centre: bool = False, besides: ClaimState | None = None) -> int:
        """What is payable or on its way, and neither asked for nor kept for the centre."""
        kept_fen = 0 if of_centre else self.kept_fen(besides=besides)
        payable = self.oracle.money().get("payable", 0) + self.oracle.sent_fen
        return payable - self.promised_fen(besides=besides) - kept_fen

    def claimable(self, *, of_centre: bool = False) -> int:
        """What may still be claimed in all."""
        oracle = self.oracle
        payable = oracle.money().get("payable", 0)
        drawn_fen = sum(
            c.paid_fen if c.state in ("refused", "withdrawn") else c.due for c in self.claims
        )
        came_back = max(self.paid_lines() - oracle.paid - oracle.recoverable, 0)
        earned_fen = min(oracle.earned_whole(), payable + oracle.sent_fen + oracle.paid)
        most_fen = self.most_fen(of_centre=of_centre)
        return max(min(earned_fen - drawn_fen + came_back, most_fen), 0)

    def redeemable(self) -> int:
        """What the centre may still claim."""
        return min(self.claimable(of_centre=True), self.kept_fen(counts=True))

    def paid_lines(self) -> int:
        return sum(claim.paid_fen for claim in self.claims)

    def is_earned(self, claim: ClaimState, fen: int) -> bool:
        """Whether `fen` may be accepted_fen or approved of a claim: of what counts today."""
        oracle = self.oracle
        award = min(oracle.earned_whole(counts=True), oracle.cap)
        accepted_fen = (
            self.promised_fen("published", "approved", "listed", besides=claim) - oracle.sent_fen
        )
        by_formula = award - oracle.sent_fen - oracle.paid - oracle.recoverable - accepted_fen
        return fen <= min(by_formula, oracle.money().get("payable", 0) - accepted_fen)

    def is_within(self, claim: ClaimState, fen: int) -> bool:
        """Whether nothing that is kept for others, or for the centre itself, is in the way."""
        kept_fen = self.kept_fen(counts=True, besides=claim) if claim.of_centre else fen
        return fen <= min(self.most_fen(of_centre=claim.of_centre, besides=claim), kept_fen)

    def lost_something(self, claim: ClaimState) -> bool:
        """Whether a month earns less, of what counts, than when the claim was made."""
        now = self.oracle.earned_by_month(counts=True)
        return any(now[month] < fen for month, fen in claim.earned_at_first.items())

    # listed

    def contradicts(self, claim: ClaimState) -> bool:
        return any(row.state == "open" and row.line in claim.lines for row in self.rows)

    def payables(self, on_list: Iterable[ClaimState] = ()) -> list[ClaimState]:
        """The claims that may be listed, the oldest first; what is on another list is drawn."""
        on_this = list(on_list)
        oracle = self.oracle
        on_others_fen = sum(fen for claim, fen in self.unsent if claim not in on_this)
        owed_fen = oracle.money().get("payable", 0) - oracle.recoverable - on_others_fen
        ready = []
        for claim in self.claims:
            on_others = sum(fen for c, fen in self.unsent if c is claim and c not in on_this)
            due = claim.due_left_fen - on_others
            waits = claim.state in ("approved", "listed") and due > 0
            waits = waits and (not on_this or claim in on_this) and owed_fen >= due
            if waits and not self.contradicts(claim):
                owed_fen -= due
                ready.append(claim)
        return ready

    def to_list(self, indicator: str) -> list[tuple[ClaimState, int]]:
        """What a list of this indicator would pay of each claim: all, or its share of it."""
        parts = [(c, min(self.share_left(c, indicator), c.due_left_fen)) for c in self.payables()]
        return [(claim, fen) for claim, fen in parts if fen > 0]

    def share_left(self, claim: ClaimState, indicator: str) -> int:
        """What is left to an indicator of its share of a claim."""
        of_it = [line for line in claim.lines if line.indicator == indicator]
        drawn_fen = sum(line.fen - line.returned_fen for line in of_it)
        return divide(claim.due, self.weights)[indicator] - drawn_fen

    def may_send(self) -> bool:
        """Whether the list that waits is still right."""
        on_list = [claim for claim, _ in self.unsent]
        ready = self.payables(on_list)
        return all(claim in ready and claim.due_left_fen >= fen for claim, fen in self.unsent)

    def send(self, number: str) -> None:
        """Two persons sent the list that waits."""
        for place, (claim, fen) in enumerate(self.unsent, start=1):
            claim.lines.append(ListLine(number, place, fen, self.unsent_of))
            claim.state = "listed"
            self.oracle.sent_fen += fen
        self.unsent = []

    # at the bank

    def claim_of(self, line: ListLine) -> ClaimState:
        return next(claim for claim in self.claims if line in claim.lines)

    def lines(self) -> list[ListLine]:
        return [line for claim in self.claims for line in claim.lines]

    def receive(self, key: tuple[str, ListLine, str, int]) -> str:
        """A row comes: `repeat`, `plain` or `contrary`."""
        reference, line, result, fen = key
        if any(row.key == key and row.state not in ("rejected", "undone") for row in self.rows):
            return "repeat"
        is_used = any(row.key[0] == reference for row in self.rows)
        if result == "成功" and not is_used and fen <= line.open_fen:
            self.rows.append(Row(key, "booked", (fen, 0, 0, 0)))
            self._apply(line, (fen, 0, 0, 0))
            self.oracle.sent_fen -= fen
            self.oracle.paid += fen
            self._settle(line)
            return "plain"
        self.rows.append(Row(key, "open"))
        return "contrary"

    def refuses(self, row: Row, ruling: str, *, recalled: bool) -> str:
        """Why two persons cannot decide so; or nothing."""
        if ruling == "undo":
            return "" if self._undoable(row) else "not_undoable"
        if ruling == "accept" and self._called_back(row) and not recalled:
            return "claim_at_bank"
        return ""

    def rule(self, row: Row, ruling: str) -> None:
        """Two persons decided a row."""
        _, line, result, fen = row.key
        row.state = {"accept": "accepted", "reject": "rejected", "undo": "undone"}[ruling]
        if ruling == "accept" and result == "成功":
            owed_fen = self.oracle.money().get("payable", 0)
            for other_line in self._called_back(row):
                owed_fen += other_line.open_fen
                self.oracle.sent_fen -= other_line.open_fen
                other_line.returned_fen += other_line.open_fen
            row.change = self._late_payment(line, fen, owed_fen)
        elif ruling == "accept":
            row.change = self._take_back(line, fen)
        elif ruling == "undo":
            self._undo(row)
        if ruling != "reject":
            self._settle(line)

    def _called_back(self, row: Row) -> list[ListLine]:
        """Lines of the claim and the indicator that must not be paid as well, the newest first."""
        _, line, result, fen = row.key
        claim = self.claim_of(line)
        late = min(max(fen - line.open_fen, 0), line.returned_fen) if result == "成功" else 0
        left_fen = min(claim.due_left_fen, self.share_left(claim, line.indicator))
        missing, lines = late - left_fen, []
        for other_line in reversed(claim.lines):
            is_alike = other_line is not line and other_line.indicator == line.indicator
            if is_alike and other_line.open_fen and missing > 0:
                lines.append(other_line)
                missing -= other_line.open_fen
        return lines

    def _late_payment(self, line: ListLine, fen: int, owed_fen: int) -> tuple[int, int, int, int]:
        """What was on its way, then what had come back and is owed_fen, then too much."""
        oracle, claim = self.oracle, self.claim_of(line)
        still = max(min(claim.due_left_fen, self.share_left(claim, line.indicator)), 0)
        on_its_way = min(fen, line.open_fen)
        late = min(fen - on_its_way, line.returned_fen, still, owed_fen)
        unused_fen = (
            oracle.cap
            - oracle.lapsed
            - oracle.sent_fen
            - oracle.paid
            - oracle.recoverable
            - owed_fen
        )
        over = min(fen - on_its_way - late, unused_fen)
        oracle.sent_fen -= on_its_way
        oracle.paid += on_its_way + late
        oracle.recoverable += over
        change = (on_its_way + late, -late, over, fen - on_its_way - late - over)
        self._apply(line, change)
        return change

    def _take_back(self, line: ListLine, fen: int) -> tuple[int, int, int, int]:
        """From outside the books, then from what was on its way, then money that was paid."""
        oracle = self.oracle
        outside = min(fen, max(line.outside_fen, 0))
        bounced_fen = min(fen - outside, line.open_fen)
        rest = fen - outside - bounced_fen
        cash = min(
            rest, line.over_fen + line.paid_fen, self.net(line.indicator),
            oracle.paid + oracle.recoverable,
        )  # fmt: skip
        over = min(cash, line.over_fen)
        oracle.sent_fen -= bounced_fen
        self._came_back(cash)
        change = (over - cash, bounced_fen + cash - over, -over, -outside - (rest - cash))
        self._apply(line, change)
        return change

    def _undoable(self, row: Row) -> bool:
        paid_fen, _, over_fen, _ = row.change
        in_books = min(self.net(row.line.indicator), self.oracle.paid + self.oracle.recoverable)
        return (
            row.line.paid_fen >= paid_fen
            and row.line.over_fen >= over_fen
            and paid_fen + over_fen <= in_books
        )

    def _undo(self, row: Row) -> None:
        """What was on its way is so again; what had come back is owed_fen again."""
        oracle, (paid_fen, returned_fen, over_fen, outside_fen) = self.oracle, row.change
        again_fen = paid_fen + returned_fen
        from_paid = min(again_fen, oracle.paid)
        oracle.paid -= from_paid
        oracle.recoverable -= again_fen - from_paid
        oracle.sent_fen += again_fen
        self._came_back(over_fen - returned_fen)
        self._apply(row.line, (-paid_fen, -returned_fen, -over_fen, -outside_fen))

    def net(self, indicator: str) -> int:
        """What an indicator paid and has not got back."""
        of_it = [line for line in self.lines() if line.indicator == indicator]
        return sum(line.paid_fen + line.over_fen for line in of_it) - self.refunds[indicator]

    def _came_back(self, cash: int) -> None:
        """Money is here again: first what was to be paid back, then what was paid."""
        oracle = self.oracle
        owed_fen = min(cash, oracle.recoverable)
        oracle.recoverable -= owed_fen
        oracle.lapsed += owed_fen if oracle.fraud else 0
        oracle.paid -= cash - owed_fen

    def refund_parts(self, fen: int) -> dict[str, int]:
        """What each gets back of money, so that what remains is in the shares; none: too much."""
        nets = {name: self.net(name) for name in self.weights}
        if fen > sum(nets.values()):
            return {}
        fair = divide(sum(nets.values()) - fen, self.weights)
        parts = divide(fen, {name: max(net - fair[name], 0) for name, net in nets.items()})
        return {name: part for name, part in parts.items() if part}

    def refund(self, parts: Mapping[str, int]) -> None:
        """Money to be paid back came back outside the lists."""
        for name, fen in parts.items():
            self.refunds[name] += fen
            self.oracle.recoverable -= fen
            self.oracle.lapsed += fen if self.oracle.fraud else 0

    @staticmethod
    def _apply(line: ListLine, change: tuple[int, int, int, int]) -> None:
        paid_fen, returned_fen, over_fen, outside_fen = change
        line.paid_fen += paid_fen
        line.returned_fen += returned_fen
        line.over_fen += over_fen
        line.outside_fen += outside_fen

    def _settle(self, line: ListLine) -> None:
        """A claim is paid when all of it is; else on its way, or waiting to be on_this."""
        claim = self.claim_of(line)
        if claim.paid_fen >= claim.due:
            claim.state = "paid"
        elif claim.open_fen:
            claim.state = "listed"
        elif claim.state != "refused":
            claim.state = "approved"
