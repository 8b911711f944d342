"""What a voucher owes, and the moves that bring its money there.

A project has *matched* cost M (its invoices agree with the metering) and *metered* cost Q that is
not matched yet. The city pays the rate r of it, up to the voucher's room V. T, what is earned, is
the smaller of Σ r·M and V; U, including the provisional part (预计), the smaller of Σ r·(M+Q) and
V. Both are absolute: whatever happened before, `rebalance` finds what has to move. Each policy
version has its own rate, so the sums are exact fractions of a fen over months and versions
(`ledger/vouchers/rules.py`). What the cap cuts off is reported, never lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.units import Fen, round_half_up


@dataclass(frozen=True)
class Rights:
    """The ten balances of a voucher's book, fen; only the contra account `clause` is negative."""

    clause: Fen  # what the city has promised, below zero
    entitlement: Fen  # E 资格额度
    available: Fen  # A
    reserved: Fen  # H
    accrued: Fen  # C 预计
    payable: Fen  # S
    sent: Fen  # B on a payment list
    paid: Fen  # P
    recoverable: Fen  # X paid, and to be paid back
    lapsed: Fen  # L

    @property
    def room(self) -> Fen:
        """V: everything that the voucher has turned, or can still turn, into money."""
        in_use = self.accrued + self.payable + self.sent + self.paid + self.recoverable
        return self.available + self.reserved + in_use


@dataclass(frozen=True)
class Target:
    """Where a voucher's money belongs, fen: T ≤ U ≤ uncapped = U + cut."""

    uncapped_fen: Fen  # round(Σ r·(M+Q)), as if there were no cap
    earned_fen: Fen  # T
    provisional_fen: Fen  # U, which includes T
    cut_fen: Fen  # what the cap cuts off


@dataclass(frozen=True)
class Move:
    """`amount` fen, above zero, from one role of a book to another."""

    kind: str
    from_role: str
    to_role: str
    amount: Fen


def target(earned_fen: Fraction, uncapped_fen: Fraction, room: Fen) -> Target:
    """Return the target for what is earned, and with the provisional part, under `room` fen.

    The second of the two roundings of the books: once over the whole sum, half up.

    Args:
        earned_fen: Σ r·M, exact fen.
        uncapped_fen: Σ r·(M+Q), exact fen.
        room: V.

    Raises:
        ValueError: a sum or the room is negative, or less is earned with the provisional part.
    """
    if room < 0 or not 0 <= earned_fen <= uncapped_fen:
        raise ValueError(f"a negative sum or room: {earned_fen}, {uncapped_fen}, {room}")
    whole = round_half_up(uncapped_fen)
    provisional = min(whole, room)
    return Target(whole, min(round_half_up(earned_fen), room), provisional, whole - provisional)


def room_of(rights: Rights, *, forfeits: bool) -> Fen:
    """Return V; what is to be paid back after fraud is no room, as the voucher loses it."""
    return rights.room - (rights.recoverable if forfeits else 0)


def rebalance(rights: Rights, target: Target, *, forfeits: bool = False) -> tuple[Move, ...]:
    """Return the legal moves, in order, that bring a book to its target.

    What is earned and neither paid nor on its way is first set off against what is to be paid
    back, and only then payable. What was paid beyond T becomes recoverable; money on its way to
    the bank is left alone. Then the provisional part is filled to U − T: from what was reserved,
    then from what is available, as far as they go; what is over returns to available.

    Args:
        rights: the book's balances.
        target: made for `room_of(rights, forfeits)`.
        forfeits: what is to be paid back was got by fraud: set off or repaid in cash, the voucher
            loses it.

    Raises:
        ValueError: the target is beyond the book's room, so it was made for another book.
    """
    if not 0 <= target.earned_fen <= target.provisional_fen <= room_of(rights, forfeits=forfeits):
        raise ValueError(f"{target} does not fit {rights}")
    due = target.earned_fen - rights.sent - rights.paid
    set_off = min(max(due, 0), rights.recoverable)
    recall = min(max(-due, 0), rights.paid)
    match = max(due, 0) - set_off - rights.payable  # below zero: some is no longer payable
    accrue = target.provisional_fen - target.earned_fen + match - rights.accrued
    reserved = min(max(accrue, 0), rights.reserved)
    available = min(max(accrue - reserved, 0), rights.available)
    lost = set_off if forfeits else 0
    # As if it had been earned anew: first out of what was reserved.
    release = min(max(accrue + lost, 0), rights.reserved) - reserved
    moves = (
        Move("set_off", "recoverable", "paid", set_off),
        Move("unmatch", "payable", "accrued", -match),
        Move("recall", "paid", "recoverable", recall),
        Move("accrue", "reserved", "accrued", reserved),
        Move("accrue", "available", "accrued", available),
        Move("match", "accrued", "payable", match),
        Move("unaccrue", "accrued", "available", -accrue),
        Move("release", "reserved", "available", release),
        Move("forfeit", "available", "lapsed", lost),
    )
    return tuple(move for move in moves if move.amount > 0)


def after(rights: Rights, moves: Sequence[Move]) -> Rights:
    """Return the balances after these moves."""
    balances = {name: getattr(rights, name) for name in Rights.__dataclass_fields__}
    for move in moves:
        balances[move.from_role] -= move.amount
        balances[move.to_role] += move.amount
    return Rights(**balances)


def unused(reserved: Fen, parts: Sequence[Fen]) -> list[Fen]:
    """Return what is left of each reservation, of `reserved` fen in all; oldest first.

    What is accrued uses up the oldest reservation first, so the newest hold what is left. By that
    rule a reservation that is made or released changes nothing for the others.
    """
    rest_by_reservation = []
    for fen in reversed(parts):
        rest_by_reservation.append(min(fen, reserved))
        reserved -= rest_by_reservation[-1]
    return rest_by_reservation[::-1]
