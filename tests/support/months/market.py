"""Centres that sell and firms that buy, with charges written as they are computed: for matching."""

from datetime import UTC, date, datetime

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Key
from ledger.documents.rules.cost_document import Document, Party
from ledger.documents.steps.documents import Intake, take_document
from ledger.reconciliation.steps.match import Matched, match
from tests.support.documents import file, party, verified

NOW = datetime(2026, 12, 20, 4, tzinfo=UTC)
CLERK = "clerk:甲#1"
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
SELLER, BUYER = party(11, "智算中心"), party(12, "模型企业")


class Market:
    """A seller with its centre, a buyer with a model project and contract 1 between them."""

    def __init__(self, engine: sa.Engine, owner: psycopg.Connection) -> None:
        self.engine, self.owner = engine, owner
        self.centre = self.place_centre(SELLER)
        self.project = self.place_project(BUYER, "m1")
        self.contract = self.place_contract("k1")
        self.price = self.place_price(self.contract)

    def one(self, query: str, *values: object) -> int:
        row = self.owner.execute(query.encode(), values).fetchone()
        assert row
        return int(row[0])

    def place_party(self, person: Party) -> int:
        return self.one(
            "INSERT INTO organisations (uscc, name) VALUES (%s, %s)"
            " ON CONFLICT (uscc) DO UPDATE SET name = excluded.name RETURNING id",
            person.uscc, person.name,
        )  # fmt: skip

    def place_centre(self, person: Party) -> int:
        return self.one(
            "INSERT INTO centres (name, organisation_id) VALUES (%s, %s) RETURNING id",
            person.name, self.place_party(person),
        )  # fmt: skip

    def place_project(self, person: Party, code: str, kind: str = "model") -> int:
        return self.one(
            "INSERT INTO projects (code, name, kind, organisation_id) VALUES (%s, %s, %s, %s)"
            " RETURNING id",
            code, code, kind, self.place_party(person),
        )  # fmt: skip

    def place_contract(
        self, number: str, project: int | None = None, valid: str = "[2026-01-01,)"
    ) -> int:
        return self.one(
            "INSERT INTO contracts (number, centre_id, project_id, valid) VALUES (%s, %s, %s, %s)"
            " RETURNING id",
            number, self.centre, project or self.project, valid,
        )  # fmt: skip

    def place_price(self, contract: int, name: str = "") -> int:
        return self.one(
            "INSERT INTO prices (contract_id, name, unit, yuan, gpus, hours, tax_included,"
            " tax_rate,"
            " valid, recorded_at, recorded_by) VALUES (%s, %s, 'gpu-hour', 10.6, 1, 1, true, 0.06,"
            " '[2026-01-01,)', %s, 'test') RETURNING id",
            contract, name, NOW,
        )  # fmt: skip

    def charge(self, month: date, fen: int, price: int | None = None, policy: str = "") -> Key:
        """What was metered in a cell."""
        price = price or self.price
        contract = self.one(
            "INSERT INTO charges (contract_id, price_id, month, policy, mig_profile, ms_num,"
            " ms_den,"
            " cost_fen, computed_at) SELECT contract_id, id, %s, %s, '', 1, 1, %s, %s FROM prices"
            " WHERE id = %s RETURNING contract_id",
            month, policy, fen, NOW, price,
        )  # fmt: skip
        return (contract, month, Part.COMPUTE)

    def cell(self, month: date, part: Part = Part.COMPUTE) -> Key:
        return (self.contract, month, part)

    def take(self, document: Document) -> int:
        """A document that is handed in; its key."""
        with Session(self.engine) as db, db.begin():
            content = file(f"<e>{document.number}</e>")
            intake = take_document(db, document, content, actor=CLERK, now=NOW)
        assert isinstance(intake, Intake), intake
        if document.source != "keyed":
            verified(self.engine, intake)
        return intake.documents[0].id

    def match(self) -> Matched:
        with Session(self.engine) as db, db.begin():
            return match(db, actor=CLERK, now=NOW)

    def allocated(self) -> dict[tuple[int, int, Key], int]:
        """document, line, cell → fen."""
        rows = self.owner.execute(
            "SELECT document_id, line, contract_id, month, part, fen FROM allocations"
        )
        return {(r[0], r[1], (r[2], r[3], Part(r[4]))): r[5] for r in rows}
