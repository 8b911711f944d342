"""Histories that make sense, made up at random: the database, the oracle and the rules agree.

Two vouchers under two policy versions, a budget of each year and the cost book of a month live
through what the design's table of events knows: usage is metered, matched, reversed before and
after its payment, reissued; money is reserved, listed, paid, bounced, comes back in the same year
or later, also after fraud; caps go up and down, vouchers lapse, years end. Every amount may be one
too many: then both refuse.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import count

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlmodel import Session

from ledger.accounts.queries import Draft, balances, post
from ledger.accounts.rules import invariants
from ledger.accounts.rules.oracle import (
    CapDecision,
    Oracle,
    budget_floors,
    cost_floors,
    rights_floors,
)
from ledger.accounts.rules.targets import Move, Rights, rebalance, target
from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.payment.codes import LineResult
from ledger.payment.rules.payment_list import answer_moves, listed, refund_moves
from ledger.reconciliation.rules.clearing import Exclusion, clear, settle
from ledger.vouchers.steps.caps import lower_moves, raise_moves
from tests.support.accounts.machine import DatabaseMachine, answer, run_machine
from tests.support.vouchers import (
    MONTH,
    chain,
    place_budget,
    place_cost_book,
    place_decision,
    place_voucher,
)

CAP = 200
RATES = Fraction(30, 100), Fraction(20, 100)  # of the two policy versions

vouchers = st.integers(0, 1)
costs = st.tuples(*[st.tuples(st.integers(0, 600), st.integers(0, 600)) for _ in RATES])
parts = st.integers(1, 8)  # eighths of what there is; the last is one fen too many


class Histories(DatabaseMachine):
    """Vouchers, budgets and a month in the database, and the same in the oracle."""

    numbers = count()

    @initialize()
    def open(self) -> None:
        run = next(self.numbers)
        self.oracle = Oracle()
        self.vouchers = [
            place_voucher(self.owner, self.engine, CAP, code=f"run{run}-{i}") for i in range(2)
        ]
        self.books = [voucher.book_id for voucher in self.vouchers]
        self.caps = [CAP, CAP]
        self.costs: list[Sequence[tuple[int, int]]] = [[(0, 0), (0, 0)]] * 2
        self.year = 2026
        self.budgets = {
            year: place_budget(self.owner, f"run{run}", year) for year in (2026, 2027, 2028)
        }
        self.month = place_cost_book(self.owner, self.vouchers[0].project_id, f"run{run}")
        opening = chain(CAP, "eligible clause entitlement", "issue entitlement available")
        for book in self.books:
            self.oracle.open(book, rights_floors(CAP))
            self.oracle.post(f"open/{book}", MONTH, {book: opening})
        for book in self.budgets.values():
            self.oracle.open(book, budget_floors())
            assert self.both({book: chain(3 * CAP, "appropriate appropriation free")})
        self.oracle.open(self.month, cost_floors())

    def rights(self, place: int) -> Rights:
        return self.oracle.rights(self.books[place])

    def both(self, moves: Mapping[int, Sequence[Move]], cause: str = "") -> bool:
        """Post in the database and in the oracle; whether it was possible, on which they agree."""
        cause = cause or f"history/{next(self.numbers)}"
        moves = {book: part for book, part in moves.items() if part}
        if not moves:
            return True
        expected = answer(lambda: self.oracle.post(cause, MONTH, moves))
        draft = Draft(cause, MONTH, MONTH, "x", moves)
        with Session(self.engine) as db:
            answer_here = answer(lambda: post(db, **vars(draft)) is not None)
            if answer_here is True:
                db.commit()
        assert answer_here == expected
        return answer_here is True

    def some(self, fen: int, eighths: int) -> int:
        """A part of an amount, or one fen more than there is."""
        return fen + 1 if eighths == 8 else max(fen * eighths // 7, 1)

    @property
    def budget(self) -> int:
        return self.budgets[self.year]

    @rule(place=vouchers, now=costs)
    def meter_and_match(self, place: int, now: Sequence[tuple[int, int]]) -> None:
        self.costs[place] = now
        self.accrue(place)

    @precondition(lambda self: any(m for cost in self.costs for m, _ in cost))
    @rule(part=parts, reissue=st.booleans())
    def reverse(self, part: int, *, reissue: bool) -> None:
        """A red invoice: less is matched, and perhaps a new one is to come."""
        place = max(range(2), key=lambda place: (self.rights(place).paid, *self.costs[place]))
        segments = list(self.costs[place])
        version = max(range(2), key=lambda version: segments[version])
        matched, metered = segments[version]
        red = min(self.some(matched, part), matched)
        segments[version] = (matched - red, metered + red * reissue)
        self.costs[place] = segments
        self.accrue(place)

    @rule(place=vouchers, fen=st.integers(1, 400), part=parts, last=st.booleans())
    def onward(self, place: int, fen: int, part: int, *, last: bool) -> None:
        """Whatever comes next on the way to the bank, and back: this brings a history far."""
        for _ in range(3):
            amounts = self.rights(place)
            if amounts.recoverable and fen > 100:
                self.money_comes_back(part=part, last=last, fraud=fen > 300)
            elif amounts.sent:
                self.bank_answers(place=place, part=part, paid=True)
            elif amounts.payable:
                self.put_on_a_list(place=place, part=part)
            else:
                matched, metered = self.costs[place][0]
                first = (matched + metered, 0) if amounts.accrued else (matched, metered + fen)
                self.meter_and_match(place=place, now=[first, self.costs[place][1]])

    @rule(place=vouchers)
    def accrue(self, place: int) -> None:
        amounts = self.rights(place)
        costs = self.costs[place]
        earnings = sum(rate * m for rate, (m, _) in zip(RATES, costs, strict=True))
        uncapped = sum(rate * (m + q) for rate, (m, q) in zip(RATES, costs, strict=True))
        aim = target(Fraction(earnings), Fraction(uncapped), amounts.room)
        assert self.both({self.books[place]: rebalance(amounts, aim)})
        after = self.rights(place)
        assert invariants.earned_broken(after, aim) == []
        assert invariants.provisional_broken(after, aim) == []

    @rule(place=vouchers, part=parts)
    def reserve(self, place: int, part: int) -> None:
        fen = self.some(self.rights(place).available, part)
        self.both({self.books[place]: chain(fen, "reserve available reserved")})

    @precondition(lambda self: any(self.rights(place).reserved for place in range(2)))
    @rule(part=parts)
    def release(self, part: int) -> None:
        place = max(range(2), key=lambda place: self.rights(place).reserved)
        fen = self.some(self.rights(place).reserved, part)
        self.both({self.books[place]: chain(fen, "release reserved available")})

    @rule(part=parts, more=st.booleans())
    def appropriate(self, part: int, *, more: bool) -> None:
        if more:
            assert self.both({self.budget: chain(20 * part, "appropriate appropriation free")})
        else:
            fen = self.some(self.oracle.books[self.budget]["free"], part)
            self.both({self.budget: chain(fen, "cut free appropriation")})

    @rule(place=vouchers, part=parts)
    def put_on_a_list(self, place: int, part: int) -> None:
        voucher, budget = listed(self.some(self.rights(place).payable, part))
        self.both({self.books[place]: [voucher], self.budget: [budget]})

    @rule(place=vouchers, part=parts, paid=st.booleans())
    def bank_answers(self, place: int, part: int, *, paid: bool) -> None:
        fen = self.some(self.rights(place).sent, part)
        voucher, budget = answer_moves(LineResult.PAID if paid else LineResult.RETURNED, fen)
        self.both({self.books[place]: [voucher], self.budget: [budget]})

    @precondition(lambda self: any(self.rights(place).recoverable for place in range(2)))
    @rule(part=parts, last=st.booleans(), fraud=st.booleans())
    def money_comes_back(self, part: int, *, last: bool, fraud: bool) -> None:
        """To the indicator that paid it: to be spent again, or to the treasury in a later year."""
        place = max(range(2), key=lambda place: self.rights(place).recoverable)
        year = max(self.year - last, 2026)
        fen = self.some(self.rights(place).recoverable, part)
        voucher, budget = refund_moves(fen, fraud=fraud, to_treasury=year < self.year)
        self.both({self.books[place]: [voucher], self.budgets[year]: [budget]})

    @rule()
    def year_ends(self) -> None:
        """What the bank has comes back, and what is then free is surrendered."""
        if self.year == 2028:
            return
        for place, book in enumerate(self.books):
            if sent_fen := self.rights(place).sent:
                voucher, budget = answer_moves(LineResult.RETURNED, sent_fen)
                assert self.both({book: [voucher], self.budget: [budget]})
        if free := self.oracle.books[self.budget]["free"]:
            assert self.both({self.budget: chain(free, "surrender free returned")})
        self.year += 1

    @rule(place=vouchers, cap=st.integers(1, 2 * CAP))
    def change_cap(self, place: int, cap: int) -> None:
        before, book = self.caps[place], self.books[place]
        content = {"voucher": self.vouchers[place].id, "cap_fen": cap, "before_fen": before}
        key = place_decision(self.owner, "cap", content)
        self.oracle.decisions[key] = CapDecision("cap", book, cap, before)
        less = lower_moves(before - cap, self.rights(place)) if cap < before else []
        possible = self.both({book: less}, f"decision/{key}")
        expected = answer(lambda: self.oracle.set_cap(key))
        with Session(self.engine) as db:
            try:
                db.execute(sa.text("SELECT set_cap(:key)"), {"key": key})
                db.commit()
            except sa.exc.IntegrityError:
                assert expected == "below_floor"
        assert (expected is None) == possible
        if possible:
            self.caps[place] = cap
            more = raise_moves(cap - before) if cap > before else []
            assert self.both({book: more}, f"decision/{key}")

    @rule(place=vouchers, chance=st.integers(0, 5))
    def lapse(self, place: int, chance: int) -> None:
        """Mostly without a decision, and so refused: a voucher that lapsed has no more history."""
        amounts, book = self.rights(place), self.books[place]
        key = place_decision(self.owner, "lapse", {"voucher": self.vouchers[place].id})
        self.oracle.decisions[key] = CapDecision("lapse", book)
        moves = [
            *(chain(amounts.reserved, "release reserved available") if amounts.reserved else []),
            *chain(max(amounts.available + amounts.reserved, 1), "lapse available lapsed"),
        ]
        self.both({book: moves}, "" if chance else f"decision/{key}")

    @rule(
        metered=st.integers(0, 500),
        invoiced=st.integers(0, 500),
        excluded=st.lists(st.integers(0, 200), max_size=2),
        close=st.booleans(),
    )
    def clear_the_month(
        self, metered: int, invoiced: int, excluded: list[int], *, close: bool
    ) -> None:
        cell = Cell(1, date(2026, 11, 1), Part.COMPUTE, "model", metered, invoiced)
        out = [Exclusion(f"R0{i + 3}", i, 1, fen, "x") for i, fen in enumerate(excluded)]
        outcome = settle(cell, out, close=close)
        assert self.both({self.month: clear(self.oracle.books[self.month], [outcome])})
        differences: dict[str, int] = {}
        for typed in outcome.typed:
            differences[typed.code] = differences.get(typed.code, 0) + typed.fen
        balance = self.oracle.books[self.month]
        assert invariants.cost_broken(balance, metered, invoiced, differences) == []

    @invariant()
    def everything_agrees(self) -> None:
        with Session(self.engine) as db:
            for book, expected in self.oracle.books.items():
                results = balances(db, book)
                assert results == expected
                assert invariants.floors_broken(results, self.oracle.floors[book]) == []
                assert invariants.sum_broken(results) == []
        for place, book in enumerate(self.books):
            posted_moves = [moves.get(book, ()) for _, moves in self.oracle.postings.values()]
            cash = invariants.cash(move for part in posted_moves for move in part)
            amounts, cap = self.rights(place), self.caps[place]
            assert invariants.cap_broken(amounts, cap) == []
            assert invariants.cash_broken(amounts, cash, cap) == []
        every = [self.rights(place) for place in range(2)]
        budgets = [self.oracle.books[book] for book in self.budgets.values()]
        assert invariants.budget_broken(every, budgets) == []


def test_histories(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run_machine(Histories, owner, engine, examples=25, steps=40)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_histories_at_length(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run_machine(Histories, owner, engine, examples=400, steps=100)
