"""Deductions at the counter: the centre states them, the builder confirms, the centre claims."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.claims.queries import claim_by_number
from ledger.claims.steps.approval import propose_approval
from ledger.claims.steps.bank_accounts import propose_account
from ledger.payment.queries.payment_lists import indicator
from ledger.payment.steps.indicators import open_indicator
from ledger.payment.steps.payment_list import make_list
from ledger.people.codes import Role
from ledger.people.tables import Decision
from ledger.registry.tables import Organisation
from tests.support.api.command_line import Desk
from tests.support.api.counter import CENTRE, Counter
from tests.support.api.town import FACTS, NOW, Town
from tests.support.claims import APPROVER, BUILDER, CHANNEL, CLERK, OTHER_CLERK, WANTED
from tests.support.papers.proofs import pdf
from tests.support.payments import BOSS, CASHIER
from tests.support.people import place_former, place_token
from tests.support.vouchers import USCC


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
    claim_read = counter.ask(Role.CLERK, "GET", f"claims/{claim['number']}")
    assert (claim_read["payee"], claim_read["fen"]) == ("智算中心公司", 12_000)


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
    outcome = office.take(number, "accept", OTHER_CLERK, NOW, facts=FACTS)
    assert (outcome.findings, outcome.claim.state) == ((), "accepted")
    office.take(number, "publish", CLERK, NOW, channel=CHANNEL)
    later = NOW + timedelta(days=30)
    with Session(counter.engine, expire_on_commit=False) as db, db.begin():
        claim = claim_by_number(db, number)
        decision = propose_approval(
            db, claim, viewer_role="clerk", actor=CLERK.actor, now=later, reason="核定"
        )
    office.confirm(decision, APPROVER, later)
    with Session(counter.engine, expire_on_commit=False) as db, db.begin():
        appropriation = open_indicator(
            db, number="Z1", year=later.year, project_name="算力券", fund_kind="一般公共预算",
            classification="2150805", fen=12_000, reason="预算批复", actor=CASHIER.actor, now=later,
        )  # fmt: skip
    office.confirm(appropriation, BOSS, later)
    with Session(counter.engine, expire_on_commit=False) as db, db.begin():
        payment_list = make_list(
            db, indicator=indicator(db, "Z1", later.year), claims=[number], reason="",
            actor=CASHIER.actor, now=later,
        )  # fmt: skip
        sending = db.get_one(Decision, payment_list.decision_id)
    office.confirm(sending, BOSS, later)
    row = counter.owner.execute("SELECT payee, fen FROM payment_lines").fetchone()
    assert row == ("智算中心公司", 12_000)
    assert office.claim(number).state == "listed"


def test_the_centre_brings_its_papers_and_hands_in(counter: Counter) -> None:
    """The clerk has to do with it only when it is there."""
    counter.confirm(counter.state(12_000))
    number = counter.redeem()["number"]
    account = {
        "holder": "智算中心公司", "bank": "银川银行", "bank_code": "313871000007",
        "number": "6222020200112233445",
    }  # fmt: skip
    proposal = counter.ask(Role.OPERATOR, "POST", "bank-accounts", json=account)
    with Session(counter.engine) as db:
        decision = db.get_one(Decision, proposal["decision"])
    counter.office.confirm(decision, OTHER_CLERK, NOW)
    claim = counter.ask(Role.OPERATOR, "GET", f"claims/{number}")
    assert {item["by"] for item in claim["checklist"]} == {"operator"}
    assert claim["actions"] == ["submit", "withdraw"]
    submission = {"action": "submit"}
    refusal = counter.ask(Role.OPERATOR, "POST", f"claims/{number}/actions", 422, json=submission)
    assert refusal["code"] == "claim_lacks"
    (document,) = claim["documents"]
    for role in WANTED:
        path = f"claims/{number}/files?role={role}&proves={document if role == 'receipt' else ''}"
        counter.ask(Role.OPERATOR, "POST", path, 201, content=pdf(role, number))
    claim = counter.ask(Role.OPERATOR, "POST", f"claims/{number}/actions", json=submission)
    assert claim["state"] == "submitted"
    acceptance = {"action": "accept", "facts": FACTS}
    path = f"claims/{number}/actions"
    assert counter.ask(Role.OPERATOR, "POST", path, 403, json=acceptance)["code"] == "not_your_step"
    assert counter.ask(Role.CLERK, "POST", path, json=acceptance)["state"] == "accepted"
    withdrawal = {"action": "withdraw", "note": "重开"}
    claim = counter.ask(Role.OPERATOR, "POST", path, json=withdrawal)
    assert claim["state"] == "withdrawn"
    (row,) = counter.ask(Role.OPERATOR, "GET", "bank-accounts")
    assert row["number"] == account["number"]
    assert [c["number"] for c in counter.ask(Role.OPERATOR, "GET", "claims")] == [number]


def test_each_sees_and_moves_her_own_claims(counter: Counter) -> None:
    counter.confirm(counter.state(12_000))
    of_centre = counter.redeem()["number"]
    of_builder = counter.ask(Role.BUILDER, "POST", "claims", json={"project": "p-mine"})["number"]
    for role, own, foreign in (
        (Role.BUILDER, of_builder, of_centre),
        (Role.OPERATOR, of_centre, of_builder),
    ):
        assert [c["number"] for c in counter.ask(role, "GET", "claims")] == [own]
        counter.ask(role, "GET", f"claims/{foreign}", 404)
        counter.ask(role, "GET", f"claims/{foreign}/papers/application", 404)
        for action in ("submit", "withdraw"):
            counter.ask(role, "POST", f"claims/{foreign}/actions", 404, json={"action": action})
        path = f"claims/{foreign}/files?role=other"
        counter.ask(role, "POST", path, 404, content=pdf("x", foreign))
        pages = counter.town.client.get(f"/claims/{foreign}", headers=counter.town.headers(role))
        assert pages.status_code == 404
        pages = counter.town.client.get(f"/claims/{own}", headers=counter.town.headers(role))
        assert pages.status_code == 200
        assert "/claims/files" in pages.text
    stranger = {"organisation": USCC, "holder": "a", "bank": "b", "bank_code": "313871000007",
                "number": "6222020200112233445"}  # fmt: skip
    counter.ask(Role.OPERATOR, "POST", "bank-accounts", 404, json=stranger)
    counter.ask(Role.OPERATOR, "GET", "projects/p-mine/claimable", 403)


@pytest.mark.parametrize(("role", "is_of_centre"), [("builder", True), ("operator", False)])
def test_sql_moves_no_claim_of_another(counter: Counter, role: str, *, is_of_centre: bool) -> None:
    """Whatever the application says of the role: the token is of another project or centre."""
    counter.confirm(counter.state(12_000))
    counter.redeem()
    counter.ask(Role.BUILDER, "POST", "claims", json={"project": "p-mine"})
    event = sa.text(
        "INSERT INTO claim_events (claim_id, state, action, role, next, actor, at)"
        " SELECT c.id, 'draft', 'withdraw', t.role, 'withdrawn',"
        " format('%s:%s#%s', t.role, p.name, t.id), now() FROM claims c, tokens t"
        " JOIN persons p ON p.id = t.person_id"
        " WHERE (c.centre_id IS NOT NULL) = :of_centre AND t.role = :role"
        " AND t.revoked_at IS NULL LIMIT 1"
    )
    for of_centre, moves in ((is_of_centre, False), (not is_of_centre, True)):
        params = {"role": role, "of_centre": of_centre}
        if moves:
            with counter.engine.begin() as db:
                assert db.execute(event, params).rowcount == 1
        else:
            with pytest.raises(sa.exc.IntegrityError) as refused, counter.engine.begin() as db:
                db.execute(event, params)
            assert refused.value.orig.diag.constraint_name == "claimant_moves"  # type: ignore[union-attr]


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
    result = desk.run(role, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_by_command_and_by_page(counter: Counter, desk: Desk) -> None:
    row = counter.owner.execute(
        "SELECT number FROM cost_documents WHERE id = %s", (counter.document,)
    ).fetchone()
    assert row
    assert "¥120.00" in says(
        desk, Role.OPERATOR, "invoice", "deduct", row[0], counter.number, "--yuan", "120"
    )

    def page(role: Role, path: str) -> str:
        return counter.town.client.get(path, headers=counter.town.headers(role)).text

    deduct = f"/documents/{counter.document}"
    assert f'name="contract" required value="{counter.number}"' in page(Role.OPERATOR, deduct)
    assert "待您确认" in page(Role.BUILDER, "/projects/p-mine")
    assert "开申请" not in page(Role.OPERATOR, "/deductions"), "nothing is confirmed yet"
    confirming = page(Role.BUILDER, "/deductions")
    assert "/confirm" in confirming
    assert "¥120.00" in confirming
    (deduction,) = counter.ask(Role.OPERATOR, "GET", "deductions")
    says(desk, Role.BUILDER, "claim", "deduction-confirm", str(deduction["id"]))
    assert "¥120.00" in says(desk, Role.BUILDER, "claim", "deductions")
    assert "智算中心公司" in says(desk, Role.CLERK, "claim", "redeem", "p-mine", "--centre", CENTRE)
    assert "<option>p-mine</option>" in page(Role.OPERATOR, "/deductions")
    quota = page(Role.BUILDER, "/projects/p-mine")
    assert "由中心抵扣" in quota
    assert "待您确认" not in quota


def test_a_builder_whose_token_the_clerk_made_confirms_nothing_of_hers(counter: Counter) -> None:
    self_made = place_former(counter.owner, "丁")
    clerk = place_token(counter.owner, "clerk", "丁")
    counter.owner.execute("UPDATE tokens SET created_by = %s WHERE role = 'builder'", (self_made,))
    row = counter.owner.execute(
        "INSERT INTO deductions (document_id, contract_id, fen, stated_at, stated_by)"
        " VALUES (%s, %s, 12000, now(), %s) RETURNING id",
        (counter.document, counter.contract, clerk),
    ).fetchone()
    assert row
    assert counter.confirm({"id": row[0]}, 422)["code"] == "one_made_the_other"
    statement = sa.text(
        "UPDATE deductions SET confirmed_at = now(), confirmed_by = (SELECT format('%s:%s#%s',"
        " role, name, t.id) FROM tokens t JOIN persons p ON p.id = t.person_id"
        " WHERE role = 'builder' AND project_id = (SELECT project_id"
        " FROM contracts WHERE id = :contract))"
    )
    with pytest.raises(sa.exc.IntegrityError) as refused, counter.engine.begin() as db:
        db.execute(statement, {"contract": counter.contract})
    assert "confirms no deduction" in str(refused.value)


def test_two_who_claim_at_once_redeem_no_more_than_was_deducted(counter: Counter) -> None:
    """The second waits for the first, and then sees what that took."""
    counter.confirm(counter.state(12_000))
    claim = sa.text(
        "INSERT INTO claims (number, voucher_id, payee_id, centre_id, fen, opened_at, opened_by)"
        " SELECT :number, v.id, c.organisation_id, c.id, 12000, now(), 'x' FROM vouchers v,"
        " centres c WHERE c.name = :centre AND v.project_id = (SELECT project_id FROM contracts"
        " WHERE id = :contract)"
    )
    params = {"centre": CENTRE, "contract": counter.contract}
    claimant, rival = counter.engine.connect(), counter.engine.connect()
    with claimant, rival, ThreadPoolExecutor() as pool:
        claimant.execute(claim, {**params, "number": "X1"})
        second_claim = pool.submit(rival.execute, claim, {**params, "number": "X2"})
        assert not wait([second_claim], timeout=0.5).done
        claimant.commit()
        with pytest.raises(sa.exc.IntegrityError, match="not deducted there"):
            second_claim.result()
