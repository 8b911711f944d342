"""A small town for tests of the flow: one centre, two GPUs, a model project with a voucher."""

from collections.abc import Iterable
from copy import copy, deepcopy
from datetime import datetime

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from agents import wire
from ledger.accounts.rules.targets import Rights
from ledger.charging.steps import ChargeResult, charge
from ledger.desk.steps.confirm import respond
from ledger.desk.steps.take_registry import take_registry
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.reconciliation.steps.excess import move_excess
from ledger.registry.steps.register import RegistrationReport
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.steps.accrue import AccrualResult, accrue_all
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Voucher
from tests.support.simulation import START, Node, enrolled, minute, place
from tests.support.vouchers import held

NOW = minute(100_000)
POLICY = "yinchuan-2024-drill"

REGISTRY = """
clusters: [{name: c1, centre: centre of c1, billing: [{source: nvml, from: 2026-01-01}]}]
catalogue: [{model: H100-80G, names: [{nvml: H100}]}]
projects: [{code: p1, name: 大模型, kind: model, organisation: 91640100MA7600001J, drill: true}]
contracts:
  - number: k1
    centre: centre of c1
    project: p1
    from: 2026-01-01
    prices: [{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06"}]
bindings: [{cluster: c1, holder: {static: team-a}, project: p1, from: 2026-01-01}]
"""


class Town:
    """One yuan a GPU-minute, thirty fen of it from the city."""

    def __init__(self, database: Database, engine: sa.Engine, owner: psycopg.Connection) -> None:
        self.engine = engine
        self.cluster = place(owner, gpus=2)
        self.node: Node = enrolled(owner, self.cluster)
        with database.owner_engine().begin() as connection:
            load_policies(connection)
        self.register(REGISTRY)
        with Session(engine) as db, db.begin():
            self.project = key(project_by_code(db, "p1"))
            open_voucher(
                db, project=self.project, clause="09-1", policy=POLICY, facts={}, actor="clerk",
                now=START,
            )  # fmt: skip

    def on(self, engine: sa.Engine) -> "Town":
        """The same town in a copy of its database; its node counts on from here by itself."""
        town = copy(self)
        town.engine, town.node = engine, deepcopy(self.node)
        return town

    def register(
        self, text: str, now: datetime = START, *, supersede: bool = False
    ) -> RegistrationReport:
        """Register a file; what touches charged usage is confirmed by another person."""
        with Session(self.engine) as db, db.begin():
            intake = take_registry(db, text, actor=CLERK.actor, now=now, supersede=supersede)
            assert not intake.report.findings, intake.report.findings
            if intake.decision is not None:
                respond(
                    db, key(intake.decision), answer=Answer.CONFIRMED,
                    digest_seen=intake.decision.digest, viewer=APPROVER, now=now,
                )  # fmt: skip
        return intake.report

    def report(self, windows: Iterable[wire.Window]) -> None:
        with Session(self.engine) as db, db.begin():
            batch = self.node.read(self.node.batch(windows))
            assert isinstance(take_batch(db, batch, NOW), Receipt)

    def accrue(self, now: datetime = NOW) -> tuple[ChargeResult, AccrualResult]:
        with Session(self.engine) as db, db.begin():
            charges = charge(db, now)
            move_excess(db, "test", now)
            return charges, accrue_all(db, "test", now)


CLERK, APPROVER = Viewer(1, "李四", Role.CLERK), Viewer(2, "赵六", Role.APPROVER)


def voucher_of(town: Town) -> Voucher:
    with Session(town.engine, expire_on_commit=False) as db:
        return db.exec(select(Voucher).where(Voucher.project_id == town.project)).one()


def rights_of(town: Town) -> Rights:
    return held(town.engine, voucher_of(town).book_id)
