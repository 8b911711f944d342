"""The specification of the books does what the design says, and finds what is broken."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.rules.oracle import (
    LEGAL_MOVES,
    ROLES,
    Oracle,
    cash,
    cash_broken,
    earned_broken,
    floors_broken,
    promise_broken,
    provisional_broken,
)
from ledger.rules.targets import Move, Rights, Target

CAP = 500_000_000  # 5,000,000.00 yuan, the cap of 09-1
MONTH = date(2026, 11, 1)


def chain(amount: int, *steps: str) -> list[Move]:
    """Moves of one amount: chain(30, "accrue available accrued", …)."""
    return [Move(kind, source, goal, amount) for kind, source, goal in map(str.split, steps)]


OPEN = chain(CAP, "eligible clause entitlement", "issue entitlement available")
EMPTY = dict.fromkeys(ROLES, 0) | {"clause": -CAP}


@pytest.fixture
def books() -> Oracle:
    made = Oracle()
    made.open(1, CAP)
    made.post("open", MONTH, {1: OPEN})
    return made


# The events of the design's table: what they move, and where the money is then.
EVENTS = {
    "reserve": (chain(40, "reserve available reserved"), {"reserved": 40}),
    "expires or void": (
        chain(40, "reserve available reserved", "release reserved available"), {}),
    "accrue": (chain(30, "accrue available accrued"), {"accrued": 30}),
    "accrue what was reserved": (
        chain(30, "reserve available reserved", "accrue reserved accrued"), {"accrued": 30}),
    "matched as metered": (
        chain(30, "accrue available accrued", "match accrued payable"), {"payable": 30}),
    "matched lower, below the cap": (
        [*chain(30, "accrue available accrued"), *chain(24, "match accrued payable"),
         *chain(6, "unaccrue accrued available")], {"payable": 24}),
    "put on a payment list": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent"),
        {"sent": 30}),
    "bank pays": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "pay sent paid"), {"paid": 30}),
    "bank bounces": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "bounce sent payable"), {"payable": 30}),
    "red invoice before payment": (
        chain(30, "accrue available accrued", "match accrued payable", "unmatch payable accrued",
              "unaccrue accrued available"), {}),
    "red invoice after payment": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "pay sent paid", "recall paid recoverable"), {"recoverable": 30}),
    "reissued and matched": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "pay sent paid", "recall paid recoverable", "set_off recoverable paid"),
        {"paid": 30}),
    "money comes back": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "pay sent paid", "recall paid recoverable", "refund recoverable available"), {}),
    "fraud": (
        chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
              "pay sent paid", "recall paid recoverable", "forfeit recoverable lapsed"),
        {"lapsed": 30}),
    "expiry": (
        chain(30, "reserve available reserved", "release reserved available",
              "lapse available lapsed"), {"lapsed": 30}),
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_event(books: Oracle, event: str) -> None:
    moves, moved = EVENTS[event]
    assert books.post("event", MONTH, {1: moves})
    expected = EMPTY | {"available": CAP - sum(moved.values())}
    for role, amount in moved.items():
        expected[role] += amount
    found = books.rights(1)
    assert found == Rights(**expected)
    assert floors_broken(found, CAP) == promise_broken(found) == []
    assert cash_broken(found, cash(moves), CAP) == []


def test_every_legal_move_has_its_event() -> None:
    used = {(m.kind, m.from_role, m.to_role) for moves, _ in EVENTS.values() for m in moves}
    opened = {(m.kind, m.from_role, m.to_role) for m in OPEN}
    assert used | opened == LEGAL_MOVES


@pytest.mark.parametrize(
    ("moves", "error"),
    [
        (chain(1, "eligible clause entitlement"), Refused("below_floor", book=1, role="clause")),
        (
            chain(CAP + 1, "accrue available accrued"),
            Refused("below_floor", book=1, role="available"),
        ),
        (chain(2, "accrue reserved accrued"), Refused("below_floor", book=1, role="reserved")),
        (
            chain(1, "match accrued payable", "accrue available accrued"),
            Refused("below_floor", book=1, role="accrued"),
        ),
        (chain(1, "pay available paid"), Refused("illegal_move")),
        (chain(1, "accrue accrued available"), Refused("illegal_move")),
        (chain(0, "accrue available accrued"), Refused("amount_out_of_range")),
        (chain(-1, "accrue available accrued"), Refused("amount_out_of_range")),
    ],
)
def test_a_refused_posting_leaves_nothing(
    books: Oracle, moves: list[Move], error: LedgerError
) -> None:
    before = books.rights(1)
    with pytest.raises(type(error)) as caught:
        books.post("bad", MONTH, {1: [*chain(1, "reserve available reserved"), *moves]})
    assert (caught.value.code, caught.value.params) == (error.code, error.params)
    assert books.rights(1) == before
    assert books.post("bad", MONTH, {1: chain(1, "reserve available reserved")})


def test_a_book_that_was_not_opened_is_not_found(books: Oracle) -> None:
    with pytest.raises(NotFound):
        books.post("bad", MONTH, {2: chain(1, "accrue available accrued")})


def test_a_cause_is_posted_once(books: Oracle) -> None:
    moves = {1: chain(30, "accrue available accrued")}
    assert books.post("cause", MONTH, moves)
    assert not books.post("cause", MONTH, moves)
    assert books.rights(1).accrued == 30
    with pytest.raises(Conflict):
        books.post("cause", MONTH, {1: chain(31, "accrue available accrued")})
    with pytest.raises(Conflict):
        books.post("cause", date(2026, 12, 1), moves)


# --- the rules find what is broken --------------------------------------------------------

GOOD = Rights(**EMPTY | {"available": CAP - 30, "accrued": 10, "paid": 20})
AIM = Target(uncapped_fen=30, earned_fen=20, provisional_fen=30, cut_fen=0)


def test_a_good_book_breaks_nothing() -> None:
    assert floors_broken(GOOD, CAP) == []
    assert promise_broken(GOOD) == []
    assert cash_broken(GOOD, 20, CAP) == []
    assert earned_broken(GOOD, AIM) == []
    assert provisional_broken(GOOD, AIM) == []


def test_broken_rules_say_what_is_broken() -> None:
    assert floors_broken(replace(GOOD, accrued=-1), CAP) == ["accrued is -1, below its floor 0"]
    assert floors_broken(GOOD, CAP - 1) == [f"clause is -{CAP}, below its floor -{CAP - 1}"]
    assert promise_broken(replace(GOOD, lapsed=1)) == ["the accounts add up to 1, not to nothing"]
    assert cash_broken(GOOD, 19, CAP) == ["19 left the bank, 20 are paid or recoverable"]
    assert cash_broken(GOOD, 20, 19) == ["20 are paid or recoverable, the cap is 19"]
    assert earned_broken(GOOD, replace(AIM, earned_fen=19)) == [
        "20 are paid or payable, 19 are earned"
    ]
    assert provisional_broken(GOOD, replace(AIM, provisional_fen=29)) == [
        "10 are accrued, 9 should be"
    ]


def test_money_on_its_way_and_a_used_up_voucher_are_not_broken() -> None:
    assert earned_broken(replace(GOOD, sent=5, paid=15), AIM) == []
    assert provisional_broken(replace(GOOD, available=0), replace(AIM, provisional_fen=99)) == []
