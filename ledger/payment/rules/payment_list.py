"""Rules of payment: a list's content, its moves, and what a bank's row does to a line.

A payout has two sides: the voucher, which owes it (待兑付), and a year's budget indicator, which
has the money. A list and the bank's answer move both at once: paid in both, or owed and free again.
A line may be paid in part and returned in part; the claim is done when all is paid, and waits again
when nothing is on its way and something is still owed. What contradicts that is decided by two
persons: `bank_reversal.py`.
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
RowKey = tuple[str, str, int, str, Fen, date]  # reference, list, line, result, fen, day


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
    """The state of a sent line in the books, fen.

    `over_fen` was paid beyond what was owed and is to be recovered; `outside_fen` is what the bank
    paid beyond what the books can hold, or (below zero) took back beyond what they know.
    """

    sent_on: date
    fen: Fen
    paid_fen: Fen = 0
    returned_fen: Fen = 0
    over_fen: Fen = 0
    outside_fen: Fen = 0

    @property
    def open_fen(self) -> Fen:
        """What the bank has not answered."""
        return self.fen - self.paid_fen - self.returned_fen


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

    @property
    def key(self) -> RowKey:
        """What the row says, apart from its reason."""
        return self.reference, self.list, self.line, self.result, self.fen, self.on_day


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


def cover(
    ways: Iterable[Iterable[Mapping[str, Fen]]], free: Mapping[str, Fen]
) -> list[Mapping[str, Fen] | None]:
    """Return what each indicator pays of each payable, oldest first; None from the first uncovered.

    Nobody is overtaken: where the money does not reach for one, it waits, and so do all after it.

    Args:
        ways: how each payable may be paid: by one indicator, or by several in their shares; a way
            without parts is none.
        free: what each indicator has.
    """
    remaining = dict(free)
    covers: list[Mapping[str, Fen] | None] = []
    for of_payable in ways:
        waits = bool(covers) and covers[-1] is None
        parts = None if waits else next((w for w in of_payable if _reaches(w, remaining)), None)
        for name, fen in (parts or {}).items():
            remaining[name] -= fen
        covers.append(parts)
    return covers


def _reaches(parts: Mapping[str, Fen], free: Mapping[str, Fen]) -> bool:
    return bool(parts) and all(free[name] >= fen for name, fen in parts.items())


def split(due: Fen, free: Mapping[str, Fen]) -> dict[str, Fen]:
    """Return how several indicators pay one payable between them; nothing where all are short."""
    parts = dict[str, Fen]()
    for name, fen in free.items():
        part = min(due - sum(parts.values()), fen)
        if part > 0:
            parts[name] = part
    return parts if sum(parts.values()) == due else {}


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


def outcome(
    state: str, due_fen: Fen, paid_fen: Fen, open_fen: Fen
) -> Literal["pay", "bounce", "reopen"] | None:
    """Return what becomes of a claim at the bank, or None where it stays as it is.

    Args:
        state: of the claim.
        due_fen: what is to be paid of it in all.
        paid_fen: what was, over all its lines.
        open_fen: what is on its way.
    """
    if paid_fen >= due_fen:
        return None if state == "paid" else "pay"
    if open_fen:
        return None if state == "listed" else "reopen"
    return None if state in ("approved", "refused") else "bounce"


@dataclass(frozen=True)
class EarlierRows:
    """Earlier rows: every reference that was used, and the rows that were not found false."""

    references: frozenset[str] = frozenset()
    rows: frozenset[RowKey] = frozenset()


@dataclass(frozen=True)
class SortedRows:
    """The rows of a file: plain payments, those that contradict, and those that were known."""

    plain: Sequence[BankRow]
    contrary: Sequence[BankRow]
    repeats: Sequence[BankRow]


def sort_rows(
    states: Mapping[Place, LineState],
    earlier: EarlierRows,
    rows: Sequence[BankRow],
    today: date,
) -> tuple[SortedRows, list[Finding]]:
    """Sort the rows of a file, or return every fault of it.

    A plain row pays what is on its way, under a reference that no other row ever had. A row that
    was received before, word for word, is known. Every other row contradicts what is booked, and
    is for two persons to decide.

    Args:
        states: the lines that were sent, of all lists that the file names.
        earlier: what was received before under the references of the file.
        rows: the file's rows, in their order.
        today: the day of the import.
    """
    plain, contrary, repeats = list[BankRow](), list[BankRow](), list[BankRow]()
    open_fen = {place: state.open_fen for place, state in states.items()}
    references = set(earlier.references)
    first_rows, findings = dict[RowKey, str](), list[Finding]()
    for row in rows:
        fault = _fault(row, states.get((row.list, row.line)), first_rows, today)
        if fault:
            findings.append(fault)
        elif row.key in earlier.rows:
            repeats.append(row)
        elif (
            row.result == LineResult.PAID
            and row.reference not in references
            and row.fen <= open_fen[row.list, row.line]
        ):
            plain.append(row)
            open_fen[row.list, row.line] -= row.fen
        else:
            contrary.append(row)
        first_rows.setdefault(row.key, row.where)
        references.add(row.reference)
    return SortedRows(plain, contrary, repeats), findings


def compare(totals: Mapping[str, tuple[int, Fen]], rows: Sequence[BankRow]) -> list[Finding]:
    """Compare a file with the lists that it names: rows that are missing, a sum that differs.

    Args:
        totals: the number of lines and the sum of each list.
        rows: the file's rows.
    """
    findings = list[Finding]()
    for number, (lines, fen) in totals.items():
        of_list = [row for row in rows if row.list == number]
        lines_told = len({row.line for row in of_list})
        file_fen = sum(row.fen for row in of_list)
        if lines_told < lines:
            params = (("list", number), ("rows", str(lines_told)), ("lines", str(lines)))
            findings.append(Finding(number, "return_rows_missing", params))
        if file_fen != fen:
            sums = (("list", number), ("file", yuan(file_fen)), ("sent", yuan(fen)))
            findings.append(Finding(number, "return_sum_differs", sums))
    return findings


def _fault(
    row: BankRow, line: LineState | None, first_rows: Mapping[RowKey, str], today: date
) -> Finding | None:
    """Return the first fault of a row: it can be about nothing that was sent."""
    if row.key in first_rows:
        return Finding(row.where, "reference_twice", (("first", first_rows[row.key]),))
    if line is None:
        params = (("list", row.list), ("line", str(row.line)))
        return Finding(row.where, "unknown_line", params)
    if not line.sent_on <= row.on_day <= today:
        days = (("first", str(line.sent_on)), ("last", str(today)))
        return Finding(row.where, "day_outside", days)
    return None
