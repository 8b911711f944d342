"""Invariants of the books, each stated once.

Every function returns the broken invariants, none for sound books. Tests check them after every
step of random histories; closing a month and verifying the books use the same functions.
"""

from collections.abc import Iterable, Mapping

from ledger.accounts.rules.targets import Move, Rights, Target
from ledger.units import Fen

Balances = Mapping[str, Fen]


def floors_broken(balances: Balances, floors: Balances) -> list[str]:
    """Check that every account is at or above its floor."""
    return [
        f"{role} is {balance}, below its floor {floors[role]}"
        for role, balance in balances.items()
        if balance < floors[role]
    ]


def sum_broken(balances: Balances) -> list[str]:
    """Check that the accounts of a book balance to zero.

    Of a voucher: what was promised is somewhere in it. Of a budget: free, committed, spent and
    returned are what was appropriated. Of a cost book: every metered and invoiced fen is typed, or
    still to be cleared.
    """
    total = sum(balances.values())
    return [f"the accounts add up to {total}, not to nothing"] if total else []


def cap_broken(rights: Rights, cap: Fen) -> list[str]:
    """Check that the promise equals the last decided cap."""
    cap_fen = -rights.clause
    return [f"{cap_fen} are promised, the cap is {cap}"] if cap_fen != cap else []


def cash(moves: Iterable[Move]) -> Fen:
    """Return cash out less cash in: what the bank paid, less what came back."""
    signs = {"pay": 1, "late": 1, "overpay": 1, "unpay": -1, "refund": -1}
    return sum(
        # What is forfeited by set-off never came back as cash.
        (
            -1
            if (move.kind, move.from_role) == ("forfeit", "recoverable")
            else signs.get(move.kind, 0)
        )
        * move.amount
        for move in moves
    )


def cash_broken(rights: Rights, cash_out: Fen, cap: Fen) -> list[str]:
    """Check that net cash is what is paid or recoverable, and at most the cap."""
    net_paid = rights.paid + rights.recoverable
    apart = f"{cash_out} left the bank, {net_paid} are paid or recoverable"
    beyond = f"{net_paid} are paid or recoverable, the cap is {cap}"
    return [apart] * (cash_out != net_paid) + [beyond] * (net_paid > cap)


def earned_broken(rights: Rights, target: Target) -> list[str]:
    """Check that paid, sent and payable are what is earned; only sent may exceed it."""
    due = rights.paid + rights.sent + rights.payable
    limit = max(target.earned_fen, rights.sent)
    return [f"{due} are paid, sent or payable, {limit} are earned"] if due != limit else []


def provisional_broken(rights: Rights, target: Target) -> list[str]:
    """Check that the provisional part is U − T, or less if nothing is available."""
    expected = target.provisional_fen - target.earned_fen
    short = rights.available == 0 and rights.reserved == 0 and rights.accrued < expected
    if rights.accrued != expected and not short:
        return [f"{rights.accrued} are accrued, {expected} should be"]
    return []


def budget_broken(vouchers: Iterable[Rights], budgets: Iterable[Balances]) -> list[str]:
    """Check that vouchers and budgets agree on payouts sent and paid."""
    every, indicators = list(vouchers), list(budgets)
    sent_fen, committed = sum(v.sent for v in every), sum(b["committed"] for b in indicators)
    paid, spent = sum(v.paid + v.recoverable for v in every), sum(b["spent"] for b in indicators)
    return [f"{sent_fen} are sent, {committed} are committed"] * (sent_fen != committed) + [
        f"{paid} are paid or recoverable, {spent} are spent"
    ] * (paid != spent)


def cost_broken(
    balances: Balances, metered: Fen, invoiced: Fen, differences: Mapping[str, Fen]
) -> list[str]:
    """Check a closed month: nothing left to clear, and the decided amounts booked.

    `differences` are by code, above zero what is invoiced and not metered.
    """
    expected = dict.fromkeys(balances, 0) | {"metered": -metered, "invoiced": invoiced}
    expected |= {code: -fen for code, fen in differences.items()}
    return [
        f"{role} is {balance}, not {expected[role]}"
        for role, balance in balances.items()
        if balance != expected[role]
    ]
