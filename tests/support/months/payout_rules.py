"""Rules of a state machine: claims, lists and the bank's rows, against their specification.

A machine of an office's months has these as well: claims of some months or all, the centre's for
what was deducted at its counter, also approved for less, refused and withdrawn; lists of one
indicator or of two that bear shares, confirmed at once, later or not; files of the bank with
payments, failures, money taken back after a payment, rows that contradict, come late or twice, or
are made up; what two persons decide of them; refunds and cases of recovery, honest and fraudulent.
"""

from collections.abc import Mapping
from itertools import count

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.people.codes import Answer
from tests.support.accounts.machine import DatabaseMachine
from tests.support.months.cashier import Cashier
from tests.support.months.office import Office
from tests.support.months.oracle import MonthOracle
from tests.support.months.payouts import ClaimState, ListLine, Payouts, Row

PARTS = st.sampled_from([1, 1, 2, 3])
picks = st.integers(0, 9)


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


class PayoutRules(DatabaseMachine):
    """What happens to the money of a machine that has an office and an oracle."""

    office: Office
    oracle: MonthOracle
    cashier: Cashier
    payouts: Payouts

    def begin_payouts(self, weights: Mapping[str, int]) -> None:
        self.cashier = Cashier(self.office, weights)
        self.payouts = Payouts(self.oracle, weights)
        self.list_number = ""
        self.references = count(1)

    def follow(self) -> None:
        """What happened is in the books by the next round."""
        self.cashier.round()
        self.oracle.settle()

    def of_state(self, *states: str) -> list[ClaimState]:
        return [claim for claim in self.payouts.claims if claim.state in states]

    # claims

    @precondition(lambda self: self.oracle.money().get("payable"))
    @rule(part=PARTS, one_month=st.booleans(), pick=picks)
    def claim(self, part: int, pick: int, *, one_month: bool) -> None:
        by_month = self.cashier.claimable()
        assert sum(by_month.values()) == self.payouts.claimable()
        assume(by_month)
        months = [list(by_month)[pick % len(by_month)]] if one_month else []
        fen = sum(by_month[m] for m in months or by_month) // part
        assume(fen)
        self.hand_in(*self.cashier.hand_in(fen, *months), fen)

    def hand_in(self, number: str, refusal: str, fen: int, *, of_centre: bool = False) -> None:
        """A claim was made, and accepted or not."""
        claim = ClaimState(number, fen, "withdrawn" if refusal else "published", of_centre)
        claim.earned_at_first = self.oracle.earned_by_month(counts=True)
        claim.kept_at_first = self.payouts.kept_fen()
        is_earned = self.payouts.is_earned(claim, fen)
        assert refusal in ({"", "months_not_earned"} if is_earned else {"not_earned"})
        assert not refusal or any(self.oracle.falls(month) for month in self.oracle.months)
        self.payouts.claims.append(claim)

    @precondition(lambda self: self.payouts.redeemable())
    @rule(part=PARTS)
    def redeem(self, part: int) -> None:
        """The centre claims what was deducted at its counter."""
        fen = self.payouts.redeemable() // part
        assume(fen)
        self.hand_in(*self.cashier.redeem(fen), fen, of_centre=True)

    @precondition(lambda self: self.of_state("published"))
    @rule(pick=picks, part=st.sampled_from([1, 1, 1, 2]))
    def approve(self, pick: int, part: int) -> None:
        """All of a claim, or less with a reason."""
        claims = self.of_state("published")
        claim = claims[pick % len(claims)]
        fen = claim.due // part
        assume(fen)
        refusal = self.cashier.approve(claim.number, fen)
        if not self.payouts.is_earned(claim, fen):
            assert refusal == "not_earned"
        elif not self.payouts.is_within(claim, fen):
            assert refusal in ("months_not_earned", "more_than_claimable")
        elif refusal:
            assert refusal == "months_not_earned"
            assert self.payouts.lost_something(claim) or (
                claim.kept_at_first < self.payouts.kept_fen()
            )
        else:
            claim.state, claim.due = "approved", fen
            self.payouts.claims.remove(claim)  # the queue is in the order of approval
            self.payouts.claims.append(claim)

    @precondition(lambda self: self.of_state("published", "approved"))
    @rule(pick=picks)
    def give_up(self, pick: int) -> None:
        """A published claim is withdrawn; an approved one refused, if no row contradicts."""
        claims = self.of_state("published", "approved")
        claim = claims[pick % len(claims)]
        if claim.state == "published":
            self.cashier.withdraw(claim.number)
            claim.state = "withdrawn"
        else:
            is_stopped = self.payouts.contradicts(claim)
            assert self.cashier.refuse(claim.number) == ("claim_stopped" if is_stopped else "")
            claim.state = claim.state if is_stopped else "refused"

    # lists

    @precondition(lambda self: self.of_state("approved", "listed") and not self.list_number)
    @rule(pick=picks)
    def make_a_list(self, pick: int) -> None:
        indicators = list(self.payouts.weights)
        indicator = indicators[pick % len(indicators)]
        ready = self.payouts.to_list(indicator)
        number = self.cashier.make(indicator)
        if not ready:
            assert number == "nothing_payable"
        else:
            self.list_number = number
            self.payouts.unsent, self.payouts.unsent_of = ready, indicator

    @precondition(lambda self: self.list_number)
    @rule(answer=st.sampled_from([Answer.CONFIRMED, Answer.CONFIRMED, Answer.REFUSED]))
    def answer_the_list(self, answer: Answer) -> None:
        if answer is Answer.CONFIRMED:
            may_send = self.payouts.may_send()
            refusal = self.cashier.answer(self.list_number, answer)
            assert (refusal == "") == may_send, refusal
            if may_send:
                self.payouts.send(self.list_number)
                self.list_number = ""
                self.follow()
                return
        assert self.cashier.answer(self.list_number, Answer.REFUSED) == ""
        self.payouts.unsent, self.list_number = [], ""

    # the bank

    @precondition(lambda self: self.payouts.lines())
    @rule(
        rows=st.lists(
            st.tuples(picks, st.sampled_from(["成功", "成功", "退回"]),
                      st.sampled_from(["open", "open", "all", "half", "more"]),
                      st.sampled_from([False, False, False, True])),
            min_size=1, max_size=3,
        ),
        is_forged=st.sampled_from([False, False, False, False, True]),
    )  # fmt: skip
    def the_bank_says(self, rows: list[tuple[int, str, str, bool]], *, is_forged: bool) -> None:
        """Rows of one file: of lines that were sent, some under a reference that was used."""
        lines, keys = self.payouts.lines(), []
        for pick, result, amount, is_reused in rows:
            line = lines[pick % len(lines)]
            sizes = {"open": line.open_fen, "all": line.fen, "half": line.fen // 2 + 1,
                     "more": line.fen + 700}  # fmt: skip
            fen = sizes[amount] or line.fen
            earlier = [row.key[0] for row in self.payouts.rows]
            reference = earlier[pick % len(earlier)] if is_reused and earlier else (
                f"r{next(self.references)}"
            )  # fmt: skip
            keys.append((reference, line, result, fen))
        self.import_rows(keys, is_forged=is_forged)

    @precondition(lambda self: self.payouts.rows)
    @rule(pick=picks)
    def the_bank_repeats(self, pick: int) -> None:
        """A row comes again, word for word, in another file."""
        self.import_rows([self.payouts.rows[pick % len(self.payouts.rows)].key], is_forged=False)

    def import_rows(self, keys: list[tuple[str, ListLine, str, int]], *, is_forged: bool) -> None:
        assume(len(set(map(str, keys))) == len(keys))
        texts = [f"{ref},{line.list},{line.number},{result},{yuan(fen)}"
                 for ref, line, result, fen in keys]  # fmt: skip
        if is_forged:
            line = keys[0][1]
            texts.append(f"x{next(self.references)},{line.list},{line.number + 900},成功,1.00")
        intake = self.cashier.bank(*texts)
        if is_forged:
            assert [finding.code for finding in intake.findings] == ["unknown_line"]
            return
        assert intake.findings == ()
        kinds = [self.payouts.receive(key) for key in keys]
        assert (intake.rows, intake.waiting, intake.repeats) == tuple(
            kinds.count(kind) for kind in ("plain", "contrary", "repeat")
        )
        self.follow()

    @precondition(lambda self: any(row.state == "open" for row in self.payouts.rows))
    @rule(
        pick=picks,
        ruling=st.sampled_from(["accept", "accept", "reject"]),
        is_recalled=st.booleans(),
    )
    def two_decide(self, pick: int, ruling: str, *, is_recalled: bool) -> None:
        rows = [row for row in self.payouts.rows if row.state == "open"]
        self.decide_row(rows[pick % len(rows)], ruling, is_recalled=is_recalled)

    def paid_rows(self) -> list[Row]:
        return [row for row in self.payouts.rows
                if row.state in ("booked", "accepted") and row.key[2] == "成功"]  # fmt: skip

    @precondition(lambda self: bool(self.paid_rows()))
    @rule(pick=picks)
    def two_undo(self, pick: int) -> None:
        rows = self.paid_rows()
        self.decide_row(rows[pick % len(rows)], "undo", is_recalled=False)

    def decide_row(self, row: Row, ruling: str, *, is_recalled: bool) -> None:
        of_line = [r for r in self.payouts.rows if r.key[:2] == row.key[:2]]
        refusal = self.payouts.refuses(row, ruling, recalled=is_recalled)
        place = of_line.index(row)
        line = (row.line.list, row.line.number)
        assert self.cashier.rule(
            row.key[0], line, place, ruling, recalled=is_recalled
        ) == refusal  # fmt: skip
        if not refusal:
            self.payouts.rule(row, ruling)
            self.follow()

    # to be paid back

    @precondition(lambda self: self.oracle.recoverable)
    @rule(part=PARTS)
    def refund(self, part: int) -> None:
        fen = self.oracle.recoverable // part
        assume(fen)
        parts = self.payouts.refund_parts(fen)
        parts_asked = parts or {next(iter(self.payouts.weights)): fen}
        refusal = self.cashier.refund(f"t{next(self.references)}", parts_asked)
        assert refusal == ("" if parts else "refund_beyond_paid")
        if not refusal:
            self.payouts.refund(parts)
            self.follow()

    @precondition(lambda self: self.oracle.recoverable)
    @rule(fraud=st.booleans())
    def recover(self, *, fraud: bool) -> None:
        refusal = self.cashier.recover(fraud=fraud)
        assert refusal in ("", "recovery_open")
        if not refusal:
            self.oracle.fraud = fraud
            self.follow()

    # compared

    def compare_payouts(self) -> None:
        """Claims, lines and the indicator are what follows from what happened."""
        claims = {claim.number: (claim.state, claim.due) for claim in self.payouts.claims}
        assert self.cashier.states() == claims
        lines_expected = {
            (line.list, line.number): (
                line.paid_fen,
                line.returned_fen,
                line.over_fen,
                line.outside_fen,
            )
            for line in self.payouts.lines()
        }
        assert self.cashier.line_figures() == lines_expected
        for name in self.payouts.weights:
            of_it = [line for line in self.payouts.lines() if line.indicator == name]
            committed_fen = sum(line.open_fen for line in of_it)
            assert self.cashier.budget(name) == (committed_fen, self.payouts.net(name))
        assert sum(line.open_fen for line in self.payouts.lines()) == self.oracle.sent_fen
        deductions = [(d.fen, d.held_fen) for d in self.payouts.counter.deductions]
        assert self.cashier.deducted() == deductions
