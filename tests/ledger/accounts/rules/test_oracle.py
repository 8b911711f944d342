"""The specification of the books does what the design says."""

from datetime import date

import pytest

from ledger.accounts.rules.invariants import cash, cash_broken, floors_broken, sum_broken
from ledger.accounts.rules.oracle import (
    COST_ROLES,
    LEGAL_MOVES,
    ROLES,
    CapDecision,
    Oracle,
    budget_floors,
    cost_floors,
    rights_floors,
    year_floors,
)
from ledger.accounts.rules.targets import Move, Rights
from ledger.errors import Conflict, LedgerError, NotFound, Refused

CAP = 500_000_000  # 5,000,000.00 yuan, the cap of 09-1
MONTH = date(2026, 11, 1)
VOUCHER, BUDGET, COST, YEAR, POOL = 1, 2, 3, 4, 5


def chain(amount: int, *steps: str) -> list[Move]:
    """Moves of one amount: chain(30, "accrue available accrued", …)."""
    return [Move(kind, source, goal, amount) for kind, source, goal in map(str.split, steps)]


OPEN = chain(CAP, "eligible clause entitlement", "issue entitlement available")
EMPTY = dict.fromkeys(ROLES, 0) | {"clause": -CAP}


@pytest.fixture
def books() -> Oracle:
    oracle = Oracle()
    oracle.open(VOUCHER, rights_floors(CAP))
    oracle.open(BUDGET, budget_floors())
    oracle.open(COST, cost_floors())
    oracle.open(YEAR, year_floors(50))
    oracle.post("open", MONTH, {VOUCHER: OPEN})
    oracle.decisions[7] = CapDecision("cap", VOUCHER, cap=CAP - 30, before=CAP)
    oracle.decisions[8] = CapDecision("lapse", VOUCHER)
    oracle.decisions[9] = CapDecision("bank_reversal", VOUCHER, before=30)
    return oracle


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
    "fraud, set off against what is earned anew": (
        [*chain(30, "accrue available accrued", "match accrued payable", "list payable sent",
                "pay sent paid", "recall paid recoverable", "set_off recoverable paid"),
         *chain(30, "forfeit available lapsed")], {"paid": 30, "lapsed": 30}),
    "paid late": (
        chain(30, "accrue available accrued", "match accrued payable", "late payable paid"),
        {"paid": 30}),
    "paid beyond what is owed": (
        chain(30, "overpay available recoverable"), {"recoverable": 30}),
    "the bank takes it back": (
        chain(30, "accrue available accrued", "match accrued payable", "late payable paid",
              "unpay paid payable"), {"payable": 30}),
    "it never paid": (
        chain(30, "accrue available accrued", "match accrued payable", "late payable paid",
              "unpay paid sent"), {"sent": 30}),
    "it never paid what was to be paid back": (
        chain(30, "overpay available recoverable", "unpay recoverable sent"), {"sent": 30}),
    "expiry": (
        chain(30, "reserve available reserved", "release reserved available",
              "lapse available lapsed"), {"lapsed": 30}),
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_event(books: Oracle, event: str) -> None:
    moves, expectation = EVENTS[event]
    by_decision = {"late", "overpay", "unpay"} & {move.kind for move in moves}
    cause = "decision/8" if event == "expiry" else "decision/9" if by_decision else "event"
    assert books.post(cause, MONTH, {VOUCHER: moves})
    expected = EMPTY | {"available": CAP - sum(expectation.values())}
    for role, amount in expectation.items():
        expected[role] += amount
    amounts = books.rights(VOUCHER)
    assert amounts == Rights(**expected)
    assert floors_broken(vars(amounts), rights_floors(CAP)) == sum_broken(vars(amounts)) == []
    assert cash_broken(amounts, cash(moves), CAP) == []


# A budget's and a cost book's, from nothing.
OTHERS = {
    "money is appropriated, and some of it cut": (
        BUDGET, [*chain(90, "appropriate appropriation free"),
                 *chain(40, "cut free appropriation")],
        {"appropriation": -50, "free": 50}),
    "committed, spent, come back in the year": (
        BUDGET, chain(50, "appropriate appropriation free", "commit free committed",
                      "spend committed spent", "unspend spent free"),
        {"appropriation": -50, "free": 50}),
    "committed, spent, come back in a later year": (
        BUDGET, chain(50, "appropriate appropriation free", "commit free committed",
                      "spend committed spent", "remit spent returned"),
        {"appropriation": -50, "returned": 50}),
    "spent before it was committed, and never paid after all": (
        BUDGET, chain(50, "appropriate appropriation free", "late_spend free spent",
                      "reopen spent committed"),
        {"appropriation": -50, "committed": 50}),
    "paid after the year was closed": (
        BUDGET, chain(50, "appropriate appropriation free", "surrender free returned",
                      "late_spend returned spent"),
        {"appropriation": -50, "spent": 50}),
    "committed and bounced; the year leaves it over": (
        BUDGET, chain(50, "appropriate appropriation free", "commit free committed",
                      "uncommit committed free", "surrender free returned"),
        {"appropriation": -50, "returned": 50}),
    "metered more than invoiced": (
        COST, [*chain(90, "meter metered clearing"), *chain(70, "invoice clearing invoiced"),
               *chain(20, "explain clearing R17")],
        {"metered": -90, "invoiced": 70, "R17": 20}),
    "invoiced more than metered": (
        COST, [*chain(90, "invoice clearing invoiced"), *chain(70, "meter metered clearing"),
               *chain(20, "explain R07 clearing")],
        {"metered": -70, "invoiced": 90, "R07": -20}),
    "a lower charge and a red invoice undo it": (
        COST, chain(90, "meter metered clearing", "invoice clearing invoiced",
                    "uninvoice invoiced clearing", "unmeter clearing metered"), {}),
    "recognised of a year, and some of it no longer": (
        YEAR, [*chain(50, "draw ceiling drawn"), *chain(20, "undraw drawn ceiling")],
        {"ceiling": -30, "drawn": 30}),
}  # fmt: skip


@pytest.mark.parametrize("event", OTHERS)
def test_event_of_another_book(books: Oracle, event: str) -> None:
    book, moves, expectation = OTHERS[event]
    assert books.post("event", MONTH, {book: moves})
    assert {role: fen for role, fen in books.books[book].items() if fen} == expectation
    assert sum_broken(books.books[book]) == []


@pytest.fixture
def with_pool(books: Oracle) -> Oracle:
    """The voucher draws on a year with 50, and that on a pool with 40."""
    books.open(POOL, year_floors(40))
    books.years[VOUCHER], books.pools[POOL] = (YEAR,), (YEAR,)
    books.post("metered", MONTH, {VOUCHER: chain(90, "accrue available accrued")})
    return books


def recognise(fen: int, *, year: int, pool: int) -> dict[int, list[Move]]:
    return {
        VOUCHER: chain(fen, "match accrued payable"),
        YEAR: chain(year, "draw ceiling drawn"),
        POOL: chain(pool, "draw ceiling drawn"),
    }


def test_what_is_recognised_is_drawn(with_pool: Oracle) -> None:
    assert with_pool.post("a", MONTH, recognise(40, year=40, pool=40))


@pytest.mark.parametrize(
    ("code", "fen", "year", "pool"),
    [("not_drawn", 40, 39, 39), ("not_drawn", 30, 40, 39), ("below_floor", 41, 41, 41)],
)
def test_more_than_is_drawn_is_not_recognised(
    with_pool: Oracle, code: str, fen: int, year: int, pool: int
) -> None:
    with pytest.raises(Refused, match=code):
        with_pool.post("a", MONTH, recognise(fen, year=year, pool=pool))


def test_what_is_drawn_stays_while_it_is_recognised(with_pool: Oracle) -> None:
    with_pool.post("a", MONTH, recognise(40, year=40, pool=40))
    with pytest.raises(Refused, match="not_drawn"):
        with_pool.post("b", MONTH, {POOL: chain(1, "undraw drawn ceiling")})
    back = chain(1, "undraw drawn ceiling")
    with pytest.raises(Refused, match="not_drawn"):
        with_pool.post("b", MONTH, {YEAR: back, POOL: back})
    back = chain(40, "undraw drawn ceiling")
    fall = {VOUCHER: chain(40, "unmatch payable accrued"), YEAR: back, POOL: back}
    assert with_pool.post("c", MONTH, fall)


def test_every_legal_move_has_its_event() -> None:
    posted_moves = [OPEN, LOWER, *(moves for moves, _ in EVENTS.values())]
    posted_moves += [moves for _, moves, _ in OTHERS.values()]
    rows = {(m.kind, m.from_role, m.to_role) for moves in posted_moves for m in moves}
    explained_rows = {move for move in LEGAL_MOVES if move[0] == "explain"}
    assert rows | explained_rows == LEGAL_MOVES
    differences = {role for role in COST_ROLES if role[0] == "R"}
    assert {role for move in explained_rows for role in move[1:]} == differences | {"clearing"}


def test_a_posting_of_two_books_is_done_as_a_whole(books: Oracle) -> None:
    pay = chain(30, "accrue available accrued", "match accrued payable", "list payable sent")
    commit = chain(30, "commit free committed")
    with pytest.raises(Refused, match="below_floor"):
        books.post("list", MONTH, {VOUCHER: pay, BUDGET: commit})
    assert books.rights(VOUCHER).sent == 0
    moves = chain(30, "appropriate appropriation free")
    assert books.post("list", MONTH, {VOUCHER: pay, BUDGET: [*moves, *commit]})
    assert books.rights(VOUCHER).sent == books.books[BUDGET]["committed"] == 30


def test_money_of_one_kind_of_book_does_not_move_in_another(books: Oracle) -> None:
    with pytest.raises(NotFound):
        books.post("bad", MONTH, {VOUCHER: chain(1, "appropriate appropriation free")})


# --- a promise is lowered by a decision ----------------------------------------------------

LOWER = chain(30, "withdraw available entitlement", "reduce entitlement clause")


def test_a_promise_is_lowered_by_its_decision_and_by_no_more(books: Oracle) -> None:
    more = chain(31, "withdraw available entitlement", "reduce entitlement clause")
    lapse = chain(1, "lapse available lapsed")
    wrong = [("event", LOWER), ("decision/8", LOWER), ("decision/9", LOWER), ("decision/7", lapse)]
    for cause, moves in [*wrong, ("decision/7", more)]:
        with pytest.raises(Refused, match="undecided"):
            books.post(cause, MONTH, {VOUCHER: moves})
    with pytest.raises(Refused, match="below_floor"):
        books.set_cap(7)  # first the promise, then the cap
    assert books.post("decision/7", MONTH, {VOUCHER: LOWER})
    books.set_cap(7)
    assert books.rights(VOUCHER).clause == books.floors[VOUCHER]["clause"] == -CAP + 30
    assert not books.post("decision/7", MONTH, {VOUCHER: LOWER})


def test_an_old_decision_brings_no_old_cap_back(books: Oracle) -> None:
    books.decisions[9] = CapDecision("cap", VOUCHER, cap=CAP + 9, before=CAP)
    books.set_cap(9)
    books.decisions[10] = CapDecision("cap", VOUCHER, cap=CAP, before=CAP + 9)
    books.set_cap(10)
    for decision in (9, 8, 11):
        with pytest.raises(Refused, match="undecided"):
            books.set_cap(decision)
    assert books.floors[VOUCHER]["clause"] == -CAP


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
        books.post("bad", MONTH, {4: chain(1, "accrue available accrued")})


def test_a_cause_is_posted_once(books: Oracle) -> None:
    moves = {1: chain(30, "accrue available accrued")}
    assert books.post("cause", MONTH, moves)
    assert not books.post("cause", MONTH, moves)
    assert books.rights(1).accrued == 30
    with pytest.raises(Conflict):
        books.post("cause", MONTH, {1: chain(31, "accrue available accrued")})
    with pytest.raises(Conflict):
        books.post("cause", date(2026, 12, 1), moves)
