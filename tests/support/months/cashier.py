"""What the builder, centre, clerks and cashier do with an office's claims, lists and bank files.

Every step is the ledger's own, at the office's time; a refusal is answered by its code.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from itertools import count

from sqlmodel import Session, select

from ledger.accounts.queries import balances
from ledger.claims.queries import claim_by_number, left_by_month, publication_of, voucher_of
from ledger.claims.steps.approval import propose_approval
from ledger.claims.steps.bank_accounts import propose_account
from ledger.claims.steps.claims import open_claim
from ledger.documents.queries.originals import File
from ledger.documents.rules.cost_document import Document
from ledger.documents.steps.deduction_decisions import propose_consent, propose_fall
from ledger.documents.steps.deductions import state_deduction
from ledger.documents.tables import CostDocument
from ledger.errors import LedgerError
from ledger.payment.codes import Ruling
from ledger.payment.queries import payment_lists
from ledger.payment.steps.bank_return import ReturnIntake, read_file, take_return
from ledger.payment.steps.bank_reversal import propose_ruling
from ledger.payment.steps.indicators import open_indicator, share_indicators
from ledger.payment.steps.payment_list import make_list
from ledger.payment.steps.recover import open_recovery, settle_recoveries
from ledger.payment.steps.refund import refund
from ledger.payment.tables import PaymentList
from ledger.people.codes import Answer
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.queries import contract_by_number
from ledger.registry.tables import Centre, Organisation
from ledger.units import beijing_day
from ledger.vouchers.queries.quotas import project_by_code
from tests.support import claims
from tests.support.months.office import Office
from tests.support.papers.proofs import pdf
from tests.support.payments import CASHIER, HEAD
from tests.support.reconciliation import CLERK

PROJECT, BUDGET = "p1", 10**10
BEARERS = {"Z1": "市", "Q1": "区"}


class Cashier:
    """Claims of the office's first project, the indicators that pay them, and their bank."""

    def __init__(self, office: Office, weights: Mapping[str, int]) -> None:
        self.office, self.engine = office, office.engine
        with Session(self.engine) as db:
            self.project = key(project_by_code(db, PROJECT))
        self.claims = claims.Office(office.engine, office.owner, self.project)
        self.claims.account(now=office.now)
        self._centre_account()
        for number in weights:
            with office.step() as db:
                decision = open_indicator(
                    db, number=number, year=office.now.year, project_name="算力券",
                    fund_kind="一般公共预算", classification="2150805", fen=BUDGET,
                    reason="预算批复", actor=CASHIER.actor, now=office.now,
                )  # fmt: skip
            office.confirm(decision)
        if len(weights) > 1:
            shares = [
                {"bearer": BEARERS[n], "number": n, "year": office.now.year, "weight": weight}
                for n, weight in weights.items()
            ]
            with office.step() as db:
                decision = share_indicators(
                    db, shares=shares, reason="市区分担", actor=CASHIER.actor, now=office.now
                )
            office.confirm(decision)
        self.files = count(1)

    def _centre_account(self) -> None:
        with self.office.step() as db:
            payee = db.get_one(Organisation, self._centre(db).organisation_id)
            decision, _ = propose_account(
                db, payee, holder=payee.name, bank="宁夏银行", bank_code="313871000007",
                number="6400123456789", actor=CLERK.actor, now=self.office.now,
            )  # fmt: skip
        assert decision
        self.office.confirm(decision)

    def _centre(self, db: Session) -> Centre:
        return db.exec(select(Centre)).one()

    def round(self) -> None:
        """What the server does every minute."""
        self.office.accrue()
        with self.office.step() as db:
            settle_recoveries(db, self.office.now)

    # claims

    def claimable(self) -> dict[date, int]:
        """What of each month may still be claimed."""
        with Session(self.engine) as db:
            rest = left_by_month(db, voucher_of(db, self.project))
            return {month: fen for (month, _), fen in rest.items()}

    def hand_in(self, fen: int, *months: date) -> tuple[str, str]:
        """A claim is made, accepted and published; its number, and why it was not accepted."""
        return self._hand_in(self.claims.open(fen, self.office.now, *months), claims.BUILDER)

    def redeem(self, fen: int) -> tuple[str, str]:
        """The centre claims what was deducted at its counter; a clerk hands it in for it."""
        with self.office.step() as db:
            number = open_claim(
                db, self.project, fen, actor=claims.CLERK.actor, now=self.office.now,
                centre=self._centre(db),
            ).number  # fmt: skip
        return self._hand_in(number, claims.CLERK)

    def _hand_in(self, number: str, viewer: Viewer) -> tuple[str, str]:
        self.claims.add(number, *claims.WANTED, now=self.office.now)
        result = self.claims.take(number, "submit", viewer, self.office.now)
        assert result.findings == ()
        try:
            result = self.claims.take(
                number, "accept", claims.CLERK, self.office.now, facts=claims.FACTS
            )
        except LedgerError as error:
            self.withdraw(number)
            return number, error.code
        assert result.findings == ()
        result = self.claims.take(
            number, "publish", claims.CLERK, self.office.now, channel=claims.CHANNEL
        )
        assert result.findings == ()
        return number, ""

    def withdraw(self, number: str) -> None:
        self.claims.take(number, "withdraw", claims.CLERK, self.office.now)

    def refuse(self, number: str) -> str:
        """The approver refuses a claim; why not."""
        return self._code(
            lambda: self.claims.take(
                number, "refuse", claims.APPROVER, self.office.now, note="不予兑付"
            )
        )

    def approve(self, number: str, fen: int) -> str:
        """After its publication two persons approve so much of a claim; or the code of why not."""
        with Session(self.engine) as db:
            publication = publication_of(db, key(claim_by_number(db, number)))
            assert publication
            self.office.now += max(
                timedelta(days=(publication.until - beijing_day(self.office.now)).days + 1),
                timedelta(0),
            )

        def propose() -> Decision:
            with self.office.step() as db:
                return propose_approval(
                    db, claim_by_number(db, number), viewer_role="clerk", actor=CLERK.actor,
                    now=self.office.now, reason="核减", fen=fen,
                )  # fmt: skip

        return self._code(lambda: self.office.confirm(propose()))

    # the counter

    def deduct(self, document: Document, fen: int, paid_fen: int) -> int:
        """So much of a bill was deducted, and the rest paid: the builder signs a file that says so,
        which another clerk has seen."""
        if paid_fen:
            self.office.receipt(document, paid_fen)
        with self.office.step() as db:
            query = select(CostDocument).where(CostDocument.number == document.number)
            row = state_deduction(
                db, key(db.exec(query).one()), contract_by_number(db, "k1"), fen,
                actor=CLERK.actor, now=self.office.now,
            )  # fmt: skip
            deduction = key(row)
            paper = File.from_content("抵扣确认.pdf", pdf("deduction", str(deduction)))
            decision = propose_consent(
                db, deduction, paper, reason="线下签字", actor=CLERK.actor, now=self.office.now
            )
        self.office.confirm(decision)
        return deduction

    def propose_less(self, deduction: int) -> Decision:
        """One person proposes that a deduction falls to what counts of it."""
        with self.office.step() as db:
            return propose_fall(
                db, deduction, reason="红冲", actor=CLERK.actor, now=self.office.now
            )

    # lists

    def make(self, indicator: str) -> str:
        """A list of everything that may be listed; its number, or the code of why there is none."""
        try:
            with self.office.step() as db:
                payment_list = make_list(
                    db, indicator=payment_lists.indicator(db, indicator, self.office.now.year),
                    claims=None, reason="", actor=CASHIER.actor, now=self.office.now,
                )  # fmt: skip
                return payment_list.number
        except LedgerError as error:
            return error.code

    def answer(self, number: str, answer: Answer) -> str:
        """Another person answers a list; the code of why it cannot be sent."""
        with Session(self.engine, expire_on_commit=False) as db:
            row = payment_lists.payment_list(db, number)[0]
            assert isinstance(row, PaymentList)
            decision = db.get_one(Decision, row.decision_id)
        return self._code(lambda: self.office.confirm(decision, answer))

    # the bank

    def bank(self, *rows: str) -> ReturnIntake:
        """The bank returns these rows, in a file that was never seen before."""
        lines = [HEAD, *(f"{row},{self.today()}," for row in rows), *[""] * next(self.files)]
        file = File.from_content("回单.csv", "\n".join(lines).encode())
        with self.office.step() as db:
            read, findings = read_file(file)
            assert not findings
            return take_return(db, file, read, viewer=CASHIER, now=self.office.now)

    def today(self) -> date:
        return beijing_day(self.office.now)

    def rule(self, reference: str, line: tuple[str, int], place: int, ruling: str, *,
             recalled: bool) -> str:  # fmt: skip
        """Two persons decide the bank's row: that under its reference, of its line, in order."""
        row = self.office.fen(
            "SELECT r.id FROM bank_returns r JOIN payment_lists s ON s.id = r.list_id"
            " WHERE r.reference = %s AND s.number = %s AND r.line = %s ORDER BY r.id OFFSET %s",
            reference, *line, place,
        )  # fmt: skip

        def propose() -> Decision:
            with self.office.step() as db:
                return propose_ruling(
                    db, row, Ruling(ruling), recalled=recalled, reason="银行书面答复",
                    actor=CASHIER.actor, now=self.office.now,
                )  # fmt: skip

        return self._code(lambda: self.office.confirm(propose()))

    def refund(self, reference: str, parts: Mapping[str, int]) -> str:
        """Money came back outside the lists, so much to each indicator; two persons book it."""

        def book(number: str, fen: int) -> None:
            with self.office.step() as db:
                indicator = payment_lists.indicator(db, number, self.office.now.year)
                decision = refund(
                    db, reference=reference, project=project_by_code(db, PROJECT),
                    indicator=indicator, fen=fen, total_fen=sum(parts.values()),
                    on_day=self.today(), reason="退款", actor=CASHIER.actor, now=self.office.now,
                )  # fmt: skip
            self.office.confirm(decision)

        codes = [self._code(partial(book, number, fen)) for number, fen in parts.items()]
        return next(filter(None, codes), "")

    def recover(self, *, fraud: bool) -> str:
        """Two persons open a case for what is to be paid back."""

        def propose() -> Decision:
            with self.office.step() as db:
                return open_recovery(
                    db, project=project_by_code(db, PROJECT), fraud=fraud,
                    pay_by=self.today() + timedelta(days=30), reason="追缴", actor=CASHIER.actor,
                    now=self.office.now,
                )  # fmt: skip

        return self._code(lambda: self.office.confirm(propose()))

    def rate(self, policy: str, rate: Fraction, since: date) -> bool:
        """Two persons give the voucher another rate from a day on; whether it is another."""

        refusal = self._code(lambda: self.office.rate(rate, since, policy))
        assert refusal in ("", "rate_unchanged")
        return not refusal

    # figures

    def states(self) -> dict[str, tuple[str, int]]:
        """Each claim's state, and what is to be paid of it."""
        rows = self.office.owner.execute("SELECT number, state, due_fen FROM claims")
        return {row[0]: (row[1], row[2]) for row in rows}

    def line_figures(self) -> dict[tuple[str, int], tuple[int, int, int, int]]:
        """Paid, returned, over and outside of each line that was sent."""
        rows = self.office.owner.execute(
            "SELECT s.number, l.line, l.paid_fen, l.returned_fen, l.over_fen, l.outside_fen"
            " FROM payment_lines l JOIN payment_lists s ON s.id = l.list_id"
            " WHERE s.sent_at IS NOT NULL"
        )
        return {(row[0], row[1]): (row[2], row[3], row[4], row[5]) for row in rows}

    def deducted(self) -> list[tuple[int, int]]:
        """What was agreed of each deduction, and what holds."""
        rows = self.office.owner.execute("SELECT fen, held_fen FROM deductions ORDER BY id")
        return [(row[0], row[1]) for row in rows]

    def budget(self, indicator: str) -> tuple[int, int]:
        """What of an indicator is on its way, and spent."""
        with Session(self.engine) as db:
            amounts = balances(
                db, payment_lists.indicator(db, indicator, self.office.now.year).book_id
            )
            return amounts["committed"], amounts["spent"]

    @staticmethod
    def _code(act: Callable[[], object]) -> str:
        try:
            act()
        except LedgerError as error:
            return error.code
        return ""
