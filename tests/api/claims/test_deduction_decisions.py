"""What two persons decide of a deduction: a written consent, and what red documents took back."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.documents.steps.deductions import state_deduction
from ledger.errors import LedgerError
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.registry.tables import Contract
from tests.support.api.command_line import Desk
from tests.support.api.counter import Counter
from tests.support.api.town import NOW, Town
from tests.support.claims import APPROVER, CLERK, OTHER_CLERK
from tests.support.papers.proofs import pdf
from tests.support.people import place_token

SIGNED = pdf("We agree to the deduction", "Signed and sealed")


@pytest.fixture
def counter(town: Town, owner: psycopg.Connection) -> Counter:
    return Counter(town, owner)


def consent(counter: Counter, deduction: int, content: bytes = SIGNED, code: int = 0) -> Any:
    path = f"deductions/{deduction}/consent?name=signed.pdf"
    return counter.ask(Role.CLERK, "POST", path, code, content=content)


def answer(counter: Counter, decision: dict[str, Any], viewer: Viewer) -> str:
    """The code of why it may not be confirmed, or nothing."""
    try:
        with Session(counter.engine) as db, db.begin():
            respond(
                db, decision["id"], answer=Answer.CONFIRMED, digest_seen=decision["digest"],
                viewer=viewer, now=NOW,
            )  # fmt: skip
    except LedgerError as error:
        return error.code
    return ""


def read(counter: Counter) -> dict[str, Any]:
    (deduction,) = counter.ask(Role.CLERK, "GET", "deductions")
    return dict(deduction)


def test_a_signed_file_that_another_has_seen_is_consent(counter: Counter) -> None:
    deduction = counter.state(12_000)["id"]
    assert consent(counter, deduction, b"", 422)["code"] == "file_empty"
    assert consent(counter, deduction, b"no file", 422)["code"] == "proof_kind"
    decision = consent(counter, deduction)
    deduction_now = read(counter)
    assert (deduction_now["confirmed_at"], deduction_now["decision"]) == (None, decision["id"])
    assert decision["content"]["original"] == deduction_now["consent"]
    headers = counter.town.headers(Role.APPROVER)
    file = counter.town.client.get(f"/deductions/{deduction}/consent", headers=headers)
    assert file.content == SIGNED
    page = counter.town.client.get(f"/decisions/{decision['id']}", headers=headers).text
    assert f"/deductions/{deduction}/consent" in page
    assert counter.redeem(code=422)["code"] == "nothing_deducted"
    assert answer(counter, decision, OTHER_CLERK) == ""
    assert read(counter)["confirmed_by"] == OTHER_CLERK.actor
    assert counter.redeem()["fen"] == 12_000
    assert consent(counter, deduction, code=409)["code"] == "deduction_confirmed"


def test_who_stated_it_does_not_consent_to_it(counter: Counter) -> None:
    actor = place_token(counter.owner, "clerk", "丁")
    with Session(counter.engine) as db, db.begin():
        contract = db.get_one(Contract, counter.contract)
        state_deduction(db, counter.document, contract, 12_000, actor=actor, now=NOW)
    decision = consent(counter, read(counter)["id"])
    stater = Viewer(int(actor.partition("#")[2]), "丁", Role.CLERK)
    assert answer(counter, decision, stater) == "same_person"
    assert answer(counter, decision, OTHER_CLERK) == ""


def test_what_a_red_document_takes_back_falls_by_two(counter: Counter) -> None:
    counter.confirm(counter.state(12_001))
    path = f"deductions/{read(counter)['id']}/fall"
    why = {"reason": "红字发票"}
    assert counter.ask(Role.CLERK, "POST", path, 422, json=why)["code"] == "nothing_falls"
    counter.take_back(50_000)
    deduction_now = read(counter)
    assert (deduction_now["fen"], deduction_now["held_fen"], deduction_now["counted_fen"]) == (
        12_001,
        12_001,
        6_001,
    )
    assert counter.redeem(6_002, 422)["code"] == "more_than_claimable"
    assert counter.claimable_fen() == 30_000 - 12_001, "until two decide it is kept from others"
    desk = counter.town.client.get("/desk", headers=counter.town.headers(Role.CLERK)).text
    assert "抵扣待调减" in desk
    decision = counter.ask(Role.CLERK, "POST", path, json=why)
    assert answer(counter, decision, OTHER_CLERK) == "not_your_decision"
    assert read(counter)["held_fen"] == 12_001
    assert answer(counter, decision, APPROVER) == ""
    assert read(counter)["held_fen"] == 6_001
    assert counter.claimable_fen() == 30_000 - 6_001
    assert counter.redeem()["fen"] == 6_001
    counter.take_back(25_000)  # three quarters are gone: of what was stated, not of what was left
    assert read(counter)["counted_fen"] == 3_000


def test_of_a_bill_that_was_taken_back_no_more_is_deducted_than_is_left(counter: Counter) -> None:
    counter.take_back(90_000)
    assert counter.state(10_001, code=422)["code"] == "deduction_too_much"
    assert counter.state(10_000)["counted_fen"] == 1_000


def test_what_changed_since_it_was_proposed_is_proposed_anew(counter: Counter) -> None:
    counter.confirm(counter.state(12_000))
    counter.take_back(50_000)
    path = f"deductions/{read(counter)['id']}/fall"
    decision = counter.ask(Role.CLERK, "POST", path, json={"reason": "红字发票"})
    counter.take_back(25_000)
    assert answer(counter, decision, APPROVER) == "figures_changed"
    assert read(counter)["held_fen"] == 12_000


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("held_fen = 1", "deduction_falls"),
        ("held_fen = 1, fall_decision_id = (SELECT max(id) FROM decisions)", "deduction_falls"),
        ("consent_decision_id = (SELECT max(id) FROM decisions)", "deduction_falls"),
    ],
)
def test_sql_lowers_nothing_alone(counter: Counter, change: str, constraint: str) -> None:
    counter.confirm(counter.state(12_000))
    counter.take_back(50_000)
    path = f"deductions/{read(counter)['id']}/fall"
    counter.ask(Role.CLERK, "POST", path, json={"reason": "红字发票"})
    with pytest.raises(sa.exc.IntegrityError) as refusal, counter.engine.begin() as db:
        db.execute(sa.text(f"UPDATE deductions SET {change}"))
    assert refusal.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_sql_consents_to_nothing_alone(counter: Counter) -> None:
    decision = consent(counter, counter.state(12_000)["id"])
    with pytest.raises(sa.exc.IntegrityError, match="confirms no"), counter.engine.begin() as db:
        db.execute(
            sa.text(
                "UPDATE deductions SET confirmed_at = :at, confirmed_by = :by,"
                " consent_decision_id = :decision"
            ),
            {"at": NOW, "by": CLERK.actor, "decision": decision["id"]},
        )


def test_by_command_and_by_page(counter: Counter, desk: Desk, tmp_path: Path) -> None:
    deduction = counter.state(12_000)["id"]
    paper = tmp_path / "signed.pdf"
    paper.write_bytes(SIGNED)
    decision = desk.ask(Role.CLERK, "claim", "deduction-consent", str(deduction), str(paper))
    assert decision["kind"] == "deduction_consent"
    assert answer(counter, decision, OTHER_CLERK) == ""
    counter.take_back(50_000)
    headers = counter.town.headers(Role.CLERK)
    page = counter.town.client.get("/deductions", headers=headers).text
    assert f"/deductions/{deduction}/fall" in page
    fall = desk.ask(Role.CLERK, "claim", "deduction-fall", str(deduction), "--reason", "红字发票")
    assert (fall["content"]["held_fen"], fall["content"]["counted_fen"]) == (12_000, 6_000)
    page = counter.town.client.get("/deductions", headers=headers).text
    assert "等另一人确认" in page
