"""An office's months, by the steps that its people take: for figures that must come out right.

Two projects of one firm rent from one centre under a contract each. An hour of the cases is a
minute here, at sixty times the price: the money is the same, and a month has 744 windows. Money is
in fen. Each step is a transaction of its own, a minute after the one before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from agents import wire
from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.charging.steps import charge
from ledger.desk.steps.take_registry import take_registry
from ledger.documents.rules.cost_document import Document
from ledger.documents.steps.documents import take_document
from ledger.documents.steps.receipts import enter
from ledger.documents.tables import CostDocument
from ledger.errors import Finding
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.reconciliation.queries.months import month_cells
from ledger.reconciliation.rules.choices import Choice
from ledger.reconciliation.steps import reconcile
from ledger.reconciliation.steps.excess import move_excess
from ledger.reconciliation.steps.exclusions import propose_exclusion
from ledger.reconciliation.steps.falls import propose_fall
from ledger.reconciliation.steps.match import match, move
from ledger.reconciliation.steps.reds import propose_parts
from ledger.registry.queries import contract_by_number
from ledger.registry.tables import Contract
from ledger.units import next_month
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.clauses import load_policies
from tests.support.documents import file, invoice, line, red, verified
from tests.support.months.voucher_desk import VoucherDesk
from tests.support.papers.proofs import receipt_pdf
from tests.support.reconciliation import BUYER, CLERK, OTHER
from tests.support.simulation import enrolled, gpu_id, place

POLICY, CAP = "yinchuan-2024-drill", 5_000_000_00
MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))
COMPUTE, STORAGE = "*信息技术服务*算力服务费", "*信息技术服务*存储服务费"
NOON = timedelta(hours=4)  # of Beijing, from midnight in UTC

REGISTRY = f"""
organisations: [{{uscc: {BUYER.uscc}, name: {BUYER.name}}}]
clusters: [{{name: c1, centre: centre of c1, billing: [{{source: nvml, from: 2026-01-01}}]}}]
catalogue:
  - {{model: H100-80G, names: [{{nvml: H100}}, {{nvml: H100, mig_profile: 1g.10gb}}]}}
projects:
  - {{code: p1, name: 大模型甲, kind: model, organisation: {BUYER.uscc}, drill: true}}
  - {{code: p2, name: 大模型乙, kind: model, organisation: {BUYER.uscc}, drill: true}}
contracts:
  - {{number: k1, centre: centre of c1, project: p1, from: 2026-01-01, prices: []}}
  - {{number: k2, centre: centre of c1, project: p2, from: 2026-01-01, prices: []}}
bindings:
  - {{cluster: c1, holder: {{pod: a}}, project: p1, from: 2026-01-01}}
  - {{cluster: c1, holder: {{pod: b}}, project: p2, from: 2026-01-01}}
"""


def price(yuan: float, more: str = "", *, hours: int = 60) -> str:
    """A contract line of so much for an hour of the case, which is `1 / hours` of an hour here."""
    tax = 'tax_included: false, tax_rate: "0.06"'
    return f'{{unit: gpu-hour, yuan: "{yuan * hours}", {tax}{", " + more if more else ""}}}'


def package(hours: int, yuan: float, days: str) -> str:
    """A package of so many hours of the case, bought at `yuan` an hour."""
    return price(yuan, f'kind: package, name: 包, quantity: "{hours / 60:g}", {days}')


def days(first: date, last: date) -> list[date]:
    """All days from the first to the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def last_day(month: date) -> date:
    """The last day of a month."""
    return next_month(month) - timedelta(days=1)


class Office(VoucherDesk):
    """What the people of an office do, one step after the other."""

    def __init__(
        self,
        database: Database,
        engine: sa.Engine,
        owner: psycopg.Connection,
        now: datetime = datetime(2026, 11, 23, 4, tzinfo=UTC),
    ) -> None:
        super().__init__(engine, owner, now)
        self.cluster = place(owner, gpus=2)
        owner.execute("UPDATE gpus SET registered_from = '2026-01-01'")
        self.node = enrolled(owner, self.cluster)
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        self.register(REGISTRY)
        for code in ("p1", "p2"):
            self.open(code, POLICY)
        self.minutes: dict[tuple[int, date], int] = {}  # of a GPU and day, reported so far

    def register(self, text: str) -> None:
        """A registry file; what touches charged usage is confirmed by another person."""
        with self.step() as db:
            intake = take_registry(db, text, actor=CLERK.actor, now=self.now, supersede=True)
            assert not intake.report.findings, intake.report.findings
        if intake.decision is not None:
            self.confirm(intake.decision)

    def prices(self, *lines: str, contract: str = "k1", project: str = "p1") -> None:
        """The contract's lines are stated, or stated anew."""
        self.register(
            f"contracts: [{{number: {contract}, centre: centre of c1, project: {project},"
            f" from: 2026-01-01, prices: [{', '.join(lines)}]}}]"
        )
        self.accrue()

    def bind(self, holder: str, project: str, since: date, until: date | None = None) -> None:
        """The holder is of another project on these days."""
        end = f", until: {until}" if until else ""
        self.register(
            f"bindings: [{{cluster: c1, holder: {{pod: {holder}}}, project: {project},"
            f" from: {since}{end}}}]"
        )
        self.accrue()

    def use(self, on: Iterable[date], hours: int = 24, holder: str = "a") -> None:
        """So many hours on each of these days are reported, charged and accrued."""
        self.report(self.windows(on, hours, holder))
        self.accrue()

    def windows(self, on: Iterable[date], hours: int, holder: str = "a") -> list[wire.Window]:
        """The windows of so many hours on each of these days, after those that were made before."""
        gpu = 1 if holder == "b" else 0
        windows = []
        for day in on:
            before = self.minutes.get((gpu, day), 0)
            self.minutes[gpu, day] = before + hours
            start = datetime(day.year, day.month, day.day, tzinfo=UTC) + NOON
            part = wire.Part(wire.Pod(holder, holder, "main"), 0, wire.MINUTE_MS)
            windows += [
                wire.Window(
                    gpu_id(gpu), "H100", start + timedelta(minutes=n), wire.MINUTE_MS, (part,), ()
                )
                for n in range(before, before + hours)
            ]
        return windows

    def use_month(self, month: date, hours: int = 24, holder: str = "a") -> None:
        """So many hours on every day of a month."""
        self.use(days(month, last_day(month)), hours, holder)

    def publish(self, policy: str, percent: int, since: date) -> None:
        """Another version of the clause that promises so much, as its file would give it."""
        self.owner.execute(
            "INSERT INTO clauses (policy, clause, digest, rate_num, rate_den, cap_fen, effective,"
            " complete) VALUES (%s, '09-1', 'digest', %s, 100, %s, daterange(%s, NULL), true)",
            (policy, percent, CAP, since),
        )

    def report(self, windows: list[wire.Window]) -> None:
        """Windows come from the node in one batch."""
        with self.step() as db:
            receipt = take_batch(db, self.node.read(self.node.batch(windows)), self.now)
            assert isinstance(receipt, Receipt)

    def accrue(self) -> None:
        """Charge what was used, and bring the vouchers to their targets."""
        with self.step() as db:
            charge(db, self.now)
            move_excess(db, "test", self.now)
            accrue_all(db, "test", self.now)

    def bill(
        self,
        *lines: int | tuple[str, int],
        month: date = MARCH,
        until: date | None = None,
        last: date | None = None,
        **fields: Any,
    ) -> Document:
        """An invoice for a month, or until the end of another or a last day; verified, matched."""
        by_item = [(COMPUTE, item) if isinstance(item, int) else item for item in lines]
        print_lines = tuple(
            replace(line(fen, item=item), unit="项", quantity="1") for item, fen in by_item
        )
        net, tax = sum(fen for _, fen in by_item), sum(item.tax_fen for item in print_lines)
        document = invoice(
            next(self.serials), net, buyer=BUYER, lines=print_lines, net_fen=net, tax_fen=tax,
            gross_fen=net + tax, since=month, until=last or last_day(until or month),
        )  # fmt: skip
        document = replace(document, **fields)
        self.take(document)
        return document

    def red(self, of: Document, *lines: int | tuple[str, int]) -> Document:
        """A red invoice of these lines, each so much above zero; it takes back what it means."""
        by_item = [(of.lines[0].item, i) if isinstance(i, int) else i for i in lines]
        print_lines = tuple(line(-fen, item=item) for item, fen in by_item)
        print_lines = tuple(replace(item, unit="项", quantity="1") for item in print_lines)
        net, tax = (
            sum(item.net_fen for item in print_lines),
            sum(item.tax_fen for item in print_lines),
        )
        document = replace(
            red(next(self.serials), of, net, since=None, until=None),
            lines=print_lines, net_fen=net, tax_fen=tax, gross_fen=net + tax,
        )  # fmt: skip
        self.take(document)
        return document

    def take(self, document: Document) -> None:
        """A document is brought, compared by another clerk, and matched."""
        with self.step() as db:
            intake = take_document(
                db, document, file(f"<e>{document.number}</e>"), actor=CLERK.actor, now=self.now
            )
        assert not isinstance(intake, list), intake
        verified(self.engine, intake, OTHER, self.now)
        self.match()

    def receipt(self, of: Document, fen: int) -> None:
        """The buyer has paid so much of a document, with tax."""
        reference = f"r{next(self.serials)}"
        with self.step() as db:
            query = select(CostDocument).where(CostDocument.number == of.number)
            enter(
                db, key(db.exec(query).one()), reference=reference, payer=BUYER.name,
                payee=of.seller.name, fen=fen, paid_on=of.issued_on,
                file=file(receipt_pdf(reference, fen), "凭证.pdf"), actor=CLERK.actor,
                now=self.now,
            )  # fmt: skip

    def match(self) -> None:
        """Documents find their cells."""
        with self.step() as db:
            match(db, actor=CLERK.actor, now=self.now)
        self.accrue()

    def move(
        self,
        document: Document,
        fen: int,
        *,
        source: date | None = MARCH,
        target: date | None = None,
        line: int = 1,
        contract: str = "k1",
    ) -> None:
        """One clerk moves part of a line from a month to another; None is unallocated."""
        with self.step() as db:
            query = select(CostDocument).where(CostDocument.number == document.number)
            at = key(self._contract(db, contract))
            cells = [(at, m, Part.COMPUTE) if m else None for m in (source, target)]
            move(
                db, key(db.exec(query).one()), line, source=cells[0], target=cells[1], fen=fen,
                actor=CLERK.actor, now=self.now,
            )  # fmt: skip

    def choose_parts(self, red: Document, parts: Mapping[int, int]) -> None:
        """Two persons say which lines an unclear red invoice takes back."""
        with self.step() as db:
            row = db.exec(select(CostDocument).where(CostDocument.number == red.number)).one()
            decision = propose_parts(
                db, key(row), parts=parts, reason="中心来函", actor=CLERK.actor, now=self.now
            )
        self.confirm(decision)

    def propose(
        self, month: date = MARCH, *choices: Choice, contract: str = "k1"
    ) -> Decision | list[Finding]:
        """One person proposes what of a contract's month counts."""
        with self.step() as db:
            return reconcile.propose(
                db, self._contract(db, contract), month, choices=choices, reason="核对",
                actor=CLERK.actor, now=self.now,
            )  # fmt: skip

    def decide(self, month: date = MARCH, *choices: Choice, contract: str = "k1") -> None:
        """Two persons decide it."""
        proposal = self.propose(month, *choices, contract=contract)
        assert isinstance(proposal, Decision), proposal
        self.confirm(proposal)

    def propose_fall(self, month: date = MARCH, *, contract: str = "k1") -> Decision:
        """One person proposes that what no longer counts falls."""
        with self.step() as db:
            return propose_fall(
                db, self._contract(db, contract), month, reason="更正", actor=CLERK.actor,
                now=self.now,
            )  # fmt: skip

    def fall(self, month: date = MARCH, *, contract: str = "k1") -> None:
        """Two persons decide that it falls."""
        self.confirm(self.propose_fall(month, contract=contract))

    def propose_exclusion(
        self, month: date, *, contract: str = "k1", excluded: bool = True
    ) -> Decision:
        """One person proposes that a contract's month earns nothing, or that it earns again."""
        with self.step() as db:
            return propose_exclusion(
                db, self._contract(db, contract), month, excluded=excluded, reason="不符合条件",
                actor=CLERK.actor, now=self.now,
            )  # fmt: skip

    def exclude(self, month: date, *, contract: str = "k1") -> None:
        """Two persons exclude a contract's month."""
        self.confirm(self.propose_exclusion(month, contract=contract))

    def readmit(self, month: date, *, contract: str = "k1") -> None:
        """Two persons readmit it."""
        self.confirm(self.propose_exclusion(month, contract=contract, excluded=False))

    def cells(self, month: date = MARCH, contract: str = "k1") -> list[Cell]:
        """The cells of a contract's month."""
        with Session(self.engine) as db:
            return month_cells(db, key(self._contract(db, contract)), month)

    def _contract(self, db: Session, number: str) -> Contract:
        return contract_by_number(db, number)
