"""What a voucher owes, and the moves that bring its money there, case by case and at random."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounts.rules import invariants
from ledger.accounts.rules.oracle import Oracle, rights_floors
from ledger.accounts.rules.targets import (
    Move,
    Rights,
    Target,
    after,
    rebalance,
    room_of,
    target,
    unused,
)
from tests.support.accounts.rights import LETTERS, book

THIRTY = Fraction(30, 100)
Costs = list[tuple[Fraction, int, int]]


def aim(costs: Costs, room: int) -> Target:
    """The target of costs by rate: matched, and metered but open, fen."""
    matched_sum = sum((rate * matched for rate, matched, _ in costs), Fraction(0))
    open_sum = sum((rate * metered for rate, _, metered in costs), Fraction(0))
    return target(matched_sum, matched_sum + open_sum, room)


def rights_after(rights: Rights, moves: tuple[Move, ...]) -> Rights:
    """The book after the moves, which the oracle must allow."""
    books = Oracle()
    books.open(1, rights_floors(-rights.clause))
    books.books[1] = dict(vars(rights))
    if moves:
        books.post("rebalance", date(2026, 11, 1), {1: moves})
    return books.rights(1)


def short(moves: tuple[Move, ...]) -> list[tuple[str, int]]:
    """Moves by the letters of their ends: [("AC", 30)]."""
    letters = {role: letter for letter, role in LETTERS.items()}
    return [(letters[m.from_role] + letters[m.to_role], m.amount) for m in moves]


# --- targets ------------------------------------------------------------------------------


def test_metered_cost_earns_its_rate_provisionally() -> None:
    assert aim([(THIRTY, 0, 1_000)], room=500) == Target(300, 0, 300, 0)


def test_matched_cost_is_earned() -> None:
    assert aim([(THIRTY, 400, 600)], room=500) == Target(300, 120, 300, 0)


def test_the_cap_cuts_and_says_how_much() -> None:
    assert aim([(THIRTY, 0, 2_000)], room=500) == Target(600, 0, 500, 100)
    assert aim([(THIRTY, 2_000, 1_000)], room=500) == Target(900, 500, 500, 400)


def test_the_whole_sum_is_rounded_once_and_half_up() -> None:
    assert aim([(THIRTY, 0, 5)], room=9).provisional_fen == 2  # 1.5
    assert aim([(THIRTY, 0, 1)] * 5, room=9).provisional_fen == 2  # 5 x 0.3, not 5 x 0
    assert aim([(THIRTY, 5, 0), (Fraction(1, 3), 3, 0)], room=9).earned_fen == 3  # 1.5 + 1


def test_each_policy_version_has_its_own_rate() -> None:
    both = [(THIRTY, 1_000, 0), (Fraction(20, 100), 0, 1_000)]
    assert aim(both, room=900) == Target(500, 300, 500, 0)


def test_no_cost_earns_nothing() -> None:
    assert aim([], room=500) == Target(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("costs", "room"),
    [([(THIRTY, -1, 0)], 5), ([(THIRTY, 0, -1)], 5), ([(-THIRTY, 1, 0)], 5), ([], -1)],
)
def test_negative_figures_are_refused(costs: Costs, room: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        aim(costs, room)


def test_more_earned_than_with_the_provisional_part_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        target(Fraction(2), Fraction(1), 5)


# --- the design's table, row by row -------------------------------------------------------

CASES = {
    "accrue from what is available": (
        book(A=500), [(THIRTY, 0, 100)], [("AC", 30)], book(A=470, C=30)),
    "accrue what is reserved first, then what is available": (
        book(A=490, H=10), [(THIRTY, 0, 100)], [("HC", 10), ("AC", 20)], book(A=470, C=30)),
    "accrue the difference, not the whole": (
        book(A=470, C=30), [(THIRTY, 0, 150)], [("AC", 15)], book(A=455, C=45)),
    "accrue no more than the room": (
        book(A=20, C=480), [(THIRTY, 0, 9_999)], [("AC", 20)], book(C=500)),
    "a corrected price gives back": (
        book(A=470, C=30), [(THIRTY, 0, 50)], [("CA", 15)], book(A=485, C=15)),
    "nothing changed, nothing moves": (
        book(A=470, C=30), [(THIRTY, 0, 100)], [], book(A=470, C=30)),
    "matched as metered": (
        book(A=470, C=30), [(THIRTY, 100, 0)], [("CS", 30)], book(A=470, S=30)),
    "matched in part, the rest still metered": (
        book(A=470, C=30), [(THIRTY, 40, 60)], [("CS", 12)], book(A=470, C=18, S=12)),
    "matched higher than accrued": (
        book(A=470, C=30), [(THIRTY, 200, 0)], [("AC", 30), ("CS", 60)], book(A=440, S=60)),
    "matched lower, below the cap": (
        book(A=470, C=30), [(THIRTY, 80, 0)], [("CS", 24), ("CA", 6)], book(A=476, S=24)),
    "matched lower, still at the cap": (
        book(C=500), [(THIRTY, 2_000, 0)], [("CS", 500)], book(S=500)),
    "red invoice before payment, not reissued": (
        book(A=470, S=30), [(THIRTY, 0, 0)], [("SC", 30), ("CA", 30)], book(A=500)),
    "red invoice before payment, to be reissued": (
        book(A=470, S=30), [(THIRTY, 0, 100)], [("SC", 30)], book(A=470, C=30)),
    "red invoice after payment": (
        book(A=470, P=30), [(THIRTY, 60, 0)], [("PX", 12)], book(A=470, P=18, X=12)),
    "red invoice when some is payable and some is paid": (
        book(A=440, S=30, P=30), [(THIRTY, 60, 0)], [("SC", 30), ("PX", 12), ("CA", 30)],
        book(A=470, P=18, X=12)),
    "reissued and matched: set off": (
        book(A=470, P=18, X=12), [(THIRTY, 100, 0)], [("XP", 12)], book(A=470, P=30)),
    "reissued for more: set off, then payable": (
        book(A=470, P=18, X=12), [(THIRTY, 120, 0)], [("XP", 12), ("AC", 6), ("CS", 6)],
        book(A=464, S=6, P=30)),
    "money on its way to the bank is left alone": (
        book(A=470, B=30), [(THIRTY, 60, 0)], [], book(A=470, B=30)),
    "what is on its way counts before what is paid": (
        book(A=440, B=30, P=30), [(THIRTY, 100, 0)], [("PX", 30)], book(A=440, B=30, X=30)),
    "a bounced payment is set off against what is to be paid back": (
        book(A=440, S=30, X=30), [(THIRTY, 100, 0)], [("XP", 30), ("SC", 30), ("CA", 30)],
        book(A=470, P=30)),
    "what is to be paid back takes room: provisional as far as it goes": (
        book(A=10, P=400, X=90), [(THIRTY, 1_000, 9_000)], [("PX", 100), ("AC", 10)],
        book(C=10, P=300, X=190)),
    "lapsed money is out of reach": (
        book(A=10, L=490), [(THIRTY, 0, 9_999)], [("AC", 10)], book(C=10, L=490)),
    "money that is not issued is out of reach": (
        book(E=490, A=10), [(THIRTY, 0, 9_999)], [("AC", 10)], book(E=490, C=10)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rebalance(case: str) -> None:
    before, cost_lines, moves, expected = CASES[case]
    found_moves = rebalance(before, aim(cost_lines, before.room))
    assert short(found_moves) == moves
    assert rights_after(before, found_moves) == after(before, found_moves) == expected


FORFEITS = {
    "set off after fraud: lost": (
        book(A=470, P=18, X=12), [(THIRTY, 100, 0)], [("XP", 12), ("AL", 12)],
        book(A=458, P=30, L=12)),
    "set off in part: the rest is still to be paid back": (
        book(A=470, P=18, X=12), [(THIRTY, 80, 0)], [("XP", 6), ("AL", 6)],
        book(A=464, P=24, X=6, L=6)),
    "nothing to set off: nothing is lost yet": (
        book(A=470, P=18, X=12), [(THIRTY, 60, 0)], [], book(A=470, P=18, X=12)),
    "what is to be paid back after fraud is no room": (
        book(A=10, P=400, X=90), [(THIRTY, 1_000, 9_000)], [("PX", 100), ("AC", 10)],
        book(C=10, P=300, X=190)),
    "no more is earned than the voucher still has": (
        book(A=20, P=400, X=80), [(THIRTY, 9_999, 0)], [("XP", 20), ("AL", 20)],
        book(P=420, X=60, L=20)),
    "what was reserved is lost where nothing else is left": (
        book(H=470, P=18, X=12), [(THIRTY, 100, 0)], [("XP", 12), ("HA", 12), ("AL", 12)],
        book(H=458, P=30, L=12)),
}  # fmt: skip


@pytest.mark.parametrize("case", FORFEITS)
def test_rebalance_after_fraud(case: str) -> None:
    before, cost_lines, moves, expected = FORFEITS[case]
    found_moves = rebalance(before, aim(cost_lines, room_of(before, forfeits=True)), forfeits=True)
    assert short(found_moves) == moves
    assert rights_after(before, found_moves) == expected


def test_a_target_made_for_another_book_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        rebalance(book(A=10), Target(11, 0, 11, 0))
    with pytest.raises(ValueError, match="does not fit"):
        rebalance(book(A=10), Target(5, 6, 5, 0))
    with pytest.raises(ValueError, match="does not fit"):
        rebalance(book(A=10, X=5), Target(11, 0, 11, 0), forfeits=True)


# --- whatever happened before -------------------------------------------------------------

fen = st.integers(0, 50) | st.integers(0, 10**15)
books = st.builds(book, **dict.fromkeys(LETTERS, fen))
rates = st.integers(0, 100).map(lambda percent: Fraction(percent, 100))
costs = st.lists(st.tuples(rates, fen, fen), max_size=4)


@given(books, costs)
def test_rebalancing_keeps_every_rule(before: Rights, cost_lines: Costs) -> None:
    goal = aim(cost_lines, before.room)
    moves = rebalance(before, goal)
    result = rights_after(before, moves)  # every move is legal and no account falls below its floor
    assert invariants.floors_broken(vars(result), rights_floors(-before.clause)) == []
    assert invariants.sum_broken(vars(result)) == []
    assert invariants.earned_broken(result, goal) == []
    assert invariants.provisional_broken(result, goal) == []
    assert invariants.cash(moves) == 0  # rebalancing pays nobody
    assert result.paid + result.recoverable == before.paid + before.recoverable
    assert (result.sent, result.room) == (before.sent, before.room)
    assert (result.entitlement, result.lapsed) == (before.entitlement, before.lapsed)


@given(books, costs)
def test_rebalancing_again_moves_nothing(before: Rights, cost_lines: Costs) -> None:
    goal = aim(cost_lines, before.room)
    assert rebalance(rights_after(before, rebalance(before, goal)), goal) == ()


@given(books, costs)
def test_nothing_goes_to_and_fro(before: Rights, cost_lines: Costs) -> None:
    kinds = [move.kind for move in rebalance(before, aim(cost_lines, before.room))]
    opposites = [("accrue", "unaccrue"), ("match", "unmatch"), ("set_off", "recall")]
    assert not any(kind in kinds and back in kinds for kind, back in opposites)


@given(books, costs)
def test_what_is_reserved_is_used_before_what_is_available(
    before: Rights, cost_lines: Costs
) -> None:
    result = rights_after(before, rebalance(before, aim(cost_lines, before.room)))
    assert result.available >= before.available or result.reserved == 0


@given(books, costs, costs)
def test_the_way_does_not_matter(
    before: Rights,
    first: Costs,
    last: Costs,
) -> None:
    """By way of any other target, what is paid, payable and accrued is the same in the end."""
    straight = rights_after(before, rebalance(before, aim(last, before.room)))
    detour = rights_after(before, rebalance(before, aim(first, before.room)))
    arrived = rights_after(detour, rebalance(detour, aim(last, before.room)))
    whole = arrived.available + arrived.reserved
    assert replace(arrived, available=whole, reserved=0) == replace(
        straight, available=straight.available + straight.reserved, reserved=0
    )


@given(books, costs)
def test_set_off_after_fraud_leaves_the_same_as_repaid_in_cash(
    before: Rights, cost_lines: Costs
) -> None:
    goal = aim(cost_lines, room_of(before, forfeits=True))
    moves = rebalance(before, goal, forfeits=True)
    set_off = rights_after(before, moves)
    assert invariants.cash(moves) == 0  # and nobody paid anything
    repaid = repaid_in_cash(before)
    in_cash = rights_after(repaid, rebalance(repaid, goal, forfeits=True))
    # What is payable is paid, and what is still to be paid back comes in cash.
    assert paid_out(repaid_in_cash(set_off)) == paid_out(repaid_in_cash(in_cash))


@given(books, costs)
def test_rebalancing_again_after_fraud_moves_nothing(before: Rights, cost_lines: Costs) -> None:
    goal = aim(cost_lines, room_of(before, forfeits=True))
    result = rights_after(before, rebalance(before, goal, forfeits=True))
    again = aim(cost_lines, room_of(result, forfeits=True))
    assert rebalance(result, again, forfeits=True) == ()


def repaid_in_cash(rights: Rights) -> Rights:
    return after(rights, [Move("forfeit", "recoverable", "lapsed", rights.recoverable)])


def paid_out(rights: Rights) -> Rights:
    listed = Move("list", "payable", "sent", rights.payable)
    return after(rights, [listed, Move("pay", "sent", "paid", rights.payable)])


@given(costs, fen)
def test_targets_are_in_order(cost_lines: Costs, room: int) -> None:
    goal = aim(cost_lines, room)
    assert 0 <= goal.earned_fen <= goal.provisional_fen <= room
    assert goal.provisional_fen + goal.cut_fen == goal.uncapped_fen
    exact = sum((rate * (m + q) for rate, m, q in cost_lines), Fraction(0))
    assert abs(goal.uncapped_fen - exact) <= Fraction(1, 2)


# --- reservations -------------------------------------------------------------------------


def test_what_is_used_is_taken_from_the_oldest_reservation() -> None:
    assert unused(90, [40, 20, 30]) == [40, 20, 30]
    assert unused(75, [40, 20, 30]) == [25, 20, 30]
    assert unused(35, [40, 20, 30]) == [0, 5, 30]
    assert unused(0, [40, 20, 30]) == [0, 0, 0]
    assert unused(0, []) == []


parts = st.lists(st.integers(1, 50), min_size=1, max_size=5)


@given(parts, st.data())
def test_a_released_reservation_takes_nothing_of_another(
    parts: list[int], data: st.DataObject
) -> None:
    reservation = data.draw(st.integers(0, sum(parts)))
    remainder = unused(reservation, parts)
    assert sum(remainder) == reservation
    which = data.draw(st.integers(0, len(parts) - 1))
    rest = [*parts[:which], *parts[which + 1 :]]
    assert unused(reservation - remainder[which], rest) == [
        *remainder[:which],
        *remainder[which + 1 :],
    ]


@given(parts, st.integers(1, 50), st.data())
def test_a_new_reservation_leaves_the_others_as_they_are(
    parts: list[int], fen: int, data: st.DataObject
) -> None:
    reservation = data.draw(st.integers(0, sum(parts)))
    assert unused(reservation + fen, [*parts, fen]) == [*unused(reservation, parts), fen]
