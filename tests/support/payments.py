"""A treasury for tests of payment: an indicator with money, vouchers that owe, approved claims.

Claims are put there as approved: how they get so far is the business of other tests.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, col, select

from ledger.accounts.queries import balances, rights
from ledger.accounts.rules.targets import Rights
from ledger.desk.steps.confirm import respond
from ledger.documents.queries.originals import File
from ledger.errors import LedgerError
from ledger.formats.uscc import check_digit
from ledger.payment.codes import Ruling
from ledger.payment.queries import funding
from ledger.payment.queries import payment_lists as payment
from ledger.payment.queries.payment_lists import Payable
from ledger.payment.steps.bank_return import ReturnIntake, read_file, take_return
from ledger.payment.steps.bank_reversal import propose_ruling
from ledger.payment.steps.indicators import open_indicator
from ledger.payment.steps.payment_list import make_list
from ledger.payment.tables import PaymentList
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.tables import Voucher
from tests.support.vouchers import chain, place_moves, place_voucher

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CAP = 1_000_000
CASHIER = Viewer(105, "钱会计", Role.FINANCE)
BOSS = Viewer(106, "孙科长", Role.APPROVER)
HEAD = "流水号,清单号,序号,结果,金额,日期,原因"


class Treasury:
    """Who decides is the cashier, who confirms the boss."""

    def __init__(self, owner: psycopg.Connection, engine: sa.Engine) -> None:
        self.owner, self.engine = owner, engine

    def project(self, code: str, payable: int, cap: int = CAP) -> Voucher:
        """A project of its own organisation with an account, and a voucher with this payable."""
        voucher = place_voucher(self.owner, self.engine, cap, code)
        moves = chain(payable, "accrue available accrued", "match accrued payable")
        place_moves(self.owner, self.engine, f"earned {code}", {voucher.book_id: moves})
        first17 = f"91640100MA{abs(hash_of(code)) % 10**7:07d}"
        organisation = self._one(
            "INSERT INTO organisations (uscc, name) VALUES (%s, %s) RETURNING id",
            first17 + check_digit(first17),
            f"{code}公司",
        )
        self.owner.execute(
            "UPDATE projects SET organisation_id = %s WHERE code = %s", (organisation, code)
        )
        self.account(code, "6222020000000000")
        return voucher

    def organisation(self, code: str) -> int:
        return self._one("SELECT organisation_id FROM projects WHERE code = %s", code)

    def change_of_account(self, code: str, number: str) -> int:
        """A decision on another account, not answered yet."""
        organisation = self.organisation(code)
        change = {
            "organisation": organisation, "holder": f"{code}公司", "bank": "宁夏银行营业部",
            "bank_code": "313871000007", "number": number,
        }  # fmt: skip
        return self._one(
            "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
            " VALUES ('account', %s, %s, %s, '', 'clerk:李四#107', %s) RETURNING id",
            str(organisation), json.dumps(change), "0" * 64, NOW,
        )  # fmt: skip

    def account(self, code: str, number: str) -> None:
        """The organisation is paid here from now on."""
        decision = self.change_of_account(code, number)
        self.owner.execute(
            "UPDATE decisions SET answer = 'confirmed', answered_by = 'clerk:王五#108',"
            " answered_at = %s, answered_digest = digest WHERE id = %s",
            (NOW, decision),
        )
        self.owner.execute(
            "UPDATE bank_accounts SET superseded_at = %s"
            " WHERE organisation_id = %s AND superseded_at IS NULL",
            (NOW, self.organisation(code)),
        )
        self.owner.execute(
            "INSERT INTO bank_accounts (organisation_id, holder, bank, bank_code, number,"
            " decision_id,"
            " confirmed_at) SELECT (content ->> 'organisation')::bigint, content ->> 'holder',"
            " content ->> 'bank', content ->> 'bank_code', content ->> 'number', id, %s"
            " FROM decisions WHERE id = %s",
            (NOW, decision),
        )

    def claim(self, code: str, fen: int, number: str) -> int:
        """An approved claim of the project; the later, the younger."""
        return self._one(
            "INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)"
            " SELECT %s, v.id, p.organisation_id, %s, 'approved', %s, 'test'"
            " FROM vouchers v JOIN projects p ON p.id = v.project_id WHERE p.code = %s RETURNING"
            " id",
            number, fen, NOW, code,
        )  # fmt: skip

    def indicator(self, fen: int, number: str = "Z1", year: int = 2026) -> None:
        with Session(self.engine) as db, db.begin():
            decision = open_indicator(
                db,
                number=number,
                year=year,
                project_name="算力券",
                fund_kind="一般公共预算",
                classification="2150805",
                fen=fen,
                reason="预算批复",
                actor=CASHIER.actor,
                now=NOW,
            )
            self.answer(db, decision)

    def answer(
        self,
        db: Session,
        decision: Decision,
        answer: Answer = Answer.CONFIRMED,
        now: datetime = NOW,
    ) -> None:
        viewer = CASHIER if answer == "withdrawn" else BOSS
        respond(
            db, key(decision), answer=answer, digest_seen=decision.digest, viewer=viewer, now=now
        )

    def make(
        self,
        claims: Sequence[str] | None = None,
        number: str = "Z1",
        year: int = 2026,
        *,
        divide: bool = False,
    ) -> str:
        """A list that waits for its second person; its number."""
        now = NOW.replace(year=year)
        with Session(self.engine) as db, db.begin():
            result = make_list(
                db,
                indicator=payment.indicator(db, number, year),
                claims=claims,
                divide=divide,
                reason="",
                actor=CASHIER.actor,
                now=now,
            )
            return result.number

    def confirm(self, number: str, answer: Answer = Answer.CONFIRMED, now: datetime = NOW) -> None:
        with Session(self.engine) as db, db.begin():
            payment_list = db.exec(select(PaymentList).where(PaymentList.number == number)).one()
            self.answer(db, db.get_one(Decision, payment_list.decision_id), answer, now)

    def send(self, claims: Sequence[str] | None = None) -> str:
        """A list that went to the bank; its number."""
        number = self.make(claims)
        self.confirm(number)
        return number

    def bank(self, *rows: str, now: datetime = NOW) -> ReturnIntake:
        """The bank returns these rows."""
        file = File.from_content("回单.csv", "\n".join([HEAD, *rows]).encode())
        with Session(self.engine) as db, db.begin():
            read, findings = read_file(file)
            if findings:
                return ReturnIntake(findings=findings)
            return take_return(db, file, read, viewer=CASHIER, now=now)

    def row_id(self, reference: str) -> int:
        """The newest row that came under this reference."""
        return self._one("SELECT max(id) FROM bank_returns WHERE reference = %s", reference)

    def propose(self, row: int, ruling: str, *, recalled: bool = False, now: datetime = NOW) -> int:
        """A proposal about the bank's row, not answered yet."""
        with Session(self.engine) as db, db.begin():
            decision = propose_ruling(
                db,
                row,
                Ruling(ruling),
                recalled=recalled,
                reason="银行书面答复",
                actor=CASHIER.actor,
                now=now,
            )
            return key(decision)

    def confirm_ruling(self, decision: int, now: datetime = NOW) -> None:
        with Session(self.engine) as db, db.begin():
            self.answer(db, db.get_one(Decision, decision), now=now)

    def rule(self, reference: str, ruling: str, **options: Any) -> None:
        """Two persons decide what the bank's row under this reference means."""
        self.rule_row(self.row_id(reference), ruling, **options)

    def rule_row(self, row: int, ruling: str, **options: Any) -> None:
        proposal = self.propose(row, ruling, **options)
        try:
            self.confirm_ruling(proposal, options.get("now", NOW))
        except LedgerError:
            self.withdraw(proposal)
            raise

    def withdraw(self, decision: int) -> None:
        with Session(self.engine) as db, db.begin():
            self.answer(db, db.get_one(Decision, decision), Answer.WITHDRAWN)

    def line(self, number: str, line: int = 1) -> tuple[int, int, int, int]:
        """Paid, returned, over, outside."""
        row = self.owner.execute(
            "SELECT l.paid_fen, l.returned_fen, l.over_fen, l.outside_fen FROM payment_lines l"
            " JOIN payment_lists s ON s.id = l.list_id WHERE s.number = %s AND l.line = %s",
            (number, line),
        ).fetchone()
        assert row
        return row[0], row[1], row[2], row[3]

    def queue(self) -> list[Payable]:
        with Session(self.engine) as db:
            return funding.queue(db, NOW)

    def rights(self, code: str) -> Rights:
        with Session(self.engine) as db:
            query = select(Voucher.book_id).join(Project, col(Project.id) == Voucher.project_id)
            return rights(db, db.exec(query.where(Project.code == code)).one())

    def money(self, number: str = "Z1", year: int = 2026) -> dict[str, int]:
        """The indicator's balances that are not nothing; they always add up to nothing."""
        with Session(self.engine) as db:
            amounts = balances(db, payment.indicator(db, number, year).book_id)
        assert sum(amounts.values()) == 0
        return {role: fen for role, fen in amounts.items() if fen and role != "appropriation"}

    def state(self, claim: str) -> str:
        row = self.owner.execute("SELECT state FROM claims WHERE number = %s", (claim,)).fetchone()
        assert row
        return str(row[0])

    def _one(self, query: str, *values: object) -> int:
        row = self.owner.execute(query.encode(), values).fetchone()
        assert row
        return int(row[0])


def hash_of(code: str) -> int:
    return int(sha256(code.encode()).hexdigest()[:12], 16)
