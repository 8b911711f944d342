"""The database and the oracle are given the same months, and must agree about every figure.

Hypothesis makes up what happens to a project's two months: usage, also late; prices stated anew,
by value, day, name and selector, and taken back; a package; the holder bound to another project and
back; invoices of one line or two, red ones of a part or of all, also unclear ones; months decided,
also anew, with what was carried over and billed later; falls refused and confirmed; a second
version and other rates, the voucher's days, its lapse; what is deducted at the centre's counter,
and falls with its bill; claims, lists, shares of the city and the district, the bank's rows and
what is paid back (`tests/support/months/payout_rules.py`). After each step every cell, claim, line
and balance is what plain arithmetic says; at the end the books are audited.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.documents.rules.cost_document import Document
from ledger.documents.steps import receipts
from ledger.errors import LedgerError
from ledger.payment.steps import bank_return
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from tests.support.months.counter import Deducted
from tests.support.months.office import APRIL, CAP, MARCH, POLICY, Office, days, package, price
from tests.support.months.oracle import Line, MonthOracle
from tests.support.months.payout_rules import PayoutRules
from tests.support.months.usage import Bought
from tests.support.people import let_everybody_act
from tests.support.postgres import TEMPLATE, Server
from tests.support.reconciliation import LATER

START = datetime(2026, 6, 1, 4, tzinfo=UTC)
RATES = [Fraction(1, 10), Fraction(1, 3)]  # that the clause has besides its own
MONTHS = [MARCH, APRIL]
EVERY_DAY = days(MARCH, date(2026, 4, 30))
USED = [*days(MARCH, date(2026, 3, 6)), *days(APRIL, date(2026, 4, 4))]
CUTS = [date(2026, 3, 3), date(2026, 3, 5), date(2026, 4, 1), date(2026, 4, 3)]
YUAN = st.sampled_from([10, 20, 45])
OVER = "until: 2026-02-28"  # a line that is over before anything was used

in_months = st.sampled_from(MONTHS)
cuts = st.sampled_from(CUTS)


class Months(PayoutRules):
    """Two months of one project."""

    server: Server
    numbers = count()

    def __init__(self) -> None:
        super().__init__()
        self.name = f"months_{self.server.engine}_{next(self.numbers)}".replace("-", "_")
        self.database = self.server.create(self.name, TEMPLATE)
        self.owner = psycopg.connect(self.database.owner_url, autocommit=True)
        let_everybody_act(self.owner)
        self.engine = self.database.engine()

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.engine.dispose()
            self.owner.close()
            self.server.drop(self.name)

    @initialize(
        yuan=YUAN, hours=st.integers(1, 4), ahead=st.integers(0, 5),
        weights=st.sampled_from([{"Z1": 1}, {"Z1": 70, "Q1": 30}, {"Z1": 1, "Q1": 2}]),
    )  # fmt: skip
    def begin(self, yuan: int, hours: int, ahead: int, weights: dict[str, int]) -> None:
        """Usage of two months; it may be billed and decided, claimed, approved and sent already."""
        self.office = Office(self.database, self.engine, self.owner, START)
        self.oracle = MonthOracle(MONTHS, CAP)
        for place, rate in enumerate(RATES):
            self.owner.execute(
                "INSERT INTO clause_rates VALUES (%s, '09-1', %s, %s, %s, '另一比例')",
                (POLICY, place, rate.numerator, rate.denominator),
            )
        self.bills: list[tuple[Document, list[Line]]] = []
        self.exact_yuan = 0
        self.begin_payouts(weights)
        self.office.prices(price(yuan))
        self.oracle.price = dict.fromkeys(EVERY_DAY, yuan * 100)
        self.use(MARCH, hours)
        self.use(APRIL, hours)
        if ahead:
            for month in MONTHS:
                self.invoice(month, self.oracle.metered((month, "compute")))
                self.decide(month)
        if ahead > 1:
            self.claim(1, 0, one_month=ahead == 5)
            self.approve(0, 1)
            self.make_a_list(0)
            self.answer_the_list(Answer.CONFIRMED)

    # used, and at what price

    @rule(day=st.sampled_from(USED), hours=st.integers(1, 4))
    def use(self, day: date, hours: int) -> None:
        self.office.use([day], hours)
        self.oracle.hours[day] += hours
        self.oracle.settle()

    @rule(yuan=YUAN, later=YUAN, cut=cuts, name=st.sampled_from(["", "name: 按量"]))
    def state_prices(self, yuan: int, later: int, cut: date, name: str) -> None:
        before = cut - timedelta(days=1)
        lines = [price(yuan, name)]
        if later != yuan:
            more = f", {name}" if name else ""
            lines = [price(yuan, f"until: {before}{more}"), price(later, f"from: {cut}{more}")]
        self.office.prices(*lines)
        self.oracle.price = {d: (yuan if d < cut else later) * 100 for d in EVERY_DAY}
        self.oracle.settle()

    @rule(yuan=YUAN, cut=cuts)
    def state_or_take_back_an_exact_line(self, yuan: int, cut: date) -> None:
        model = "model: H100-80G"
        if self.exact_yuan:
            self.office.prices(price(self.exact_yuan, f"{model}, {OVER}"))
            self.exact_yuan, self.oracle.exact = 0, {}
        else:
            self.office.prices(price(yuan, f"{model}, until: {cut}"))
            self.exact_yuan = yuan
            self.oracle.exact = {d: yuan * 100 for d in EVERY_DAY if d <= cut}
        self.oracle.settle()

    @precondition(lambda self: self.oracle.bought is None)
    @rule(hours=st.sampled_from([3, 6, 12]), yuan=st.sampled_from([7, 15]))
    def buy_a_package(self, hours: int, yuan: int) -> None:
        self.office.prices(package(hours, yuan, "from: 2026-03-01, expires: 2026-04-30"))
        self.oracle.bought = Bought(hours, yuan * 100, MONTHS)
        self.oracle.settle()

    @rule(cut=cuts)
    def bind_to_another_project_or_back(self, cut: date) -> None:
        since = min(self.oracle.elsewhere, default=cut)
        until = max(self.oracle.elsewhere, default=cut + timedelta(days=1))
        self.office.bind("a", "p1" if self.oracle.elsewhere else "p2", since, until)
        self.oracle.elsewhere = set() if self.oracle.elsewhere else {since, until}
        self.oracle.settle()

    # invoiced

    @rule(month=in_months, part=st.sampled_from([1, 2, 3]), more=st.sampled_from([0, 0, 500, 7]))
    def bill(self, month: date, part: int, more: int) -> None:
        """All that is open of a month, or a part of it, or more, also by a few fen."""
        open_fen = sum(self.oracle.room(cell) for cell in self.oracle.cells(month))
        open_fen += sum(self.oracle.room(c) for c in self.oracle.cells() if c[0] < month)
        fen = open_fen // part + more
        assume(fen > 2_000)
        self.invoice(month, fen)

    @rule(month=in_months, first=st.sampled_from([1, 2]), short=st.sampled_from([0, 90]))
    def bill_two_lines(self, month: date, first: int, short: int) -> None:
        open_fen = sum(self.oracle.room(cell) for cell in self.oracle.cells(month)) - short
        assume(open_fen > 5_000)
        self.invoice(month, open_fen * first // 3, open_fen - open_fen * first // 3)

    @precondition(lambda self: self.oracle.bought is not None)
    @rule(month=in_months)
    def bill_the_package(self, month: date) -> None:
        assert self.oracle.bought
        self.invoice(month, self.oracle.bought.hours * self.oracle.bought.price)

    def invoice(self, month: date, *fen: int) -> None:
        document = self.office.bill(*fen, month=month)
        lines = [Line(len(self.bills), month, part) for part in fen]
        self.bills.append((document, lines))
        self.payouts.counter.bill(document.gross_fen)
        self.oracle.lines += lines
        self.oracle.match()
        self.oracle.settle()

    @precondition(lambda self: self.bills)
    @rule(data=st.data(), share=st.sampled_from([1, 2, 5]))
    def reverse(self, data: st.DataObject, share: int) -> None:
        """A red one of a line or of all; where it may mean two lines, two persons choose."""
        every = [(bill, n) for bill, (_, lines) in enumerate(self.bills) for n in range(len(lines))]
        self.take_back(*data.draw(st.sampled_from(every)), share)

    def take_back(self, bill: int, place: int, share: int) -> None:
        document, lines = self.bills[bill]
        line = lines[place]
        assume(line.fen // share > 0)
        fen = line.fen // share
        able = [one_line for one_line in lines if one_line.fen >= fen]
        exact = [item for item in able if item.fen == fen]
        red = self.office.red(document, fen)
        self.payouts.counter.left[bill] += red.gross_fen
        whole = fen == sum(item.fen for item in lines)
        if len(able) > 1 and len(exact) != 1 and not whole:
            self.agree()
            self.office.choose_parts(red, {place + 1: fen})
        elif len(able) > 1 and len(exact) == 1:
            (line,) = exact
        self.oracle.red(line, fen)
        self.match()

    @rule()
    def match(self) -> None:
        self.office.match()
        self.oracle.match()
        self.oracle.settle()

    # at the counter

    @precondition(lambda self: self.payouts.counter.deductible())
    @rule(pick=st.integers(0, 9), part=st.sampled_from([3, 4, 10]))
    def deduct(self, pick: int, part: int) -> None:
        """The builder paid a bill less a part of it, which the centre may claim."""
        counter = self.payouts.counter
        bills = counter.deductible()
        bill = bills[pick % len(bills)]
        left_fen = counter.left[bill]
        fen = left_fen // part
        assume(fen)
        self.cashier.deduct(self.bills[bill][0], fen, left_fen - fen)
        counter.deductions.append(Deducted(bill, fen, fen))

    @precondition(lambda self: self.payouts.counter.deductions)
    @rule(pick=st.integers(0, 9), answer=st.sampled_from([Answer.CONFIRMED, Answer.REFUSED]))
    def lower_a_deduction(self, pick: int, answer: Answer) -> None:
        counter = self.payouts.counter
        place = pick % len(counter.deductions)
        falls = place in counter.falling()
        proposal = self.expect(lambda: self.cashier.propose_less(place + 1), falls)
        if proposal is not None:
            self.agree()
            self.office.confirm(proposal, answer)
            if answer is Answer.CONFIRMED:
                deduction = counter.deductions[place]
                deduction.held_fen = counter.counted(deduction)

    # decided

    @rule(month=in_months)
    def decide(self, month: date) -> None:
        assume(self.oracle.cells(month))
        proposal = self.office.propose(month)
        if not isinstance(proposal, Decision):
            proposal = self.office.propose(month, LATER)
        if isinstance(proposal, Decision):  # else a person has more to say first
            self.office.confirm(proposal)
            self.oracle.decide(month)
            self.oracle.settle()

    @rule(month=in_months, answer=st.sampled_from([Answer.CONFIRMED, Answer.REFUSED]))
    def fall(self, month: date, answer: Answer) -> None:
        falls = self.oracle.falls(month)
        proposal = self.expect(lambda: self.office.propose_fall(month), bool(falls))
        if proposal is not None:
            self.agree()
            self.office.confirm(proposal, answer)
            if answer is Answer.CONFIRMED:
                self.oracle.fall(month)
                self.oracle.settle()

    @staticmethod
    def expect(act: Callable[[], Decision], possible: bool) -> Decision | None:
        """What an act proposes; or nothing, where nothing is to be proposed."""
        try:
            proposal = act()
        except LedgerError:
            assert not possible
            return None
        assert possible
        return proposal

    # the voucher and its money

    @precondition(lambda self: len(self.oracle.versions) == 1)
    @rule(cut=cuts, percent=st.sampled_from([20, 50]))
    def another_version(self, cut: date, percent: int) -> None:
        self.office.publish("b", percent, cut)
        self.office.open("p1", "b")
        self.office.end_policy(POLICY, cut)
        self.oracle.versions = [
            ("a", Fraction(3, 10), date.min, cut), ("b", Fraction(percent, 100), cut, date.max)
        ]  # fmt: skip
        self.follow()

    @precondition(lambda self: not self.oracle.lapsed)
    @rule(since=cuts | st.none(), last=cuts | st.none())
    def validity(self, since: date | None, last: date | None) -> None:
        until = last + timedelta(days=20) if last else None
        assume((since or date.min, until or date.max) != self.oracle.valid)
        assume((since or date.min) < (until or date.max))
        self.office.validity(since, until)
        self.oracle.valid = (since or date.min, until or date.max)
        self.follow()

    @precondition(lambda self: not self.oracle.lapsed and self.oracle.paid)
    @rule(chance=st.integers(0, 3))
    def lapse(self, chance: int) -> None:
        assume(not chance)
        self.office.lapse()
        tomorrow = self.cashier.today() + timedelta(days=1)
        self.oracle.lapse()
        self.oracle.valid = (self.oracle.valid[0], min(self.oracle.valid[1], tomorrow))
        self.follow()

    @rule(rate=st.sampled_from([*RATES, Fraction(3, 10)]), cut=cuts)
    def another_rate(self, rate: Fraction, cut: date) -> None:
        """Usage of the first version earns at another rate from a day on."""
        if self.cashier.rate(POLICY, rate, cut):
            self.oracle.new_rates.append(("a", rate, cut))
            self.follow()

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "oracle"):
            return
        assert self.office.money() == self.oracle.money()
        self.compare_payouts()
        for month in MONTHS:
            database_cells = {
                (cell.month, str(cell.part)): (
                    cell.metered_fen, cell.invoiced_fen, cell.booked_fen, cell.closed_fen,
                    cell.fall_fen, cell.carried,
                )
                for cell in self.office.cells(month)
            }  # fmt: skip
            expected = {cell: self.figures(cell) for cell in self.oracle.cells(month)}
            empty = (0, 0, 0, 0, 0, False)  # a package's month in which nothing was drawn yet
            assert {c: f for c, f in database_cells.items() if f != empty} == {
                c: f for c, f in expected.items() if f != empty
            }

    def figures(self, cell: tuple[date, str]) -> tuple[int, int, int, int, int, bool]:
        oracle, decision = self.oracle, self.oracle.decisions.get(cell)
        fall = oracle.fall_fen(cell) if decision else 0
        return (
            oracle.metered(cell), oracle.invoiced(cell), decision.held_fen if decision else 0,
            decision.closed if decision else 0, fall, bool(decision and decision.carried),
        )  # fmt: skip


def histories(server: Server, *, examples: int, steps: int, derandomize: bool) -> None:
    """Let Hypothesis make up so many histories, each in a database of its own.

    One that fails is shown as it is: to make it shorter would take hours.
    """
    machine = type("Here", (Months,), {"server": server})
    with pytest.MonkeyPatch.context() as patch:  # thousands of small files, that we wrote ourselves
        for room in (bank_return, receipts):
            patch.setattr(room, "bounded_call", lambda read, *arguments: read(*arguments))
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, derandomize=derandomize,
                database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


def test_months(postgres: Server) -> None:
    histories(postgres, examples=4, steps=12, derandomize=True)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_months_at_length(postgres: Server) -> None:
    histories(postgres, examples=40, steps=30, derandomize=False)
