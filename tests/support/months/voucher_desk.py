"""What people decide of an office's vouchers, two of them each time, and the vouchers' money.

Each step is a transaction of its own, a minute after the one before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import count

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, col, select

from ledger.accounts.queries import rights
from ledger.accounts.rules.targets import Rights
from ledger.desk.steps.confirm import respond
from ledger.payment.steps.recover import open_recovery
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.policy.decide.tree import ChosenRate
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.steps.lapse import propose_lapse
from ledger.vouchers.steps.openings import propose_voucher
from ledger.vouchers.steps.policy_ends import propose_end
from ledger.vouchers.steps.rates import propose_rate
from ledger.vouchers.steps.validity import propose_validity
from ledger.vouchers.tables import Voucher
from tests.support.payments import TODAY, Treasury
from tests.support.reconciliation import APPROVER, CLERK


class VoucherDesk:
    """The desk of an office at which vouchers are opened, changed and paid."""

    def __init__(self, engine: sa.Engine, owner: psycopg.Connection, now: datetime) -> None:
        self.engine, self.owner, self.now = engine, owner, now
        self.treasury = Treasury(owner, engine)
        self.serials = count(1)

    @contextmanager
    def step(self) -> Iterator[Session]:
        self.now += timedelta(minutes=1)
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            yield db

    def confirm(self, decision: Decision, answer: Answer = Answer.CONFIRMED) -> None:
        """Another person answers a decision."""
        with self.step() as db:
            respond(
                db, key(decision), answer=answer, digest_seen=decision.digest, viewer=APPROVER,
                now=self.now,
            )  # fmt: skip

    def open(self, code: str, policy: str) -> None:
        """Two persons open the project's voucher under a version."""
        with self.step() as db:
            decision = propose_voucher(
                db, project_by_code(db, code), clause="09-1", policy=policy, facts={},
                actor=CLERK.actor, now=self.now,
            )  # fmt: skip
        self.confirm(decision)

    def end_policy(self, policy: str, until: date) -> None:
        """Two persons give a version its end; `until` is the first day after it."""
        with self.step() as db:
            decision = propose_end(
                db, policy, until, reason="新版本", actor=CLERK.actor, now=self.now
            )
        self.confirm(decision)

    def validity(self, since: date | None, until: date | None, code: str = "p1") -> None:
        """Two persons change a voucher's days."""
        with self.step() as db:
            decision = propose_validity(
                db, self._voucher(db, code), valid_from=since, valid_until=until, reason="展期",
                actor=CLERK.actor, now=self.now,
            )  # fmt: skip
        self.confirm(decision)

    def rate(self, rate: Fraction, since: date, policy: str, code: str = "p1") -> None:
        """Two persons give a voucher another rate from a day on."""
        with self.step() as db:
            decision = propose_rate(
                db, self._voucher(db, code), policy=policy, since=since, facts={},
                rate=ChosenRate(rate, "另一比例", None), reason="立项", actor=CLERK.actor,
                now=self.now,
            )  # fmt: skip
        self.confirm(decision)

    def lapse(self, code: str = "p1") -> None:
        """Two persons let a voucher lapse."""
        with self.step() as db:
            decision = propose_lapse(
                db, self._voucher(db, code), reason="到期", actor=CLERK.actor, now=self.now
            )
        self.confirm(decision)

    def fraud(self, code: str = "p1") -> None:
        """Two persons open a case: what is to be paid back was got by fraud."""
        with self.step() as db:
            decision = open_recovery(
                db, project=project_by_code(db, code), fraud=True, pay_by=date(2027, 1, 31),
                reason="虚报", actor="finance:钱会计#105", now=self.now,
            )  # fmt: skip
        self.confirm(decision)

    def pay(self, code: str = "p1") -> str:
        """Everything payable is listed, and the bank pays it; the reference of its row."""
        number, fen = self.send(code)
        reference = f"b{next(self.serials)}"
        self.treasury.bank(f"{reference},{number},1,成功,{fen // 100}.{fen % 100:02},{TODAY},")
        return reference

    def send(self, code: str = "p1") -> tuple[str, int]:
        """Everything payable is listed and sent to the bank; the list's number, and the fen."""
        run, fen = next(self.serials), self.rights(code).payable
        if not self.fen("SELECT count(*) FROM indicators"):
            self.treasury.indicator(10**10)
            self.treasury.account(code, "6222020000000000")
        self.treasury.claim(code, fen, f"SQ-{run}")
        return self.treasury.send([f"SQ-{run}"]), fen

    def rights(self, code: str = "p1") -> Rights:
        """The balances of a project's voucher."""
        with Session(self.engine) as db:
            return rights(db, self._voucher(db, code).book_id)

    def money(self, code: str = "p1") -> dict[str, int]:
        """Fen that are promised, payable, sent, paid, to be paid back or lapsed; nothing left out
        but what is nothing, and what is left of the voucher."""
        amounts = self.rights(code)
        names = ("accrued", "payable", "sent", "paid", "recoverable", "lapsed")
        return {name: fen for name in names if (fen := getattr(amounts, name))}

    def fen(self, query: str, *values: object) -> int:
        """One figure of the database."""
        row = self.owner.execute(query.encode(), values).fetchone()
        assert row
        return int(row[0])

    def _voucher(self, db: Session, code: str) -> Voucher:
        query = select(Voucher).join(Project, col(Project.id) == Voucher.project_id)
        return db.exec(query.where(Project.code == code)).one()
