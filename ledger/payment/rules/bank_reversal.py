"""What a decision about a bank's row does to its line and to the books.

A row that contradicts what is booked is accepted, rejected, or what was booked is undone. The books
then follow by legal moves, and no floor is broken: what is owed is paid from 待兑付, what the bank
paid beyond it is taken from what the voucher has left and is to be recovered, and what even the cap
cannot hold stays outside the books, with its line. So for every line what the bank paid, less what
it took back, is paid + over + outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.accounts.rules.targets import Move, Rights
from ledger.payment.codes import LineResult
from ledger.payment.rules.payment_list import LineState
from ledger.units import Fen


@dataclass(frozen=True)
class Standing:
    """What a ruling meets, fen.

    `claim_left_fen` is what is owed of the claim, neither paid nor on its way on any line;
    `net_fen` is what the indicator paid under the voucher and has not got back.
    """

    line: LineState
    claim_left_fen: Fen
    rights: Rights
    budget: Mapping[str, Fen]
    net_fen: Fen
    fraud: bool = False  # an open recovery says so: what comes back lapses
    to_treasury: bool = False  # the indicator's year is over


@dataclass(frozen=True)
class Change:
    """What a ruling adds to its line, signed fen, and the moves of the two books."""

    paid_fen: Fen = 0
    returned_fen: Fen = 0
    over_fen: Fen = 0
    outside_fen: Fen = 0
    voucher: Sequence[Move] = field(default=())
    budget: Sequence[Move] = field(default=())
    missing_fen: Fen = 0  # what the indicator lacks to have paid it


@dataclass(frozen=True)
class RowChange:
    """What a booked row added to its line, signed fen."""

    paid_fen: Fen
    returned_fen: Fen
    over_fen: Fen
    outside_fen: Fen


def accept(at: Standing, result: LineResult, fen: Fen) -> Change:
    """Return the change by a row that holds: the bank paid, or returned, `fen`."""
    return _pay_out(at, fen) if result == LineResult.PAID else _give_back(at, fen)


def undo(at: Standing, row: RowChange) -> Change | None:
    """Return the change by a booked payment that never was; None if it came back meanwhile.

    What was on its way when it was booked is on its way again; what had been returned is owed.
    """
    paid_again, late = row.paid_fen + row.returned_fen, -row.returned_fen
    cash = row.paid_fen + row.over_fen
    if (
        at.line.paid_fen < row.paid_fen
        or at.line.over_fen < row.over_fen
        or cash > min(at.net_fen, at.rights.paid + at.rights.recoverable)
    ):
        return None
    from_paid = min(paid_again, at.rights.paid)
    rest = _back(at, late + row.over_fen, from_paid, paid_again - from_paid)
    return Change(
        paid_fen=-row.paid_fen,
        returned_fen=late,
        over_fen=-row.over_fen,
        outside_fen=-row.outside_fen,
        voucher=_moves(
            Move("unpay", "paid", "sent", from_paid),
            Move("unpay", "recoverable", "sent", paid_again - from_paid),
            *rest,
        ),
        budget=_moves(
            Move("reopen", "spent", "committed", paid_again),
            _got_back(late + row.over_fen, to_treasury=at.to_treasury),
        ),
    )


def _pay_out(at: Standing, fen: Fen) -> Change:
    """Return the change by a payment: on its way, then returned and owed, then beyond."""
    line, rights = at.line, at.rights
    on_its_way = min(fen, line.open_fen)
    late = min(fen - on_its_way, line.returned_fen, max(at.claim_left_fen, 0), rights.payable)
    beyond = fen - on_its_way - late
    over = min(beyond, rights.available + rights.reserved + rights.accrued)
    short = max(over - rights.available, 0)  # to be freed first
    from_reserved = min(short, rights.reserved)
    from_free = min(late + over, at.budget["free"])
    from_returned = min(late + over - from_free, at.budget["returned"])
    return Change(
        paid_fen=on_its_way + late,
        returned_fen=-late,
        over_fen=over,
        outside_fen=beyond - over,
        voucher=_moves(
            Move("pay", "sent", "paid", on_its_way),
            Move("late", "payable", "paid", late),
            Move("release", "reserved", "available", from_reserved),
            Move("unaccrue", "accrued", "available", short - from_reserved),
            Move("overpay", "available", "recoverable", over),
        ),
        budget=_moves(
            Move("spend", "committed", "spent", on_its_way),
            Move("late_spend", "free", "spent", from_free),
            Move("late_spend", "returned", "spent", from_returned),
        ),
        missing_fen=late + over - from_free - from_returned,
    )


def _give_back(at: Standing, fen: Fen) -> Change:
    """Return the change by money that came back: from outside, on its way, over, then paid."""
    line = at.line
    outside = min(fen, max(line.outside_fen, 0))
    bounced = min(fen - outside, line.open_fen)
    rest = fen - outside - bounced
    cash = min(
        rest,
        line.over_fen + line.paid_fen,
        at.net_fen,
        at.rights.paid + at.rights.recoverable,
    )
    over = min(cash, line.over_fen)
    return Change(
        paid_fen=over - cash,
        returned_fen=bounced + cash - over,
        over_fen=-over,
        outside_fen=-outside - (rest - cash),
        voucher=_moves(Move("bounce", "sent", "payable", bounced), *_back(at, cash)),
        budget=_moves(
            Move("uncommit", "committed", "free", bounced),
            _got_back(cash, to_treasury=at.to_treasury),
        ),
    )


def _back(at: Standing, cash: Fen, paid_used: Fen = 0, recoverable_used: Fen = 0) -> list[Move]:
    """Return the moves of money that is here again: what is to be paid back is on_its_way first."""
    from_recoverable = min(cash, at.rights.recoverable - recoverable_used)
    from_paid = min(cash - from_recoverable, at.rights.paid - paid_used)
    where = ("forfeit", "recoverable", "lapsed") if at.fraud else (
        "refund", "recoverable", "available",
    )  # fmt: skip
    return [Move(*where, from_recoverable), Move("unpay", "paid", "payable", from_paid)]


def _got_back(fen: Fen, *, to_treasury: bool) -> Move:
    budget = ("remit", "spent", "returned") if to_treasury else ("unspend", "spent", "free")
    return Move(*budget, fen)


def _moves(*moves: Move) -> tuple[Move, ...]:
    return tuple(move for move in moves if move.amount > 0)
