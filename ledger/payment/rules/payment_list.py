"""Rules of payment: a list's content, its moves, and what a bank's row does to a line.

A payout has two sides: the voucher, which owes it (待兑付), and a year's budget indicator, which
has the money. A list and the bank's answer move both at once: paid in both, or owed and free again.
A line may be paid in part and returned in part; the claim is done when all is paid, and waits again
when nothing is on its way and something is still owed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from ledger.accounts.rules.targets import Move
from ledger.errors import Finding
from ledger.formats.capital_amounts import in_words
from ledger.payment.codes import LineResult
from ledger.units import Fen, yuan

Place = tuple[str, int]  # the number of a list, and a line of it


@dataclass(frozen=True)
class Payout:
    """A line of a list as confirmed: claim, payee, account, amount."""

    line: int
    claim: str
    payee: str
    uscc: str
    bank: str
    bank_code: str
    account: str
    fen: Fen


@dataclass(frozen=True)
class LineState:
    """The state of a sent line in the books."""

    sent_on: date
    fen: Fen
    paid_fen: Fen = 0
    returned_fen: Fen = 0

    @property
    def open_fen(self) -> Fen:
        """What the bank has not answered."""
        return self.fen - self.paid_fen - self.returned_fen

    def after(self, result: LineResult, fen: Fen) -> "LineState":
        """Return the line after the bank's row."""
        paid, returned_fen = (fen, 0) if result == "paid" else (0, fen)
        return LineState(
            self.sent_on, self.fen, self.paid_fen + paid, self.returned_fen + returned_fen
        )


@dataclass(frozen=True)
class BankRow:
    """A bank's row about a line, under its own reference; `where` is its row in the file."""

    where: str
    reference: str
    list: str
    line: int
    result: LineResult
    fen: Fen
    on_day: date
    reason: str


def list_content(
    number: str, indicator: str, year: int, payouts: Sequence[Payout]
) -> dict[str, Any]:
    """Return a list's content, whose digest is confirmed."""
    total = sum(payout.fen for payout in payouts)
    return {
        "number": number,
        "indicator": indicator,
        "year": year,
        "total_fen": total,
        "words": in_words(total),
        "lines": [asdict(payout) for payout in payouts],
    }


def cover(dues: Iterable[Fen], free: Mapping[str, Fen]) -> list[str | None]:
    """Return the indicator for each payable, oldest first; None from the first uncovered one.

    Nobody is overtaken: where the money does not reach for one, it waits, and so do all after it.
    """
    remaining = dict(free)
    names: list[str | None] = []
    for due in dues:
        waits = bool(names) and names[-1] is None
        indicator_name = (
            None if waits else next((name for name, fen in remaining.items() if fen >= due), None)
        )
        if indicator_name is not None:
            remaining[indicator_name] -= due
        names.append(indicator_name)
    return names


def listed(fen: Fen) -> tuple[Move, Move]:
    """Return the moves of listing: S → B of the voucher, free → committed of the indicator."""
    return Move("list", "payable", "sent", fen), Move("commit", "free", "committed", fen)


def answer_moves(result: LineResult, fen: Fen) -> tuple[Move, Move]:
    """Return the moves of paid (B → P, committed → spent), or returned (B → S, → free)."""
    if result == "paid":
        return Move("pay", "sent", "paid", fen), Move("spend", "committed", "spent", fen)
    return Move("bounce", "sent", "payable", fen), Move("uncommit", "committed", "free", fen)


def refund_moves(fen: Fen, *, fraud: bool, to_treasury: bool) -> tuple[Move, Move]:
    """Return the moves of a refund: X → A, or X → L for fraud; spent → free, or returned."""
    voucher = "forfeit", "recoverable", "lapsed"
    if not fraud:
        voucher = "refund", "recoverable", "available"
    budget = ("remit", "spent", "returned") if to_treasury else ("unspend", "spent", "free")
    return Move(*voucher, fen), Move(*budget, fen)


def outcome(claim_fen: Fen, paid_fen: Fen, open_fen: Fen) -> Literal["pay", "bounce"] | None:
    """Return what becomes of a listed claim: done, queued again, or still on its way."""
    if paid_fen == claim_fen:
        return "pay"
    return None if open_fen else "bounce"


def settle(
    states: Mapping[Place, LineState],
    known_references: frozenset[str],
    rows: Sequence[BankRow],
    today: date,
) -> tuple[dict[Place, LineState], list[Finding]]:
    """Apply the rows of a file to the lines, or return every fault of the file.

    Args:
        states: the lines that were sent, of all lists that the file names.
        known_references: the references that were booked before.
        rows: the file's rows, in their order.
        today: the day of the import.
    """
    after, references, findings = dict(states), dict[str, str](), list[Finding]()
    for row in rows:
        line = after.get((row.list, row.line))
        fault = _fault(row, line, known_references, references, today)
        references.setdefault(row.reference, row.where)
        if fault:
            findings.append(fault)
        elif line is not None:
            after[row.list, row.line] = line.after(row.result, row.fen)
    return after, findings


def _fault(
    row: BankRow,
    line: LineState | None,
    known_references: frozenset[str],
    references: Mapping[str, str],
    today: date,
) -> Finding | None:
    """Return the first fault of a row."""
    if row.reference in known_references:
        return Finding(row.where, "reference_known", (("reference", row.reference),))
    if row.reference in references:
        return Finding(row.where, "reference_twice", (("first", references[row.reference]),))
    if line is None:
        params = (("list", row.list), ("line", str(row.line)))
        return Finding(row.where, "unknown_line", params)
    if not line.sent_on <= row.on_day <= today:
        days = (("first", str(line.sent_on)), ("last", str(today)))
        return Finding(row.where, "day_outside", days)
    if row.fen > line.open_fen:
        return Finding(row.where, "beyond_open", (("open", yuan(line.open_fen)),))
    return None
