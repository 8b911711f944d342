"""The database and the oracle are given the same orders, and must agree about everything.

Hypothesis makes up histories of a few vouchers: legal and illegal moves, causes used twice, several
postings in one transaction, transactions that are undone, rebalancing to random targets. After
each step the balances are compared; after each history the books are audited to the last entry.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import date
from fractions import Fraction
from itertools import count

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from ledger.books.movements import Draft, lock_book, post, post_many, rights
from ledger.errors import LedgerError
from ledger.rules import oracle
from ledger.rules.oracle import LEGAL_MOVES, ROLES, Oracle
from ledger.rules.targets import Move, rebalance, target
from tests.vouchers import MONTH, audit, chain, place_voucher

BOOKS = 2
ONWARD = {"accrue", "match", "list", "pay", "recall", "set_off"}
USUAL = [move for move in sorted(LEGAL_MOVES) for _ in range(4 if move[0] in ONWARD else 1)]
ROOM = 200  # fen: small, so that floors and caps are met all the time


def made(move: tuple[str, str, str], amount: int) -> Move:
    kind, source, goal = move
    return Move(kind, source, goal, amount)


legal = st.sampled_from(sorted(LEGAL_MOVES))
any_move = legal | st.tuples(
    st.sampled_from(sorted({kind for kind, _, _ in LEGAL_MOVES})),
    st.sampled_from(ROLES),
    st.sampled_from(ROLES),
)
amounts = st.integers(1, 40) | st.integers(-1, ROOM + 1)
moves = st.builds(made, legal, amounts)
wild_moves = st.builds(made, any_move, amounts)
causes = st.integers(0, 99).map("cause/{}".format)
places = st.integers(0, BOOKS - 1)
orders = st.dictionaries(places, st.lists(moves, min_size=1, max_size=4), min_size=1)
wild_orders = st.dictionaries(places, st.lists(wild_moves, min_size=1, max_size=2), min_size=1)
months = st.sampled_from([MONTH, date(2026, 10, 1)])
segments = st.lists(
    st.tuples(st.just(Fraction(30, 100)), st.integers(0, 500), st.integers(0, 500)), max_size=2
)
Order = Mapping[int, Sequence[Move]]


class Books(RuleBasedStateMachine):
    """A few vouchers in the database, and the same in the oracle."""

    owner: psycopg.Connection
    engine: sa.Engine
    numbers = count()

    @initialize()
    def open(self) -> None:
        run = next(self.numbers)
        self.run = run
        self.oracle = Oracle()
        vouchers = [
            place_voucher(self.owner, self.engine, ROOM, code=f"run{run}-{i}") for i in range(BOOKS)
        ]
        self.books = [voucher.book for voucher in vouchers]
        for book in self.books:
            self.oracle.open(book, ROOM)
            opening = chain(ROOM, "eligible clause entitlement", "issue entitlement available")
            self.oracle.post(f"open/{book}", MONTH, {book: opening})

    def draft(self, cause: str, used: date, order: Order) -> Draft:
        placed = {self.books[place]: part for place, part in order.items()}
        return Draft(f"{self.run}/{cause}", used, MONTH, "clerk", placed)

    def both(
        self,
        drafts: Sequence[Draft],
        in_database: Callable[[Session], object],
        *,
        undo: bool = False,
        one_statement: bool = False,
    ) -> None:
        """One transaction in the database, the same in the oracle; they agree how it ends.

        One statement with several faults may name another of them than the oracle.
        """
        before = deepcopy(self.oracle)
        expected = answer(lambda: [self.oracle.post(d.cause, d.used, d.moves) for d in drafts])
        with Session(self.engine) as db:
            found = answer(lambda: in_database(db))
            if undo or isinstance(found, str):
                self.oracle = before
                db.rollback()
            else:
                db.commit()
        if one_statement and isinstance(found, str):
            assert isinstance(expected, str)
        else:
            assert found == expected

    def post_all(self, drafts: Sequence[Draft], *, undo: bool = False) -> None:
        """Each draft by a call of its own, all in one transaction."""

        def work(db: Session) -> list[bool]:
            return [post(db, **vars(draft)) is not None for draft in drafts]

        self.both(drafts, work, undo=undo)

    @rule(cause=causes, place=places, data=st.data())
    def post_something_possible(self, cause: str, place: int, data: st.DataObject) -> None:
        """Moves of money that is there: this is what brings a history far."""
        book = self.books[place]
        spare = {
            role: balance - self.oracle.floors[book][role]
            for role, balance in vars(self.oracle.rights(book)).items()
        }
        part = []
        for _ in range(data.draw(st.integers(1, 5))):
            possible = [move for move in USUAL if spare[move[1]] > 0]
            if not possible:
                return  # all of it has lapsed
            kind, source, goal = data.draw(st.sampled_from(possible))
            amount = data.draw(st.integers(1, spare[source]))
            spare[source] -= amount
            spare[goal] += amount
            part.append(Move(kind, source, goal, amount))
        self.post_all([self.draft(cause, MONTH, {place: part})])

    @rule(cause=causes, used=months, order=orders)
    def post_one(self, cause: str, used: date, order: Order) -> None:
        self.post_all([self.draft(cause, used, order)])

    @precondition(lambda self: len(self.oracle.posted) > BOOKS)
    @rule(data=st.data(), change=st.booleans())
    def post_again(self, data: st.DataObject, *, change: bool) -> None:
        """The same cause, with the same content or with one move more."""
        cause = data.draw(st.sampled_from(list(self.oracle.posted)[BOOKS:]))
        used, order = self.oracle.posted[cause]
        book, part = next(iter(order.items()))
        again = {**order, book: [*part, Move("accrue", "available", "accrued", 1)]}
        self.post_all([Draft(cause, used, MONTH, "clerk", again if change else order)])

    @rule(cause=causes, order=wild_orders)
    def post_something_wild(self, cause: str, order: Order) -> None:
        self.post_all([self.draft(cause, MONTH, order)])

    @rule(several=st.lists(st.tuples(causes, orders), min_size=2, max_size=4))
    def post_several(self, several: list[tuple[str, Order]]) -> None:
        self.post_all([self.draft(cause, MONTH, order) for cause, order in several])

    @rule(several=st.lists(st.tuples(causes, orders), min_size=1, max_size=3))
    def post_and_undo(self, several: list[tuple[str, Order]]) -> None:
        self.post_all([self.draft(cause, MONTH, order) for cause, order in several], undo=True)

    @rule(several=st.dictionaries(causes, orders, max_size=8))
    def post_a_batch(self, several: dict[str, Order]) -> None:
        drafts = [self.draft(cause, MONTH, order) for cause, order in several.items()]
        fresh = [draft.cause not in self.oracle.posted for draft in drafts]

        def work(db: Session) -> list[bool]:
            assert post_many(db, drafts) == sum(fresh)
            return fresh

        self.both(drafts, work, one_statement=True)

    @rule(place=places, costs=segments)
    def rebalance(self, place: int, costs: list[tuple[Fraction, int, int]]) -> None:
        book = self.books[place]
        with Session(self.engine) as db, db.begin():
            lock_book(db, book)
            held = rights(db, book)
            aim = target(costs, held.room)
            found = rebalance(held, aim)
            if found:
                draft = self.draft(f"rebalance/{next(self.numbers)}", MONTH, {place: found})
                assert self.oracle.post(draft.cause, draft.used, draft.moves)
                assert post(db, **vars(draft))
            after = rights(db, book)
        assert oracle.earned_broken(after, aim) == []
        assert oracle.provisional_broken(after, aim) == []

    @invariant()
    def balances_agree(self) -> None:
        with Session(self.engine) as db:
            for book in self.books:
                found = rights(db, book)
                assert found == self.oracle.rights(book)
                posted = [order.get(book, ()) for _, order in self.oracle.posted.values()]
                cash = oracle.cash(move for part in posted for move in part)
                assert oracle.floors_broken(found, ROOM) == []
                assert oracle.promise_broken(found) == []
                assert oracle.cash_broken(found, cash, ROOM) == []

    def teardown(self) -> None:
        assert audit(self.owner) == []


def answer(work: Callable[[], object]) -> object:
    """What the work returns, or the code of the error that it raises."""
    try:
        return work()
    except LedgerError as error:
        return error.code


def run(owner: psycopg.Connection, engine: sa.Engine, examples: int, steps: int) -> None:
    class Here(Books):
        pass

    Here.owner, Here.engine = owner, engine
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_database_and_oracle_agree(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run(owner, engine, examples=30, steps=30)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_database_and_oracle_agree_at_length(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run(owner, engine, examples=500, steps=80)
