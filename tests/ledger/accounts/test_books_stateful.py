"""The database and the oracle are given the same orders, and must agree about everything.

Hypothesis makes up histories of two vouchers, a budget and a cost book: legal and illegal moves,
causes used twice, several postings in one transaction, transactions that are undone, rebalancing to
random targets. After each step the balances are compared; after each history the books are audited
to the last entry. Histories that make sense are in `test_books_histories.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
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

from ledger.accounts.queries import Draft, balances, lock_book, post, post_many, rights
from ledger.accounts.rules import invariants
from ledger.accounts.rules.oracle import (
    BUDGET_ROLES,
    COST_ROLES,
    DECISION_MOVES,
    LEGAL_MOVES,
    ROLES,
    Oracle,
    budget_floors,
    cost_floors,
    rights_floors,
)
from ledger.accounts.rules.targets import Move, rebalance, target
from tests.support.accounts.machine import DatabaseMachine, answer, run_machine
from tests.support.vouchers import MONTH, chain, place_budget, place_cost_book, place_voucher

VOUCHERS = 2
PLACES = [*[ROLES] * VOUCHERS, BUDGET_ROLES, COST_ROLES[:5]]  # the roles of the book at each place
ONWARD = {"accrue", "match", "list", "pay", "recall", "set_off", "commit", "spend", "meter"}
LEGAL = [
    [move for move in sorted(LEGAL_MOVES) if {*move[1:]} <= {*roles}] for roles in PLACES
]  # at each place
USUAL = [
    [m for m in moves if m[0] not in DECISION_MOVES for _ in range(4 if m[0] in ONWARD else 1)]
    for moves in LEGAL
]
ROOM = 200  # fen: small, so that floors and caps are met all the time


def move_of(move: tuple[str, str, str], amount: int) -> Move:
    kind, source, goal = move
    return Move(kind, source, goal, amount)


amounts = st.integers(1, 40) | st.integers(-1, ROOM + 1)
any_move = st.tuples(
    st.sampled_from(sorted({kind for kind, _, _ in LEGAL_MOVES})),
    st.sampled_from(ROLES + BUDGET_ROLES),
    st.sampled_from(ROLES + BUDGET_ROLES),
)
wild_moves = st.builds(move_of, st.sampled_from(sorted(LEGAL_MOVES)) | any_move, amounts)
causes = st.integers(0, 99).map("cause/{}".format)
places = st.integers(0, len(PLACES) - 1)
vouchers = st.integers(0, VOUCHERS - 1)


def parts_at(place: int) -> st.SearchStrategy[tuple[int, list[Move]]]:
    moves = st.builds(move_of, st.sampled_from(LEGAL[place]), amounts)
    return st.tuples(st.just(place), st.lists(moves, min_size=1, max_size=4))


orders = st.lists(
    places.flatmap(parts_at), min_size=1, max_size=3, unique_by=lambda part: part[0]
).map(dict)
wild_orders = st.dictionaries(places, st.lists(wild_moves, min_size=1, max_size=2), min_size=1)
months = st.sampled_from([MONTH, date(2026, 10, 1)])
segments = st.lists(
    st.tuples(st.just(Fraction(30, 100)), st.integers(0, 500), st.integers(0, 500)), max_size=2
)
Order = Mapping[int, Sequence[Move]]


class Books(DatabaseMachine):
    """A few books in the database, and the same in the oracle."""

    numbers = count()

    @initialize()
    def open(self) -> None:
        run = next(self.numbers)
        self.run = run
        self.oracle = Oracle()
        vouchers = [
            place_voucher(self.owner, self.engine, ROOM, code=f"run{run}-{i}")
            for i in range(VOUCHERS)
        ]
        self.vouchers = [voucher.book_id for voucher in vouchers]
        budget = place_budget(self.owner, f"run{run}")
        cost = place_cost_book(self.owner, vouchers[0].project_id, f"run{run}")
        self.books = [*self.vouchers, budget, cost]
        self.oracle.open(budget, budget_floors())
        self.oracle.open(cost, cost_floors())
        for book in self.vouchers:
            self.oracle.open(book, rights_floors(ROOM))
            opening = chain(ROOM, "eligible clause entitlement", "issue entitlement available")
            self.oracle.post(f"open/{book}", MONTH, {book: opening})

    def draft(self, cause: str, service_day: date, order: Order) -> Draft:
        parts = {self.books[place]: part for place, part in order.items()}
        return Draft(f"{self.run}/{cause}", service_day, MONTH, "clerk", parts)

    def both(
        self,
        drafts: Sequence[Draft],
        in_database: Callable[[Session], object],
        *,
        undo: bool = False,
        any_fault: bool = False,
    ) -> None:
        """One transaction in the database, the same in the oracle; they agree how it ends.

        Of several faults in one statement the database may name another one than the oracle.
        """
        before = deepcopy(self.oracle)
        expected = answer(lambda: [self.oracle.post(d.cause, d.used_on, d.moves) for d in drafts])
        with Session(self.engine) as db:
            answer_here = answer(lambda: in_database(db))
            if undo or isinstance(answer_here, str):
                self.oracle = before
                db.rollback()
            else:
                db.commit()
        if any_fault and isinstance(answer_here, str):
            assert isinstance(expected, str)
        else:
            assert answer_here == expected

    def post_all(
        self, drafts: Sequence[Draft], *, undo: bool = False, any_fault: bool = False
    ) -> None:
        """Each draft by a call of its own, all in one transaction."""

        def work(db: Session) -> list[bool]:
            return [post(db, **vars(draft)) is not None for draft in drafts]

        self.both(drafts, work, undo=undo, any_fault=any_fault)

    @rule(cause=causes, place=places, data=st.data())
    def post_something_possible(self, cause: str, place: int, data: st.DataObject) -> None:
        """Moves of money that is there: this is what brings a history far."""
        book = self.books[place]
        spare = {
            role: min(balance - self.oracle.floors[book][role], ROOM)
            for role, balance in self.oracle.books[book].items()
        }
        part = []
        for _ in range(data.draw(st.integers(1, 5))):
            possible = [move for move in USUAL[place] if spare[move[1]] > 0]
            if not possible:
                break  # all of it has lapsed
            kind, source, goal = data.draw(st.sampled_from(possible))
            amount = data.draw(st.integers(1, spare[source]))
            spare[source] -= amount
            spare[goal] += amount
            part.append(Move(kind, source, goal, amount))
        if not part:
            return
        self.post_all([self.draft(cause, MONTH, {place: part})])

    @rule(cause=causes, service_day=months, order=orders)
    def post_one(self, cause: str, service_day: date, order: Order) -> None:
        self.post_all([self.draft(cause, service_day, order)])

    @precondition(lambda self: len(self.oracle.postings) > VOUCHERS)
    @rule(data=st.data(), change=st.booleans())
    def post_again(self, data: st.DataObject, *, change: bool) -> None:
        """The same cause, with the same content or with one move more."""
        cause = data.draw(st.sampled_from(list(self.oracle.postings)[VOUCHERS:]))
        service_day, order = self.oracle.postings[cause]
        book, part = next(iter(order.items()))
        again = {**order, book: [*part, part[0]]}
        self.post_all([Draft(cause, service_day, MONTH, "clerk", again if change else order)])

    @rule(cause=causes, order=wild_orders)
    def post_something_wild(self, cause: str, order: Order) -> None:
        self.post_all([self.draft(cause, MONTH, order)], any_fault=True)

    @rule(several=st.lists(st.tuples(causes, orders), min_size=2, max_size=4))
    def post_several(self, several: list[tuple[str, Order]]) -> None:
        self.post_all([self.draft(cause, MONTH, order) for cause, order in several])

    @rule(several=st.lists(st.tuples(causes, orders), min_size=1, max_size=3))
    def post_and_undo(self, several: list[tuple[str, Order]]) -> None:
        self.post_all([self.draft(cause, MONTH, order) for cause, order in several], undo=True)

    @rule(several=st.dictionaries(causes, orders, max_size=8))
    def post_a_batch(self, several: dict[str, Order]) -> None:
        drafts = [self.draft(cause, MONTH, order) for cause, order in several.items()]
        fresh = [draft.cause not in self.oracle.postings for draft in drafts]

        def work(db: Session) -> list[bool]:
            assert post_many(db, drafts) == sum(fresh)
            return fresh

        self.both(drafts, work, any_fault=True)

    @rule(place=vouchers, costs=segments)
    def rebalance(self, place: int, costs: list[tuple[Fraction, int, int]]) -> None:
        book = self.books[place]
        with Session(self.engine) as db, db.begin():
            lock_book(db, book)
            amounts = rights(db, book)
            earnings = sum((r * m for r, m, _ in costs), Fraction(0))
            uncapped = sum((r * (m + q) for r, m, q in costs), Fraction(0))
            aim = target(earnings, uncapped, amounts.room)
            moves = rebalance(amounts, aim)
            if moves:
                draft = self.draft(f"rebalance/{next(self.numbers)}", MONTH, {place: moves})
                assert self.oracle.post(draft.cause, draft.used_on, draft.moves)
                assert post(db, **vars(draft))
            after = rights(db, book)
        assert invariants.earned_broken(after, aim) == []
        assert invariants.provisional_broken(after, aim) == []

    @invariant()
    def balances_agree(self) -> None:
        with Session(self.engine) as db:
            for book in self.books:
                results = balances(db, book)
                assert results == self.oracle.books[book]
                assert invariants.floors_broken(results, self.oracle.floors[book]) == []
                assert invariants.sum_broken(results) == []
        for book in self.vouchers:
            moves = [order.get(book, ()) for _, order in self.oracle.postings.values()]
            cash = invariants.cash(move for part in moves for move in part)
            assert invariants.cap_broken(self.oracle.rights(book), ROOM) == []
            assert invariants.cash_broken(self.oracle.rights(book), cash, ROOM) == []


def test_database_and_oracle_agree(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run_machine(Books, owner, engine, examples=20, steps=30)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_database_and_oracle_agree_at_length(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run_machine(Books, owner, engine, examples=500, steps=80)
