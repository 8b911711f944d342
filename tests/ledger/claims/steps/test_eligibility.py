"""Accepting a claim: the policy decides on the day, and the books must agree."""

from datetime import date
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.claims import queries as book
from ledger.errors import Conflict, Refused
from ledger.formats.digest import digest
from ledger.policy.decide.record import replay
from ledger.postgres.columns import key
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.claims import (
    BUILDER,
    CLERK,
    FACTS,
    POLICY,
    Office,
    allocate,
    place_document,
    place_matched,
)
from tests.support.simulation import START
from tests.support.town import Town
from tests.support.vouchers import chain, place_decision, place_moves, place_project

TALENT = {"subject_kind": "talent", "talent_category": "academician"}


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    office = Office(engine, owner, town.project)
    office.earn(100_000)
    office.account()
    return office


def test_what_the_policy_finds_eligible_is_accepted_and_kept(
    office: Office, engine: sa.Engine
) -> None:
    number = office.handed_in()
    result = office.take(number, "accept", CLERK, facts=FACTS)
    assert (result.claim.state, result.code, result.findings) == ("accepted", "", ())
    with Session(engine) as db:
        event = book.newest_event(db, key(result.claim), "accept")
    assert event is not None
    sealed = dict(event.content)
    assert sealed.pop("digest") == digest(sealed)
    record = sealed.pop("record")
    again = replay(record)
    assert again is not None
    assert again.digest == record["digest"]
    assert sealed == {
        "policy": POLICY,
        "clause": "09-1",
        "result": "eligible",
        "facts": {**FACTS, "compute_cost_fen": 100_000, "paid_before_fen": 0},
        "left_fen": 30_000,
    }


@pytest.mark.parametrize(
    ("facts", "result", "where"),
    [
        ({**FACTS, "scenarios": 4}, "ineligible", "scenarios"),
        ({**FACTS, "parameters": None}, "insufficient", "parameters"),
        ({**FACTS, "colour": "red"}, "rejected", "colour"),
    ],
)
def test_anything_else_is_told_with_its_reasons_and_goes_nowhere(
    office: Office, facts: dict[str, object], result: str, where: str
) -> None:
    number = office.handed_in()
    new_result = office.take(number, "accept", CLERK, facts=facts)
    assert (new_result.code, [f.where for f in new_result.findings]) == (result, [where])
    assert office.claim(number).state == "submitted"


def test_what_the_books_know_is_asked_of_nobody(office: Office) -> None:
    number = office.handed_in()
    facts = {**FACTS, "compute_cost_fen": 10**9, "paid_before_fen": 0}
    result = office.take(number, "accept", CLERK, facts=facts)
    assert result.claim.state == "accepted"
    with Session(office.engine) as db:
        event = book.newest_event(db, key(result.claim), "accept")
    assert event is not None
    assert event.content["facts"]["compute_cost_fen"] == 100_000


def test_less_earned_than_claimed_is_refused_with_both_figures(
    office: Office, owner: psycopg.Connection
) -> None:
    """A red invoice came between: the engine sees it at once, the books at the next accrual."""
    number = office.handed_in()
    owner.execute("UPDATE charges SET cost_fen = 90000")
    with pytest.raises(Refused) as caught:
        office.take(number, "accept", CLERK, facts=FACTS)
    assert caught.value.code == "not_earned"
    assert caught.value.params == {"asked": "300.00", "engine": "270.00", "books": "300.00"}


def test_less_in_the_books_than_by_the_formula_is_refused_too(
    office: Office, owner: psycopg.Connection
) -> None:
    number = office.handed_in()
    row = owner.execute("SELECT book_id FROM vouchers").fetchone()
    assert row
    place_moves(office.owner, office.engine, "x", {row[0]: chain(1, "unmatch payable accrued")})
    with pytest.raises(Refused) as caught:
        office.take(number, "accept", CLERK, facts=FACTS)
    assert caught.value.params == {"asked": "300.00", "engine": "300.00", "books": "299.99"}


def test_who_was_accepted_first_is_first(office: Office, owner: psycopg.Connection) -> None:
    """Each of two claims is within what is left after a loss, together they are not."""
    text, two = office.handed_in(20_000), office.handed_in(10_000)
    assert office.take(two, "accept", CLERK, facts=FACTS).claim.state == "accepted"
    owner.execute("UPDATE charges SET cost_fen = 99990")
    with pytest.raises(Refused, match="not_earned"):
        office.take(text, "accept", CLERK, facts=FACTS)
    owner.execute("UPDATE charges SET cost_fen = 100000")
    assert office.take(text, "accept", CLERK, facts=FACTS).claim.state == "accepted"


def test_what_was_paid_or_sent_before_is_not_paid_again(
    office: Office, owner: psycopg.Connection
) -> None:
    row = owner.execute("SELECT book_id FROM vouchers").fetchone()
    assert row
    moves = chain(20_000, "list payable sent")
    place_moves(
        office.owner, office.engine, "x", {row[0]: [*moves, *chain(5_000, "pay sent paid")]}
    )
    place_claim(owner, 20_000, "listed", paid=5_000)
    number = office.handed_in()
    assert office.claim(number).fen == 10_000
    result = office.take(number, "accept", CLERK, facts=FACTS)
    assert result.claim.state == "accepted"
    with Session(office.engine) as db:
        event = book.newest_event(db, key(result.claim), "accept")
    assert event is not None
    assert event.content["facts"]["paid_before_fen"] == 20_000
    assert event.content["left_fen"] == 10_000


def place_claim(owner: psycopg.Connection, fen: int, state: str, paid: int) -> None:
    """A claim of before that stands on a list and is paid in part."""
    owner.execute(
        "INSERT INTO claims (number, voucher_id, payee_id, fen, state, opened_at, opened_by)"
        " SELECT 'before', v.id, p.organisation_id, %s, %s, now(), 'test'"
        " FROM vouchers v JOIN projects p ON p.id = v.project_id",
        (fen, state),
    )
    owner.execute("ALTER TABLE payment_lines DROP CONSTRAINT payment_lines_list_id_fkey")
    owner.execute("ALTER TABLE payment_lines DISABLE TRIGGER fits")
    owner.execute(
        "INSERT INTO payment_lines (list_id, line, claim_id, voucher_id, account_id, payee,"
        " uscc, bank,"
        " bank_code, number, fen, paid_fen) SELECT 1, 1, c.id, voucher_id, a.id, '', '', '', '',"
        " '',"
        " fen, %s FROM claims c, bank_accounts a WHERE c.number = 'before'",
        (paid,),
    )


def test_a_claim_that_is_not_submitted_is_not_looked_at(office: Office) -> None:
    number = office.open()
    with pytest.raises(Conflict, match="no_such_step"):
        office.take(number, "accept", CLERK)
    office.take(number, "withdraw", BUILDER)
    with pytest.raises(Refused, match="not_your_step"):
        office.take(office.handed_in(), "accept", BUILDER)


def test_of_a_talent_only_yes_and_the_reference_number_are_kept(
    office: Office, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    team = Office(engine, owner, place_project(owner, "t1", "team"), months=1)
    with Session(engine) as db, db.begin():
        open_voucher(
            db, project=team.project, clause="14-1", policy=POLICY, facts=TALENT, actor="clerk",
            now=START,
        )  # fmt: skip
    team.earn(1_000)
    number = team.handed_in()
    assert [f.code for f in team.take(number, "accept", CLERK).findings] == ["reference_missing"]
    result = team.take(number, "accept", CLERK, reference="银人才〔2026〕12号")
    with Session(engine) as db:
        event = book.newest_event(db, key(result.claim), "accept")
    assert event is not None
    assert event.content["facts"] == {
        "subject_kind": "talent",
        "talent_recognised": True,
        "reference": "银人才〔2026〕12号",
        "compute_cost_fen": 1_000,
        "paid_before_fen": 0,
    }
    record = event.content["record"]
    assert record["facts"]["talent_category"] is None
    (condition,) = [c for c in record["proof"]["conditions"] if c["fact"] == "talent_category"]
    assert "academician" not in str({**condition, "value": None})


def test_one_cost_line_never_serves_both_articles(
    office: Office, owner: psycopg.Connection
) -> None:
    """What a model project has of a document line, a talent team cannot have as well."""
    team = place_project(owner, "t1", "team")
    place_matched(owner, team, 100, date(2026, 3, 1))
    (contract,), (other_contract,) = owner.execute(
        "SELECT id FROM contracts ORDER BY id"
    ).fetchall()
    document = place_document(owner, 1_000)
    allocate(owner, document, contract, 400, kind="model")
    with pytest.raises(psycopg.errors.ExclusionViolation) as caught:
        allocate(owner, document, other_contract, 400, kind="team")
    assert caught.value.diag.constraint_name == "one_kind_a_line"


def change_facts(owner: psycopg.Connection, since: str, facts: dict[str, Any]) -> None:
    """Two persons decided the rate anew on these facts, from a day on; it is the same rate."""
    row = owner.execute("SELECT id FROM vouchers").fetchone()
    assert row
    content = {"voucher": row[0], "policy": POLICY, "since": since, "rate": "3/10", "facts": facts}
    owner.execute(
        "INSERT INTO voucher_rates VALUES (%s, %s, %s, %s, 3, 10, '')",
        (place_decision(owner, "rate", content), row[0], POLICY, since),
    )


def test_the_facts_are_those_of_the_days_of_the_months(
    office: Office, owner: psycopg.Connection
) -> None:
    """What two decided of a rate holds from its day on; before it, what the opening knew."""
    number = office.handed_in()
    assert office.take(number, "accept", CLERK).code == "insufficient"
    change_facts(owner, "2026-02-01", FACTS)
    assert office.take(number, "accept", CLERK).code == "insufficient", "January is before that day"
    change_facts(owner, "2026-01-01", FACTS)
    change_facts(owner, "2026-02-01", {**FACTS, "legal_person": False})
    assert office.take(number, "accept", CLERK).claim.state == "accepted"
    office.take(number, "return", CLERK, note="重办")
    assert office.take(number, "submit", BUILDER).claim.state == "submitted"
    change_facts(owner, "2026-01-16", {**FACTS, "legal_person": False})
    refusal = office.take(number, "accept", CLERK)
    assert (refusal.code, refusal.claim.state) == ("ineligible", "submitted"), "a part of January"
    change_facts(owner, "2026-01-16", FACTS)
    assert office.take(number, "accept", CLERK).claim.state == "accepted", "the newest holds"
