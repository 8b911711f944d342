"""Deductions at the counter: the centre states them, the builder confirms, the centre claims."""

from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.claims.steps.bank_accounts import propose_account
from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.command_line import Desk
from tests.support.api.town import FACTS, NOW, Town
from tests.support.claims import BUILDER, CLERK, OTHER_CLERK, WANTED, Office
from tests.support.invoices import SELLER
from tests.support.people import place_token
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


@pytest.fixture
def counter(town: Town, owner: psycopg.Connection) -> Counter:
    return Counter(town, owner)


def test_the_centre_is_paid_what_was_deducted_there(counter: Counter) -> None:
    deduction = counter.state(12_000)
    assert (deduction["fen"], deduction["gross_fen"], deduction["confirmed_at"]) == (
        12_000, 100_000, None,
    )  # fmt: skip
    assert counter.redeem(code=422)["code"] == "nothing_deducted"
    assert counter.claimable_fen() == 30_000
    assert counter.confirm(deduction)["confirmed_at"] is not None
    quota = counter.ask(Role.BUILDER, "GET", "projects/p-mine/quota")
    assert (quota["deducted_fen"], quota["payable_fen"]) == (12_000, 30_000)
    claim = counter.redeem()
    assert (claim["fen"], claim["payee"], claim["state"]) == (12_000, "智算中心公司", "draft")
    assert counter.redeem(code=422)["code"] == "nothing_deducted"
    shown = counter.ask(Role.CLERK, "GET", f"claims/{claim['number']}")
    assert (shown["payee"], shown["fen"]) == ("智算中心公司", 12_000)


def test_the_builder_claims_the_rest_and_nothing_twice(counter: Counter) -> None:
    counter.confirm(counter.state(12_000))
    assert counter.claimable_fen() == 18_000
    expected = {"project": "p-mine", "fen": 18_001}
    refusal = counter.ask(Role.BUILDER, "POST", "claims", 422, json=expected)
    assert refusal["code"] == "more_than_claimable"
    rest = counter.ask(Role.BUILDER, "POST", "claims", json={"project": "p-mine"})
    assert rest["fen"] == 18_000
    assert counter.redeem(5_000)["fen"] == 5_000
    assert counter.redeem(7_001, 422)["code"] == "more_than_claimable"
    second = counter.redeem()
    assert second["fen"] == 7_000
    withdrawal = {"action": "withdraw", "note": "重开"}
    counter.ask(Role.CLERK, "POST", f"claims/{second['number']}/actions", json=withdrawal)
    assert counter.redeem()["fen"] == 7_000


def test_a_redemption_goes_the_way_of_every_claim(counter: Counter) -> None:
    counter.confirm(counter.state(12_000))
    number = counter.redeem()["number"]
    office = counter.office
    office.add(number, *WANTED)
    (missing,) = office.take(number, "submit", CLERK).findings
    assert missing.code == "lacks_bank_account"
    with Session(counter.engine, expire_on_commit=False) as db, db.begin():
        payee = db.get_one(Organisation, counter.organisation)
        proposal, _ = propose_account(
            db, payee, holder=payee.name, bank="银川银行", bank_code="313871000007",
            number="6222020200112233445", actor=CLERK.actor, now=NOW,
        )  # fmt: skip
    assert proposal
    office.confirm(proposal, OTHER_CLERK, NOW)
    assert office.take(number, "submit", CLERK, NOW).findings == ()
    outcome = office.take(number, "accept", CLERK, NOW, facts=FACTS)
    assert (outcome.findings, outcome.claim.state) == ((), "accepted")


def test_paid_and_deducted_together_pay_the_bill(counter: Counter) -> None:
    assert counter.differences() == ["note"], "nothing is known of a payment"
    deduction = counter.state(12_000)
    assert counter.differences() == ["note"], "nobody confirmed it"
    counter.confirm(deduction)
    assert counter.differences() == ["cut"], "88,000 fen were not paid"
    counter.owner.execute(
        "INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on, original,"
        " amount_found, reference_found, entered_at, entered_by)"
        " SELECT 'R1', id, buyer_name, seller_name, 88000, '2026-03-02', original, true, true,"
        " received_at, received_by FROM cost_documents WHERE id = %s",
        (counter.document,),
    )
    assert counter.differences() == []


def test_a_deduction_is_of_this_bill_and_of_these_two(counter: Counter) -> None:
    assert counter.state(100_001, code=422)["code"] == "deduction_too_much"
    deduction = counter.state(12_000)
    assert counter.state(12_000) == deduction
    assert counter.state(12_001, code=409)["code"] == "deduction_stated"
    path = f"deductions/{deduction['id']}/confirm"
    assert counter.ask(Role.CLERK, "POST", path, 404)["code"] == "deduction"
    counter.office.earn(100)
    row = counter.owner.execute("SELECT max(id) FROM cost_documents").fetchone()
    assert row
    counter.document = row[0]
    assert counter.state(1, Role.CLERK, 422)["code"] == "deduction_parties"


ATTACKS = (
    (
        (
            "INSERT INTO deductions (document_id, contract_id, fen, stated_at, stated_by)"
            " VALUES (:document, :contract, 1, now(), :builder)"
        ),
        "deduction_stated",
    ),
    (
        (
            "INSERT INTO deductions (document_id, contract_id, fen, stated_at, stated_by)"
            " VALUES (:document, :contract, 100001, now(), :clerk)"
        ),
        "deduction_within_document",
    ),
    ("UPDATE deductions SET confirmed_at = now(), confirmed_by = :clerk", "deduction_confirmed"),
    (
        (
            "INSERT INTO claims (number, voucher_id, payee_id, centre_id, fen, opened_at,"
            " opened_by) SELECT 'X', v.id,"
            " c.organisation_id, c.id, 1, now(), 'x' FROM vouchers v, centres c"
        ),
        "redeems_deducted",
    ),
)


@pytest.mark.parametrize(("statement", "constraint"), ATTACKS)
def test_sql_deducts_and_redeems_nothing_alone(
    counter: Counter, statement: str, constraint: str
) -> None:
    if statement.startswith("UPDATE"):
        counter.state(1)
    params = {
        "document": counter.document,
        "contract": counter.contract,
        "clerk": place_token(counter.owner, "clerk", "丁"),
        "builder": BUILDER.actor,
    }
    with pytest.raises(sa.exc.IntegrityError) as refused, counter.engine.begin() as db:
        db.execute(sa.text(statement), params)
    assert refused.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]


def says(desk: Desk, role: Role, *arguments: str) -> str:
    done = desk.run(role, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_by_command_and_by_page(counter: Counter, desk: Desk) -> None:
    row = counter.owner.execute(
        "SELECT number FROM cost_documents WHERE id = %s", (counter.document,)
    ).fetchone()
    assert row
    assert "¥120.00" in says(
        desk, Role.OPERATOR, "invoice", "deduct", row[0], counter.number, "--yuan", "120"
    )
    page = counter.town.client.get("/deductions", headers=counter.town.headers(Role.BUILDER)).text
    assert "/confirm" in page
    assert "¥120.00" in page
    (deduction,) = counter.ask(Role.OPERATOR, "GET", "deductions")
    says(desk, Role.BUILDER, "claim", "deduction-confirm", str(deduction["id"]))
    assert "¥120.00" in says(desk, Role.BUILDER, "claim", "deductions")
    assert "智算中心公司" in says(desk, Role.CLERK, "claim", "redeem", "p-mine", "--centre", CENTRE)
    quota = counter.town.client.get(
        "/projects/p-mine", headers=counter.town.headers(Role.BUILDER)
    ).text
    assert "由中心抵扣" in quota
