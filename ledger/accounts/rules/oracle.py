"""The books in plain Python: the specification that the database is compared with.

There are four kinds of books. A voucher's *rights* follow the city's promise from the clause to
the bank; a *budget* follows a year's money of an indicator from appropriation to being spent or
returned; a *cost* book holds one contract's month until every metered or invoiced fen is typed; a
*year* book holds what a voucher, or all vouchers of a pool, may recognise in a calendar year.
Money moves only inside its book and only as `LEGAL_MOVES` allow; a contra account may go negative
down to its floor, every other account may not. A posting, over one book or several, applies its
moves in order, all or none, and a cause is posted once. A promise is lowered, and a voucher lapses,
only by a decision of two persons (`DECISION_MOVES`). What becomes payable under a cap for each year
is drawn from the books of its years, and of their pools.

The invariants are in `ledger/accounts/rules/invariants.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.accounts.rules.targets import Move, Rights
from ledger.errors import Conflict, NotFound, Refused
from ledger.units import FEN_MAX, Fen

ROLES = tuple(Rights.__dataclass_fields__)
BUDGET_ROLES = ("appropriation", "free", "committed", "spent", "returned")
DIFFERENCES = tuple(f"R{n:02}" for n in range(1, 21))
COST_ROLES = ("clearing", "metered", "invoiced", *DIFFERENCES)
YEAR_ROLES = ("ceiling", "drawn")

_RIGHTS_MOVES = {
    ("eligible", "clause", "entitlement"),  # the city promises
    ("issue", "entitlement", "available"),
    ("withdraw", "available", "entitlement"),  # the promise is lowered
    ("reduce", "entitlement", "clause"),
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
    ("forfeit", "available", "lapsed"),  # or was set off
    ("lapse", "available", "lapsed"),  # expired
    ("late", "payable", "paid"),  # the bank paid what it had returned
    ("overpay", "available", "recoverable"),  # the bank paid more than was owed
    ("unpay", "paid", "payable"),  # the bank took a payment back
    ("unpay", "paid", "sent"),  # it never paid
    ("unpay", "recoverable", "sent"),
}
_BUDGET_MOVES = {
    ("appropriate", "appropriation", "free"),  # the year's money is given
    ("cut", "free", "appropriation"),
    ("commit", "free", "committed"),  # on a payment list
    ("uncommit", "committed", "free"),  # the bank bounced it
    ("spend", "committed", "spent"),  # the bank paid it
    ("unspend", "spent", "free"),  # money came back in the same year
    ("remit", "spent", "returned"),  # money came back in a later year: the treasury's
    ("surrender", "free", "returned"),  # what the year leaves over
    ("late_spend", "free", "spent"),  # the bank paid what was not on its way
    ("late_spend", "returned", "spent"),  # and after the year was closed
    ("reopen", "spent", "committed"),  # it never paid, and it may still
}
_COST_MOVES = {
    ("meter", "metered", "clearing"),
    ("unmeter", "clearing", "metered"),
    ("invoice", "clearing", "invoiced"),
    ("uninvoice", "invoiced", "clearing"),
    *(("explain", "clearing", role) for role in DIFFERENCES),  # metered and not invoiced
    *(("explain", role, "clearing") for role in DIFFERENCES),  # invoiced and not metered
}
_YEAR_MOVES = {
    ("draw", "ceiling", "drawn"),  # recognised in this year
    ("undraw", "drawn", "ceiling"),  # and no longer
}
LEGAL_MOVES = frozenset(_RIGHTS_MOVES | _BUDGET_MOVES | _COST_MOVES | _YEAR_MOVES)

RECOGNISE = {"match": 1, "set_off": 1, "unmatch": -1, "recall": -1}
"""Moves that add to what is recognised (payable, sent or paid), or take from it."""

DECISION_MOVES = {
    **dict.fromkeys(("withdraw", "reduce"), "cap"),
    "lapse": "lapse",
    **dict.fromkeys(("late", "overpay", "unpay"), "bank_reversal"),
}
"""Moves that need a confirmed decision of this kind about the voucher."""


def rights_floors(cap: Fen) -> dict[str, Fen]:
    """Return the floors of a voucher's accounts: the contra account's is minus the cap."""
    return dict.fromkeys(ROLES, 0) | {"clause": -cap}


def budget_floors() -> dict[str, Fen]:
    """Return the floors of an indicator's accounts."""
    return dict.fromkeys(BUDGET_ROLES, 0) | {"appropriation": -FEN_MAX}


def cost_floors() -> dict[str, Fen]:
    """Return the floors of a cost book: differences may have either sign."""
    return dict.fromkeys(COST_ROLES, -FEN_MAX) | {"invoiced": 0}


def year_floors(cap: Fen | None) -> dict[str, Fen]:
    """Return the floors of a year's book: that of the contra account is minus the cap, if any."""
    return {"ceiling": -(FEN_MAX if cap is None else cap), "drawn": 0}


@dataclass(frozen=True)
class CapDecision:
    """A decision of two persons on a voucher's book: its new cap, or its lapse."""

    kind: str
    book: int
    cap: Fen = 0
    before: Fen = 0


class Oracle:
    """Books in memory that behave, and raise errors, like the database's books."""

    def __init__(self) -> None:
        self.books: dict[int, dict[str, Fen]] = {}
        self.floors: dict[int, dict[str, Fen]] = {}
        self.postings: dict[str, tuple[date, Mapping[int, Sequence[Move]]]] = {}
        self.decisions: dict[int, CapDecision] = {}
        self.years: dict[int, tuple[int, ...]] = {}  # of a voucher's book, the books of its years
        self.pools: dict[int, tuple[int, ...]] = {}  # of a pool's book, those of its vouchers

    def open(self, book: int, floors: Mapping[str, Fen]) -> None:
        """Open a book with these accounts, each at zero and at or above its floor."""
        self.books[book] = dict.fromkeys(floors, 0)
        self.floors[book] = dict(floors)

    def rights(self, book: int) -> Rights:
        """Return the balances of a voucher's book."""
        return Rights(**self.books[book])

    def set_cap(self, decision: int) -> None:
        """Set the floor of the contra account by the newest decision about the cap."""
        decision_made = self.decisions.get(decision)
        caps = [
            key
            for key, d in self.decisions.items()
            if decision_made and (d.kind, d.book) == ("cap", decision_made.book)
        ]
        if decision_made is None or decision_made.cap <= 0 or decision != max(caps, default=None):
            raise Refused("undecided")
        if self.books[decision_made.book]["clause"] < -decision_made.cap:
            raise Refused("below_floor", book=decision_made.book, role="clause")
        self.floors[decision_made.book]["clause"] = -decision_made.cap

    def post(self, cause: str, used_on: date, moves: Mapping[int, Sequence[Move]]) -> bool:
        """Post once; False if the cause was posted. Raises as `ledger.accounts.queries.post`."""
        if cause in self.postings:
            if self.postings[cause] != (used_on, moves):
                raise Conflict("cause_repeated", cause=cause)
            return False
        pairs = [(book, move) for book, part in moves.items() for move in part]
        if any(move.amount <= 0 for _, move in pairs):
            raise Refused("amount_out_of_range")
        for book, move in pairs:
            if (move.kind, move.from_role, move.to_role) not in LEGAL_MOVES:
                raise Refused("illegal_move")
            if move.kind in DECISION_MOVES and not self._is_allowed(
                cause, book, move.kind, moves[book]
            ):
                raise Refused("undecided")
        after = {book: dict(balances) for book, balances in self.books.items()}
        if any(not {m.from_role, m.to_role} <= after.get(book, {}).keys() for book, m in pairs):
            raise NotFound("account")
        for book, move in pairs:
            after[book][move.from_role] -= move.amount
            after[book][move.to_role] += move.amount
            if after[book][move.from_role] < self.floors[book][move.from_role]:
                raise Refused("below_floor", book=book, role=move.from_role)
        self._refuse_undrawn(pairs, after)
        self.books = after
        self.postings[cause] = (used_on, moves)
        return True

    def _refuse_undrawn(
        self, pairs: Sequence[tuple[int, Move]], after: Mapping[int, Mapping[str, Fen]]
    ) -> None:
        """Refuse to recognise more than the years have drawn, or to draw more than a pool has."""
        if not {move.kind for _, move in pairs} & {"match", "set_off", "draw", "undraw"}:
            return
        signs = {"draw": -1, "undraw": 1}
        for voucher, years in self.years.items():
            more = sum(RECOGNISE.get(m.kind, 0) * m.amount for book, m in pairs if book == voucher)
            more += sum(signs.get(m.kind, 0) * m.amount for book, m in pairs if book in years)
            recognised = sum(after[voucher][role] for role in ("payable", "sent", "paid"))
            if more > 0 and recognised > sum(after[year]["drawn"] for year in years):
                raise Refused("not_drawn")
        moved_books = {book for book, _ in pairs}
        for pool, years in self.pools.items():
            short = sum(after[year]["drawn"] for year in years) > after[pool]["drawn"]
            if short and moved_books & {pool, *years}:
                raise Refused("not_drawn")

    def _is_allowed(self, cause: str, book: int, kind: str, part: Sequence[Move]) -> bool:
        """Return whether the posting belongs to a decision about this book, and fits it."""
        name, _, number = cause.partition("/")
        decision = (
            self.decisions.get(int(number)) if name == "decision" and number.isdigit() else None
        )
        total = sum(move.amount for move in part if move.kind == kind)
        return (
            decision is not None
            and (decision.kind, decision.book) == (DECISION_MOVES[kind], book)
            and (kind == "lapse" or total <= decision.before - decision.cap)
        )
