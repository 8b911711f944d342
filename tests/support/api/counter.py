"""A counter at which a builder pays a centre the bill less its voucher."""

from typing import Any

import psycopg
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.town import Town
from tests.support.claims import Office
from tests.support.invoices import SELLER
from tests.support.vouchers import USCC

CENTRE = "centre of c-mine"


class Counter:
    """A project that earned 300 yuan at a centre which is another organisation."""

    def __init__(self, town: Town, owner: psycopg.Connection) -> None:
        self.town, self.owner, self.engine = town, owner, town.app.state.engine
        with Session(self.engine) as db:
            project = key(project_by_code(db, "p-mine"))
        row = owner.execute(
            "INSERT INTO organisations (uscc, name) VALUES (%s, '智算中心公司') RETURNING id",
            (SELLER,),
        ).fetchone()
        assert row
        self.organisation = int(row[0])
        owner.execute(
            "UPDATE centres SET organisation_id = %s WHERE name = %s", (self.organisation, CENTRE)
        )
        self.office = Office(self.engine, owner, project)
        self.office.earn(100_000)
        row = owner.execute(
            "SELECT a.document_id, k.number, k.id FROM allocations a"
            " JOIN contracts k ON k.id = a.contract_id WHERE k.project_id = %s",
            (project,),
        ).fetchone()
        assert row
        self.document, self.number, self.contract = row
        owner.execute("ALTER TABLE cost_documents DISABLE TRIGGER USER")  # to be of these two
        owner.execute(
            "UPDATE cost_documents SET seller_uscc = %s, buyer_uscc = %s WHERE id = %s",
            (SELLER, USCC, self.document),
        )
        owner.execute("ALTER TABLE cost_documents ENABLE TRIGGER USER")

    def ask(self, role: Role, method: str, path: str, code: int = 0, **options: Any) -> Any:
        answer = self.town.client.request(
            method, f"/api/v1/{path}", headers=self.town.headers(role), **options
        )
        assert answer.status_code == code or (not code and answer.is_success), answer.text
        return answer.json()

    def state(self, fen: int, role: Role = Role.OPERATOR, code: int = 0) -> Any:
        expected = {"contract": self.number, "fen": fen}
        path = f"cost-documents/{self.document}/deductions"
        return self.ask(role, "POST", path, code, json=expected)

    def confirm(self, deduction: dict[str, Any], code: int = 0) -> Any:
        path = f"deductions/{deduction['id']}/confirm"
        return self.ask(Role.BUILDER, "POST", path, code)

    def redeem(self, fen: int | None = None, code: int = 0) -> Any:
        expected = {"project": "p-mine", "fen": fen}
        return self.ask(Role.OPERATOR, "POST", "redemptions", code, json=expected)

    def claimable_fen(self) -> int:
        rows = self.ask(Role.BUILDER, "GET", "projects/p-mine/claimable")
        return sum(row["fen"] for row in rows)

    def differences(self) -> list[str]:
        month = self.ask(Role.CLERK, "GET", f"reconciliations/{self.contract}-2026-01")
        return [d["handling"] for d in month["differences"] if d["code"] == "R05"]

    def take_back(self, fen: int) -> None:
        """A red document takes back so much of the bill; it stands at once."""
        self.owner.execute("ALTER TABLE cost_documents DISABLE TRIGGER USER")
        self.owner.execute(
            "INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name,"
            " buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original,"
            " received_at, received_by, decision_id, reverses_id, confirmed_at, confirmed_by)"
            " SELECT kind, number || '-' || %s, issued_on, seller_uscc, seller_name, buyer_uscc,"
            " buyer_name, -%s, 0, -%s, since, until, source, original, received_at, received_by,"
            " decision_id, id, received_at, 'clerk:红#9' FROM cost_documents WHERE id = %s",
            (str(fen), fen, fen, self.document),
        )
        self.owner.execute("ALTER TABLE cost_documents ENABLE TRIGGER USER")
