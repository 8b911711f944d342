"""What a claim needs before it can be made, put straight into the database: reconciled cost, an
account of two persons; and the files that the policy asks for."""

from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import count

import psycopg
import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session

from ledger.claims.queries import claim_by_number, documents_of, voucher_of
from ledger.claims.steps.bank_accounts import propose_account
from ledger.claims.steps.claim_actions import Action, Wish, handle
from ledger.claims.steps.claims import StepResult, add_file, open_claim
from ledger.claims.tables import Claim
from ledger.desk.steps.confirm import respond
from ledger.documents.queries.originals import File
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.policy.codes import FileRole
from ledger.postgres.columns import key
from ledger.registry.queries import payee_of
from ledger.registry.tables import Organisation
from ledger.units import beijing_day
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.steps.accrue import accrue_all
from tests.support.documents import let_stand, party, waiting_decision
from tests.support.papers.proofs import pdf
from tests.support.people import place_token
from tests.support.simulation import START
from tests.support.vouchers import place_decision

POLICY = "yinchuan-2024-drill"
FACTS = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
}
PAYEE = party(31).uscc
CHANNEL = "市网信局，电话 0951-0000000"
WANTED = ("application", "commitment", "receipt")

BUILDER = Viewer(101, "钱七", Role.BUILDER)
CLERK = Viewer(102, "李四", Role.CLERK)
OTHER_CLERK = Viewer(103, "王五", Role.CLERK)
APPROVER = Viewer(104, "赵六", Role.APPROVER)

_numbers = count(1)


def file(name: str, content: bytes = b"%PDF-") -> File:
    return File.from_content(f"{name}.pdf", content)


@dataclass
class Office:
    """A project of a town whose cost is reconciled; who works there acts at `now`."""

    engine: sa.Engine
    owner: psycopg.Connection
    project: int
    months: int = field(default=0)

    def earn(self, fen: int, policy: str = POLICY, now: datetime = START) -> None:
        """So much cost was metered, invoiced and matched, in a month of its own."""
        self.months += 1
        month = date(2026, self.months, 1)
        place_matched(self.owner, self.project, fen, month, policy)
        with Session(self.engine) as db, db.begin():
            accrue_all(db, "test", now)

    def open(self, fen: int | None = None, now: datetime = START, *months: date) -> str:
        with Session(self.engine) as db, db.begin():
            return open_claim(
                db, self.project, fen, actor=BUILDER.actor, now=now, months=months
            ).number

    def add(self, number: str, *roles: str, now: datetime = START) -> None:
        with Session(self.engine) as db, db.begin():
            for role in roles:
                claim = claim_by_number(db, number)
                proves = documents_of(db, key(claim))[0] if role == "receipt" else ""
                paper = file(role, pdf(role, number))
                add_file(
                    db, claim, FileRole(role), paper, actor=BUILDER.actor, now=now, proves=proves
                )

    def take(
        self, number: str, action: Action, viewer: Viewer, now: datetime = START, **wish: object
    ) -> StepResult:
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            request = Wish(action, **wish)  # type: ignore[arg-type]
            return handle(db, claim_by_number(db, number), request, viewer=viewer, now=now)

    def handed_in(self, fen: int | None = None, now: datetime = START) -> str:
        """A claim with its files, handed in by the builder."""
        number = self.open(fen, now)
        self.add(number, *WANTED, now=now)
        assert self.take(number, "submit", BUILDER, now).findings == ()
        return number

    def published(self, fen: int | None = None, now: datetime = START) -> str:
        number = self.handed_in(fen, now)
        assert self.take(number, "accept", CLERK, now, facts=FACTS).findings == ()
        assert self.take(number, "publish", CLERK, now, channel=CHANNEL).findings == ()
        return number

    def claim(self, number: str) -> Claim:
        with Session(self.engine, expire_on_commit=False) as db:
            return claim_by_number(db, number)

    def account(self, number: str = "6222020200112233445", now: datetime = START) -> None:
        """The payee's account, proposed by a clerk and confirmed by another."""
        proposal = self.propose(number, now)
        self.confirm(proposal, OTHER_CLERK, now)

    def propose(self, number: str, now: datetime = START) -> Decision:
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            payee = db.get_one(Organisation, payee_of(db, self.project, now.date()))
            proposal, faults = propose_account(
                db, payee, holder=payee.name, bank="银川银行", bank_code="313871000007",
                number=number, actor=CLERK.actor, now=now,
            )  # fmt: skip
        assert proposal, faults
        return proposal

    def confirm(self, decision: Decision, viewer: Viewer, now: datetime = START) -> None:
        with Session(self.engine) as db, db.begin():
            respond(
                db,
                key(decision),
                answer=Answer.CONFIRMED,
                digest_seen=decision.digest,
                viewer=viewer,
                now=now,
            )


def other_payee(owner: psycopg.Connection, since: date = date(2026, 1, 1)) -> None:
    """From that day on every project is paid through an organisation that is new here.

    The owner says so, where it would take two persons of the application.
    """
    owner.execute("ALTER TABLE relations DISABLE TRIGGER recorded_by_two")
    owner.execute(
        "WITH o AS (INSERT INTO organisations (uscc, name)"
        " VALUES (%s, '代收单位') RETURNING id)"
        " INSERT INTO relations (kind, organisation_id, project_id, valid, recorded_at,"
        " recorded_by)"
        " SELECT 'payee', o.id, p.id, daterange(%s, NULL), %s, 'test' FROM o, projects p",
        (PAYEE, since, START),
    )
    owner.execute("ALTER TABLE relations ENABLE TRIGGER recorded_by_two")


def draft(engine: sa.Engine, code: str) -> str:
    """A claim of one fen of that project, with a file, whether or not it was earned. Its number."""
    with Session(engine) as db, db.begin():
        project = key(project_by_code(db, code))
        number = f"DF-{code}-{next(_numbers)}"
        db.execute(
            text(
                "WITH c AS (INSERT INTO claims (number, voucher_id, payee_id, fen, opened_at,"
                " opened_by) VALUES (:number, :voucher, :payee, 1, :now, 'test') RETURNING id)"
                " INSERT INTO claim_cells (claim_id, contract_id, month, fen)"
                " SELECT c.id, min(k.id), '2026-03-01', 1 FROM c, contracts k"
                " WHERE k.project_id = :project GROUP BY c.id"
            ),
            {
                "number": number, "voucher": voucher_of(db, project).id, "now": START,
                "payee": payee_of(db, project, beijing_day(START)), "project": project,
            },
        )  # fmt: skip
        claim = claim_by_number(db, number)
        add_file(db, claim, FileRole.OTHER, file("receipt"), actor="test", now=START)
        return number


def place_matched(
    owner: psycopg.Connection, project: int, fen: int, month: date, policy: str = POLICY
) -> None:
    """A month of a project in which `fen` were metered, invoiced and decided to be the same."""
    contract, price, model = _line(owner, project)
    row = owner.execute("SELECT kind FROM projects WHERE id = %s", (project,)).fetchone()
    assert row
    document = place_document(owner, fen)
    owner.execute(
        "INSERT INTO charges (contract_id, price_id, month, policy, model_id, mig_profile,"
        " ms_num, ms_den,"
        " cost_fen, computed_at) VALUES (%s, %s, %s, %s, %s, '', 1, 1, %s, %s)",
        (contract, price, month, policy, model, fen, START),
    )
    allocate(owner, document, contract, fen, month=month, kind=row[0])
    place_decided(owner, contract, fen, month=month)


def place_decided(
    owner: psycopg.Connection, contract: int, fen: int, *, month: date, part: str = "compute"
) -> None:
    """Two persons decided that of a cell as much was metered, invoiced and matched."""
    figures = dict.fromkeys(("metered_fen", "invoiced_fen", "matched_fen"), fen)
    cell = {"month": f"{month:%Y-%m}", "part": part, **figures, "closed_fen": 0, "typed": []}
    content = {"contract": contract, "month": f"{month:%Y-%m}", "cells": [cell], "notes": []}
    reconciliation = _figure(
        owner,
        "INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)"
        " VALUES (%s, %s, %s, 'test') RETURNING id",
        contract, month, START,
    )  # fmt: skip
    owner.execute(
        "INSERT INTO matches (reconciliation_id, part, metered_fen, invoiced_fen, matched_fen,"
        " extra_fen, extra_over_fen, closed_fen, held_fen, decision_id)"
        " VALUES (%s, %s, %s, %s, %s, 0, 0, 0, %s, %s)",
        (reconciliation, part, fen, fen, fen, fen,
         place_decision(owner, "reconciliation", content)),
    )  # fmt: skip


def place_document(owner: psycopg.Connection, fen: int) -> int:
    """An invoice of one line of that much."""
    content = f"document {next(_numbers)}".encode()
    digest = sha256(content).hexdigest()
    by = place_token(owner, "clerk", "甲")
    owner.execute(
        "INSERT INTO originals VALUES (%s, 'a.xml', 'application/xml', %s, %s, 'test')",
        (digest, content, START),
    )
    with owner.transaction():  # its lines add up at commit
        decision = waiting_decision(
            owner, number=digest[:20], net=fen, gross=fen, issued_on="2026-03-01", original=digest,
            seller="s", buyer="b", by=by, at=START,
        )  # fmt: skip
        document = _figure(
            owner,
            "INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name,"
            " buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original,"
            " received_at, received_by, decision_id) VALUES ('digital_invoice', %s, '2026-03-01',"
            " 's', 's', 'b', 'b', %s, 0, %s, '2026-03-01', '2026-03-31', 'xml', %s, %s, %s, %s)"
            " RETURNING id",
            digest[:20], fen, fen, digest, START, by, decision,
        )  # fmt: skip
        owner.execute(
            "INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)"
            " VALUES (%s, 1, '算力', %s, 0)",
            (document, fen),
        )
    let_stand(owner, document, place_token(owner, "approver", "乙"))
    return document


def allocate(
    owner: psycopg.Connection,
    document: int,
    contract: int,
    fen: int,
    *,
    month: date = date(2026, 3, 1),
    kind: str = "model",
) -> None:
    owner.execute(
        "INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen,"
        " allocated_at, allocated_by) VALUES (%s, 1, %s, %s, 'compute', %s, %s, %s, 'test')",
        (document, contract, month, kind, fen, START),
    )


def _line(owner: psycopg.Connection, project: int) -> tuple[int, int, int]:
    """A contract of the project with a price, and a model; made where they are not there."""
    owner.execute("INSERT INTO catalogue_models (name) VALUES ('H100-80G') ON CONFLICT DO NOTHING")
    owner.execute(
        "INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT 'contract ' || %s, id, %s, '[2026-01-01,)' FROM centres"
        " WHERE NOT EXISTS (SELECT FROM contracts WHERE project_id = %s) ORDER BY id LIMIT 1",
        (project, project, project),
    )
    contract = _figure(owner, "SELECT id FROM contracts WHERE project_id = %s", project)
    owner.execute(
        "INSERT INTO prices (contract_id, unit, yuan, gpus, hours, tax_included, tax_rate, valid,"
        " recorded_at, recorded_by) SELECT %s, 'gpu-hour', 60, 1, 1, false, 0.06,"
        " '[2026-01-01,)', %s, 'test' WHERE NOT EXISTS (SELECT FROM prices WHERE contract_id = %s)",
        (contract, START, contract),
    )
    price = _figure(owner, "SELECT id FROM prices WHERE contract_id = %s", contract)
    model = _figure(owner, "SELECT id FROM catalogue_models WHERE name = 'H100-80G'")
    return contract, price, model


def _figure(owner: psycopg.Connection, query: str, *params: object) -> int:
    row = owner.execute(query.encode(), params).fetchone()
    assert row
    return int(row[0])
