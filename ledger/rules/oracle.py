"""The books of rights in plain Python: the specification with which the database is compared.

A voucher is a book of ten accounts. Money moves only inside its book and only as `LEGAL_MOVES`
say; the contra account `clause` may fall to minus the cap, every other account not below nothing.
A posting is done in the order of its moves, as a whole or not at all, and a cause is posted once.
What must hold of every book stands below, each rule once, as a function that returns the
sentences that are broken: none for good books.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ledger.errors import Conflict, NotFound, Refused
from ledger.rules.targets import Move, Rights, Target
from ledger.units import Fen

ROLES = tuple(Rights.__dataclass_fields__)

LEGAL_MOVES = frozenset(
    {
        ("eligible", "clause", "entitlement"),  # the city promises
        ("issue", "entitlement", "available"),
        ("reserve", "available", "reserved"),
        ("release", "reserved", "available"),  # expired or void
        ("accrue", "reserved", "accrued"),  # metered
        ("accrue", "available", "accrued"),
        ("unaccrue", "accrued", "available"),
        ("match", "accrued", "payable"),  # an invoice agrees
        ("unmatch", "payable", "accrued"),  # a red invoice before payment
        ("list", "payable", "sent"),  # on a payment list
        ("pay", "sent", "paid"),
        ("bounce", "sent", "payable"),
        ("recall", "paid", "recoverable"),  # a red invoice after payment
        ("set_off", "recoverable", "paid"),
        ("refund", "recoverable", "available"),  # money came back
        ("forfeit", "recoverable", "lapsed"),  # money came back after fraud
        ("lapse", "available", "lapsed"),  # expired
    }
)


class Oracle:
    """Books in memory that do what the database's books must do, and raise what they raise."""

    def __init__(self) -> None:
        self.books: dict[int, dict[str, Fen]] = {}
        self.floors: dict[int, dict[str, Fen]] = {}
        self.posted: dict[str, tuple[date, Mapping[int, Sequence[Move]]]] = {}

    def open(self, book: int, cap: Fen) -> None:
        """Open a voucher's book under its cap."""
        self.books[book] = dict.fromkeys(ROLES, 0)
        self.floors[book] = dict.fromkeys(ROLES, 0) | {"clause": -cap}

    def rights(self, book: int) -> Rights:
        """The balances of a book."""
        return Rights(**self.books[book])

    def post(self, cause: str, used: date, moves: Mapping[int, Sequence[Move]]) -> bool:
        """Post once; False where the cause was posted. Raises as `ledger.books.movements.post`."""
        if cause in self.posted:
            if self.posted[cause] != (used, moves):
                raise Conflict("cause_repeated", cause=cause)
            return False
        if any(move.amount <= 0 for part in moves.values() for move in part):
            raise Refused("amount_out_of_range")
        for move in (move for part in moves.values() for move in part):
            if (move.kind, move.from_role, move.to_role) not in LEGAL_MOVES:
                raise Refused("illegal_move")
        after = {book: dict(balances) for book, balances in self.books.items()}
        for book, part in moves.items():
            if book not in after:
                raise NotFound("account")
            for move in part:
                after[book][move.from_role] -= move.amount
                after[book][move.to_role] += move.amount
                if after[book][move.from_role] < self.floors[book][move.from_role]:
                    raise Refused("below_floor", book=book, role=move.from_role)
        self.books = after
        self.posted[cause] = (used, moves)
        return True


def cash(moves: Iterable[Move]) -> Fen:
    """Cash out less cash in: what the bank paid, less what came back."""
    signs = {"pay": 1, "refund": -1, "forfeit": -1}
    return sum(signs.get(move.kind, 0) * move.amount for move in moves)


def floors_broken(rights: Rights, cap: Fen) -> list[str]:
    """Every account is at least at its floor."""
    floors = dict.fromkeys(ROLES, 0) | {"clause": -cap}
    return [
        f"{role} is {balance}, below its floor {floors[role]}"
        for role, balance in vars(rights).items()
        if balance < floors[role]
    ]


def promise_broken(rights: Rights) -> list[str]:
    """What was promised is somewhere in the voucher: all accounts together are nothing."""
    total = sum(vars(rights).values())
    return [f"the accounts add up to {total}, not to nothing"] if total else []


def cash_broken(rights: Rights, cash_out: Fen, cap: Fen) -> list[str]:
    """Cash out less cash in is what is paid or recoverable, and never beyond the cap."""
    held = rights.paid + rights.recoverable
    return [
        *(
            [f"{cash_out} left the bank, {held} are paid or recoverable"]
            if cash_out != held
            else []
        ),
        *([f"{held} are paid or recoverable, the cap is {cap}"] if held > cap else []),
    ]


def earned_broken(rights: Rights, target: Target) -> list[str]:
    """With nothing on its way to the bank, paid and payable are what is earned, and no more."""
    held = rights.paid + rights.payable
    if rights.sent == 0 and held != target.earned_fen:
        return [f"{held} are paid or payable, {target.earned_fen} are earned"]
    return []


def provisional_broken(rights: Rights, target: Target) -> list[str]:
    """The provisional part is U − T, or less where nothing is available any more."""
    wanted = target.provisional_fen - target.earned_fen
    short = rights.available == 0 and rights.reserved == 0 and rights.accrued < wanted
    if rights.accrued != wanted and not short:
        return [f"{rights.accrued} are accrued, {wanted} should be"]
    return []
