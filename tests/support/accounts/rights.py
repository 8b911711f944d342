"""A voucher's rights by the letters of the design."""

from ledger.accounts.rules.oracle import ROLES
from ledger.accounts.rules.targets import Rights

LETTERS = dict(zip("EAHCSBPXL", ROLES[1:], strict=True))


def book(**balances: int) -> Rights:
    """A book by the letters of the design: book(A=100, C=20)."""
    amounts = dict.fromkeys(ROLES, 0) | {LETTERS[k]: v for k, v in balances.items()}
    return Rights(**amounts | {"clause": -sum(balances.values())})
