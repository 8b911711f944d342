"""The design's table of events, row by row, on the real database.

Each row shows the balances before, what happens, and the balances after. Of a voucher: E entitled,
A available, H reserved, C accrued, S payable, B sent, P paid, X recoverable, L lapsed, and `cap`,
what is promised. Of the year's budget: free, committed, spent, returned. What is not named is
nothing. The city pays 30 % of the matched cost M and, provisionally, of the metered cost Q.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import count
from typing import NamedTuple

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import balances, lock_book, post, rights
from ledger.accounts.rules.oracle import BUDGET_ROLES, ROLES
from ledger.accounts.rules.targets import Move, rebalance, target
from tests.support.vouchers import (
    MONTH,
    NOW,
    audit,
    chain,
    place_budget,
    place_clause,
    place_decision,
    place_project,
)

THIRTY = Fraction(30, 100)
LETTERS = dict(zip("EAHCSBPXL", ROLES[1:], strict=True))


class Cost(NamedTuple):
    """The project's cost has become this, fen; the voucher is brought to its target."""

    M: int
    Q: int


class Moves(NamedTuple):
    """Somebody did this: moves of the voucher and of the budget, in one posting."""

    voucher: Sequence[Move] = ()
    budget: Sequence[Move] = ()


class Cap(NamedTuple):
    """Two persons decided on this cap."""

    fen: int


class Lapse(NamedTuple):
    """Two persons decided that the voucher lapses."""


def does(voucher: str, budget: str = "", fen: int = 30) -> Moves:
    """Moves of one amount: does("list payable sent", "commit free committed")."""
    steps = [part.split(", ") if part else [] for part in (voucher, budget)]
    return Moves(*(chain(fen, *names) for names in steps))


Happening = Cost | Moves | Cap | Lapse

# fmt: off
EVENTS: dict[str, tuple[str, Happening, str]] = {
    # event                           before             what happens       after
    "eligible: cap 5,000,000.00": (
        "cap 500000000",
        does("eligible clause entitlement", fen=500_000_000),
        "cap 500000000 E 500000000"),
    "issue": (
        "cap 500 E 500",
        does("issue entitlement available", fen=500),
        "cap 500 A 500"),
    "reserve": (
        "cap 500 A 500",
        does("reserve available reserved"),
        "cap 500 A 470 H 30"),
    "a reservation expires or is void": (
        "cap 500 A 470 H 30",
        does("release reserved available"),
        "cap 500 A 500"),
    "accrue: from what is reserved first": (
        "cap 500 A 490 H 10",                Cost(M=0, Q=100),    "cap 500 A 470 C 30"),
    "accrue: up to the cap": (
        "cap 500 A 490 H 10",                Cost(M=0, Q=2000),   "cap 500 C 500"),
    "matched as metered": (
        "cap 500 A 470 C 30",                Cost(M=100, Q=0),    "cap 500 A 470 S 30"),
    "matched lower, below the cap": (
        "cap 500 A 470 C 30",                Cost(M=80, Q=0),     "cap 500 A 476 S 24"),
    "matched lower, still at the cap": (
        "cap 500 C 500",                     Cost(M=1800, Q=0),   "cap 500 S 500"),
    "matched in part at the cap, the rest still metered": (
        "cap 500 C 500",                     Cost(M=1000, Q=900), "cap 500 C 200 S 300"),
    "put on a payment list": (
        "cap 500 A 470 S 30  free 90",
        does("list payable sent", "commit free committed"),
        "cap 500 A 470 B 30  free 60 committed 30"),
    "the bank pays": (
        "cap 500 A 470 B 30  free 60 committed 30",
        does("pay sent paid", "spend committed spent"),
        "cap 500 A 470 P 30  free 60 spent 30"),
    "the bank bounces": (
        "cap 500 A 470 B 30  free 60 committed 30",
        does("bounce sent payable", "uncommit committed free"),
        "cap 500 A 470 S 30  free 90"),
    "the bank pays a part and bounces the rest": (
        "cap 500 A 470 B 30  free 60 committed 30",
        Moves([*chain(20, "pay sent paid"), *chain(10, "bounce sent payable")],
              [*chain(20, "spend committed spent"), *chain(10, "uncommit committed free")]),
        "cap 500 A 470 S 10 P 20  free 70 spent 20"),
    "red invoice before payment, not reissued": (
        "cap 500 A 470 S 30",                Cost(M=0, Q=0),      "cap 500 A 500"),
    "red invoice before payment, to be reissued": (
        "cap 500 A 470 S 30",                Cost(M=0, Q=100),    "cap 500 A 470 C 30"),
    "red invoice for a part before payment": (
        "cap 500 A 470 S 30",                Cost(M=60, Q=0),     "cap 500 A 482 S 18"),
    "red invoice while the bank has it: nothing moves": (
        "cap 500 A 470 B 30  free 60 committed 30",
        Cost(M=0, Q=0),
        "cap 500 A 470 B 30  free 60 committed 30"),
    "red invoice after payment": (
        "cap 500 A 470 P 30  spent 30",      Cost(M=60, Q=0),
        "cap 500 A 470 P 18 X 12  spent 30"),
    "red invoice after payment, to be reissued": (
        "cap 500 A 470 P 30  spent 30",      Cost(M=60, Q=40),
        "cap 500 A 458 C 12 P 18 X 12  spent 30"),
    "reissued and matched": (
        "cap 500 A 458 C 12 P 18 X 12  spent 30", Cost(M=100, Q=0),
        "cap 500 A 470 P 30  spent 30"),
    "reissued for more: set off, the rest is payable": (
        "cap 500 A 458 C 12 P 18 X 12  spent 30", Cost(M=120, Q=0),
        "cap 500 A 464 S 6 P 30  spent 30"),
    "money comes back in the same year": (
        "cap 500 A 470 P 18 X 12  spent 30",
        does("refund recoverable available", "unspend spent free", fen=12),
        "cap 500 A 482 P 18  free 12 spent 18"),
    "money comes back in a later year": (
        "cap 500 A 470 P 18 X 12  spent 30",
        does("refund recoverable available", "remit spent returned", fen=12),
        "cap 500 A 482 P 18  spent 18 returned 12"),
    "money comes back after fraud, in the same year": (
        "cap 500 A 470 X 30  spent 30",
        does("forfeit recoverable lapsed", "unspend spent free"),
        "cap 500 A 470 L 30  free 30"),
    "money comes back after fraud, in a later year": (
        "cap 500 A 470 X 30  spent 30",
        does("forfeit recoverable lapsed", "remit spent returned"),
        "cap 500 A 470 L 30  returned 30"),
    "expiry": (
        "cap 500 A 400 H 40 C 20 S 10 B 10 P 20  committed 10 spent 20", Lapse(),
        "cap 500 C 20 S 10 B 10 P 20 L 440  committed 10 spent 20"),
    "cap up": (
        "cap 500 A 300 C 200",               Cap(700),            "cap 700 A 500 C 200"),
    "cap up, for what it had cut off": (
        "cap 700 A 200 C 500",               Cost(M=0, Q=2000),   "cap 700 A 100 C 600"),
    "cap down": (
        "cap 500 A 300 C 200",               Cap(400),            "cap 400 A 200 C 200"),
    "cap down to what is drawn": (
        "cap 500 A 300 H 50 C 150",          Cap(200),            "cap 200 H 50 C 150"),
}
# fmt: on


@dataclass
class Books:
    """A voucher and the year's budget in the database, and what happens to them."""

    owner: psycopg.Connection
    engine: sa.Engine
    cap: int
    causes = count()

    def __post_init__(self) -> None:
        project = place_project(self.owner, "m1")
        place_clause(self.owner, self.cap)
        row = self.owner.execute(
            "INSERT INTO vouchers (project_id, policy, clause, cap_scope, facts, opened_at,"
            " opened_by)"
            " VALUES (%s, 'draft', '09-1', 'model:m1', '{}', %s, 'clerk') RETURNING id, book_id"
            " AS book",
            (project, NOW),
        ).fetchone()
        assert row
        self.voucher, self.book = row
        self.budget = place_budget(self.owner)

    def post(
        self,
        moves: Moves,
        cause: str = "",
        service_day: date = MONTH,
        booked: date = MONTH,
    ) -> None:
        moves_by_book = {self.book: moves.voucher, self.budget: moves.budget}
        with Session(self.engine) as db, db.begin():
            post(
                db,
                cause=cause or f"event/{next(self.causes)}",
                used_on=service_day,
                booked=booked,
                actor="clerk",
                moves={book: part for book, part in moves_by_book.items() if part},
            )

    def arrange(self, before: str) -> None:
        """Bring money to where the row begins, on the way that it takes."""
        for role, fen in figures(before).items():
            for step in WAYS.get(role, ()):
                voucher, _, budget = step.partition(" + ")
                self.post(does(voucher, budget, fen))

    def happen(self, event: Happening) -> None:
        match event:
            case Cost():
                self.rebalance(event)
            case Moves():
                self.post(event)
            case Cap():
                self.change_cap(event.fen)
            case Lapse():
                decision = place_decision(self.owner, "lapse", {"voucher": self.voucher})
                amounts = figures(self.shown())
                moves_back = chain(amounts["H"], "release reserved available")
                lapsed = chain(amounts["A"] + amounts["H"], "lapse available lapsed")
                self.post(Moves([*moves_back, *lapsed]), f"decision/{decision}")

    def rebalance(self, cost: Cost, service_day: date = MONTH, booked: date = MONTH) -> None:
        with Session(self.engine) as db, db.begin():
            lock_book(db, self.book)
            amounts = rights(db, self.book)
        moves = rebalance(
            amounts, target(THIRTY * cost.M, THIRTY * (cost.M + cost.Q), amounts.room)
        )
        if moves:
            self.post(Moves(moves), service_day=service_day, booked=booked)

    def change_cap(self, fen: int) -> None:
        content = {"voucher": self.voucher, "cap_fen": fen, "before_fen": self.cap}
        decision = place_decision(self.owner, "cap", content)
        more, cause = fen - self.cap, f"decision/{decision}"
        text = "withdraw available entitlement, reduce entitlement clause"
        if more < 0:
            self.post(does(text, fen=-more), cause)
        with Session(self.engine) as db, db.begin():
            db.execute(sa.text("SELECT set_cap(:decision)"), {"decision": decision})
        if more > 0:
            raised_text = "eligible clause entitlement, issue entitlement available"
            self.post(does(raised_text, fen=more), cause)

    def shown(self) -> str:
        """The balances as the table writes them."""
        with Session(self.engine) as db:
            voucher, budget = balances(db, self.book), balances(db, self.budget)
        row = self.owner.execute(
            "SELECT -floor FROM accounts WHERE book_id = %s AND role = 'clause'", (self.book,)
        ).fetchone()
        assert row
        fields = {"cap": row[0]} | {letter: voucher[role] for letter, role in LETTERS.items()}
        fields |= {role: budget[role] for role in BUDGET_ROLES[1:]}
        return " ".join(f"{name} {fen}" for name, fen in fields.items() if fen)


def figures(text: str) -> dict[str, int]:
    """ "A 470 C 30" as {"A": 470, "C": 30}."""
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


_AVAILABLE = "eligible clause entitlement, issue entitlement available"
_PAYABLE = f"{_AVAILABLE}, accrue available accrued, match accrued payable"
_SENT = f"{_PAYABLE}, list payable sent"
WAYS = {
    "E": ["eligible clause entitlement"],
    "A": [_AVAILABLE],
    "H": [f"{_AVAILABLE}, reserve available reserved"],
    "C": [f"{_AVAILABLE}, accrue available accrued"],
    "S": [_PAYABLE],
    "B": [_SENT],
    "P": [f"{_SENT}, pay sent paid"],
    "X": [f"{_SENT}, pay sent paid, recall paid recoverable"],
    "free": [" + appropriate appropriation free"],
    "committed": [" + appropriate appropriation free, commit free committed"],
    "spent": [" + appropriate appropriation free, commit free committed, spend committed spent"],
}


@pytest.mark.parametrize("event", EVENTS)
def test_event(owner: psycopg.Connection, engine: sa.Engine, event: str) -> None:
    before, happening, after = EVENTS[event]
    books = Books(owner, engine, cap=figures(before)["cap"])
    books.arrange(before)
    assert figures(books.shown()) == figures(before)
    books.happen(happening)
    assert figures(books.shown()) == figures(after)
    assert audit(owner) == []


def test_usage_after_close(owner: psycopg.Connection, engine: sa.Engine) -> None:
    """September is closed; what arrives late is used in September and booked in November."""
    september, november = date(2026, 9, 1), date(2026, 11, 1)
    books = Books(owner, engine, cap=500)
    books.arrange("A 500")
    books.rebalance(Cost(M=0, Q=100), service_day=september, booked=september)
    books.rebalance(Cost(M=100, Q=0), service_day=september, booked=september)
    assert books.shown() == "cap 500 A 470 S 30"
    books.rebalance(Cost(M=100, Q=40), service_day=september, booked=november)
    assert books.shown() == "cap 500 A 458 C 12 S 30"
    late = owner.execute(
        "SELECT m.kind, m.amount, p.used, p.booked FROM postings p"
        " JOIN movements m ON m.posting_id = p.id ORDER BY m.id DESC LIMIT 1"
    ).fetchone()
    assert late == ("accrue", 12, september, november)
    in_september = owner.execute(
        "SELECT count(*) FROM postings WHERE booked = %s", (september,)
    ).fetchone()
    assert in_september == (2,)  # the closed period is as it was
    assert audit(owner) == []
