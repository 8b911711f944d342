"""A month that clerks reconcile: 100 GPU-minutes, their bills, and what two persons do."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.accounts.queries import balances, rights
from ledger.accounts.rules.targets import Rights
from ledger.desk.steps.confirm import respond
from ledger.documents.rules.cost_document import Document
from ledger.documents.steps.documents import take_document
from ledger.documents.steps.receipts import enter
from ledger.documents.tables import CostDocument
from ledger.errors import Finding
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.reconciliation.queries.months import cost_book, month_cells, months
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.steps import reconcile
from ledger.reconciliation.steps.falls import propose_fall
from ledger.reconciliation.steps.match import match
from ledger.reconciliation.tables import Difference, Reconciliation
from ledger.registry.queries import contract_by_number
from ledger.vouchers.tables import Voucher
from tests.support.documents import file, invoice, line, party, red, verified
from tests.support.papers.proofs import receipt_pdf
from tests.support.simulation import minute, window
from tests.support.town import Town

MONTH = date(2026, 3, 1)


NOW = minute(60 * 24 * 40)


BUYER = party(7, "买方")


CLERK, OTHER = Viewer(111, "甲", Role.CLERK), Viewer(112, "乙", Role.CLERK)
APPROVER = Viewer(113, "丙", Role.APPROVER)


def metered_town(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Town:
    """100 GPU-minutes in March: 100 yuan, of which the city would pay 30."""
    town = Town(database, engine, owner)
    row = owner.execute(
        "INSERT INTO organisations (uscc, name) VALUES (%s, %s) RETURNING id",
        (BUYER.uscc, BUYER.name),
    ).fetchone()
    assert row
    owner.execute(
        "UPDATE projects SET organisation_id = %s", row
    )  # the centre's sells, this one buys
    town.report(window(0, n) for n in range(100))
    town.accrue(NOW)
    return town


class Desk:
    """What the clerks of a town do."""

    def __init__(self, town: Town) -> None:
        self.town, self.engine = town, town.engine

    def take(self, *documents: Document) -> None:
        """Bring them, and let another clerk compare what came as a file."""
        for document in documents:
            with Session(self.engine) as db, db.begin():
                intake = take_document(
                    db, document, file(f"<e>{document.number}</e>"), actor=CLERK.actor, now=NOW
                )
            assert not isinstance(intake, list), intake
            if document.source != "keyed":
                verified(self.engine, intake, OTHER, NOW)
        with Session(self.engine) as db, db.begin():
            match(db, actor=CLERK.actor, now=NOW)

    def propose(self, *choices: Choice) -> Decision | list[Finding]:
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            contract = contract_by_number(db, "k1")
            return reconcile.propose(
                db, contract, MONTH, choices=choices, actor=CLERK.actor, now=NOW
            )

    def confirm(self, decision: Decision | list[Finding], viewer: Viewer = OTHER) -> None:
        with Session(self.engine) as db, db.begin():
            self.confirm_in(db, decision, viewer)

    def confirm_in(
        self, db: Session, decision: Decision | list[Finding], viewer: Viewer = OTHER
    ) -> None:
        """In a transaction that the test ends."""
        assert isinstance(decision, Decision), decision
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
            viewer=viewer, now=NOW,
        )  # fmt: skip

    def reconcile(self, *choices: Choice) -> None:
        self.confirm(self.propose(*choices))

    def receipt(self, of: Document, reference: str, payer: str, fen: int) -> None:
        with Session(self.engine) as db, db.begin():
            query = select(CostDocument.id).where(CostDocument.number == of.number)
            enter(
                db, db.exec(query).one() or 0, reference=reference, payer=payer,
                payee=of.seller.name, fen=fen, paid_on=MONTH,
                file=file(receipt_pdf(reference, fen), "凭证.pdf"), actor=CLERK.actor, now=NOW,
            )  # fmt: skip

    def more_used(self, fen: int) -> None:
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            contract = contract_by_number(db, "k1")
            (cell,) = month_cells(db, key(contract), MONTH)
            proposal = reconcile.propose_extra(
                db, contract, MONTH, part=cell.part, extra_fen=fen,
                reason="现场核实", actor=CLERK.actor, now=NOW,
            )  # fmt: skip
        self.confirm(proposal)

    def rights(self) -> Rights:
        with Session(self.engine) as db:
            return rights(db, db.exec(select(Voucher.book_id)).one())

    def fall(self, month: date = MONTH, reason: str = "价格更正") -> None:
        """Two persons decide that what no longer counts falls."""
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            contract = contract_by_number(db, "k1")
            proposal = propose_fall(db, contract, month, reason=reason, actor=CLERK.actor, now=NOW)
        self.confirm(proposal, APPROVER)

    def state(self) -> str:
        with Session(self.engine) as db:
            return months(db, month=MONTH)[0].state

    def cost(self) -> dict[str, int]:
        """The cost book, less what is nothing."""
        with Session(self.engine) as db:
            book = cost_book(db, db.exec(select(Reconciliation.id)).one() or 0)
            return {role: fen for role, fen in balances(db, book).items() if fen}

    def differences(self) -> list[tuple[str, int, str]]:
        with Session(self.engine) as db:
            return [(d.code, d.fen, d.treatment) for d in db.exec(select(Difference))]


def bill(
    serial: int, *net_fen: int, item: str = "*信息技术服务*算力服务费", **fields: Any
) -> Document:
    """An invoice for March: a lump sum on each line."""
    lines = tuple(replace(line(fen, item=item), unit="项", quantity="1") for fen in net_fen)
    tax = sum(item.tax_fen for item in lines)
    sums = {"lines": lines, "tax_fen": tax, "gross_fen": sum(net_fen) + tax}
    values = {"buyer": BUYER, "since": MONTH, "until": MONTH + timedelta(days=30), **sums, **fields}
    return invoice(serial, *net_fen, **values)


def bill_red(serial: int, of: Document, net_fen: int) -> Document:
    """A red one of a bill."""
    return red(serial, of, net_fen, since=MONTH, until=MONTH + timedelta(days=30))


LATER = Choice("R17", "carry_over", "其余下月开票")
