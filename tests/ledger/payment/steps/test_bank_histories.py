"""The bank's rows in any order, true and made up, and two persons who decide anything of them.

A claim on a small voucher and a small budget is listed and listed again; rows pay and return, also
twice, late, beyond the sum and under references that were used; they are accepted, rejected and
undone. After every step the books are what the bank did as far as it was accepted, no claim is on
its way or paid twice, and no floor is broken (the database would refuse).
"""

from itertools import count

import psycopg
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests.support.accounts.machine import DatabaseMachine, answer, run_machine
from tests.support.payments import TODAY, Treasury

DUE, MONEY = 60, 200
EXPECTED = {
    *("claim_at_bank", "money_short", "not_undoable", "row_state", "reversal_changed", "None"),
    *("nothing_payable", "decision_open"),
}


class BankHistories(DatabaseMachine):
    """One claim, its lists, and the bank's rows about them."""

    numbers = count()

    @initialize(cap_left=st.sampled_from([0, 20, 500]))
    def open(self, cap_left: int) -> None:
        run = next(self.numbers)
        self.code, self.claim, self.indicator = f"p{run}", f"SQ-{run}", f"Z{run}"
        self.treasury = Treasury(self.owner, self.engine)
        self.treasury.indicator(MONEY, self.indicator)
        self.treasury.project(self.code, DUE, cap=DUE + cap_left)
        self.treasury.claim(self.code, DUE, self.claim)
        self.lists = [self.send()]

    def send(self) -> str:
        number = self.treasury.make([self.claim], self.indicator)
        self.treasury.confirm(number)
        return number

    def rows(self, *states: str) -> list[int]:
        query = (
            "SELECT r.id FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id"
            " WHERE s.number = ANY(%s) AND r.state = ANY(%s) ORDER BY r.id"
        )
        return [row[0] for row in self.owner.execute(query, (self.lists, list(states)))]

    @rule(
        place=st.integers(0, 3),
        result=st.sampled_from(["成功", "成功", "退回"]),
        fen=st.sampled_from([DUE, DUE, 20, 40, 90]),
        reused=st.booleans(),
    )
    def the_bank_says(self, place: int, result: str, fen: int, *, reused: bool) -> None:
        number = self.lists[place % len(self.lists)]
        reference = f"{self.claim}-r" if reused else f"{self.claim}-{next(self.numbers)}"
        text = f"{reference},{number},1,{result},0.{fen:02},{TODAY},"
        intake = self.treasury.bank(text, *[""] * (next(self.numbers) % 97))
        assert intake.findings == ()
        assert intake.rows + intake.waiting + intake.repeats == 1

    @rule(
        pick=st.integers(0, 9),
        ruling=st.sampled_from(["accept", "accept", "accept", "reject"]),
        recalled=st.booleans(),
    )
    def two_decide(self, pick: int, ruling: str, *, recalled: bool) -> None:
        if rows := self.rows("open"):
            self.decide(rows[pick % len(rows)], ruling, recalled=recalled)

    @rule(pick=st.integers(0, 9))
    def two_undo(self, pick: int) -> None:
        if rows := self.rows("booked", "accepted"):
            self.decide(rows[pick % len(rows)], "undo", recalled=False)

    def decide(self, row: int, ruling: str, *, recalled: bool) -> None:
        result = answer(lambda: self.treasury.rule_row(row, ruling, recalled=recalled))
        assert str(result) in EXPECTED

    @rule()
    def list_again(self) -> None:
        if any(p.number == self.claim and not p.held for p in self.treasury.queue()):
            self.lists.append(self.send())

    @invariant()
    def the_books_are_what_the_bank_did(self) -> None:
        rows = self.owner.execute(
            "SELECT r.result, r.fen, r.state, r.paid_fen, r.returned_fen, r.over_fen,"
            " r.outside_fen FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id"
            " WHERE s.number = ANY(%s)",
            (self.lists,),
        ).fetchall()
        cash = 0
        for result, fen, state, paid, back, over, outside in rows:
            if state in ("booked", "accepted"):
                bounced = paid + back  # what came back without having been paid
                cash += fen if result == "paid" else bounced - fen
                assert result == "returned" or paid + over + outside == fen
        lines = [self.treasury.line(number) for number in self.lists]
        assert cash == sum(paid + over + outside for paid, _, over, outside in lines)
        amounts = self.treasury.rights(self.code)
        in_books = sum(paid + over for paid, _, over, _ in lines)
        assert amounts.paid + amounts.recoverable == in_books
        money = self.treasury.money(self.indicator)
        assert (money.get("spent", 0), money.get("committed", 0)) == (in_books, amounts.sent)

    @invariant()
    def no_claim_is_paid_or_on_its_way_twice(self) -> None:
        (on_its_way, paid) = self.owner.execute(
            "SELECT sum(l.fen - l.returned_fen), sum(l.paid_fen) FROM payment_lines l"
            " JOIN claims c ON c.id = l.claim_id WHERE c.number = %s AND NOT l.void",
            (self.claim,),
        ).fetchone() or (0, 0)
        assert paid <= on_its_way <= DUE
        expected = "paid" if paid == DUE else "listed" if on_its_way > paid else "approved"
        assert self.treasury.state(self.claim) == expected


def test_histories(owner: psycopg.Connection, engine: sa.Engine) -> None:
    run_machine(BankHistories, owner, engine, examples=15, steps=20)
