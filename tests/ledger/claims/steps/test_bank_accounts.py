"""Bank accounts: two persons, figures in their form, and one current account an organisation."""

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger.claims import queries as book
from ledger.claims.steps.bank_accounts import open_change, propose_account
from ledger.claims.tables import BankAccount
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation
from tests.support.claims import APPROVER, BUILDER, CLERK, OTHER_CLERK, Office
from tests.support.simulation import START
from tests.support.town import Town

NUMBER = "6222020200112233445"


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    return Office(engine, owner, town.project)


def answer(office: Office, **changes: str) -> tuple[Decision | None, list[str]]:
    fields = {
        "holder": "测试单位",
        "bank": "银川银行",
        "bank_code": "313871000007",
        "number": NUMBER,
    } | changes
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        organisation = db.get_one(Organisation, 1)
        decision, faults = propose_account(
            db, organisation, **fields, actor=BUILDER.actor, now=START
        )
    return decision, [f"{fault.where}: {fault.code}" for fault in faults]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"bank": " "}, ["bank: bank_missing"]),
        ({"holder": "别的单位"}, ["holder: holder_differs"]),
        ({"bank_code": "31387100000"}, ["bank_code: bad_bank_code"]),
        ({"bank_code": "３１３８７１０００００７"}, ["bank_code: bad_bank_code"]),
        ({"number": "6222-0202"}, ["number: bad_account_number"]),
        ({"number": "1" * 33, "bank": ""}, ["bank: bank_missing", "number: bad_account_number"]),
        ({"holder": "测 试单位", "number": "6222 0202 0011 2233 445"}, []),
    ],
)
def test_all_faults_are_told_at_once(
    office: Office, changes: dict[str, str], faults: list[str]
) -> None:
    decision, texts = answer(office, **changes)
    assert texts == faults
    assert (decision is None) == bool(faults)
    if decision is not None:
        assert decision.content["number"] == NUMBER


def test_an_account_is_there_when_a_second_person_confirmed_it(office: Office) -> None:
    decision, _ = answer(office)
    assert decision
    with Session(office.engine) as db:
        assert book.account_of(db, 1) is None
        assert open_change(db, 1) == decision.id
    office.confirm(decision, CLERK)
    with Session(office.engine) as db:
        account = book.account_of(db, 1)
        assert account is not None
        assert (account.number, account.decision_id) == (NUMBER, decision.id)
        assert not open_change(db, 1)


def test_a_change_supersedes_and_waits_for_its_second_person(office: Office) -> None:
    office.account(NUMBER)
    change = office.propose("7" * 19)
    with Session(office.engine) as db:
        before = book.account_of(db, 1)
        assert before is not None
        assert (before.number, open_change(db, 1)) == (NUMBER, change.id)
    with pytest.raises(Refused, match="same_person"):
        office.confirm(change, CLERK)
    with pytest.raises(NotFound):  # outside the bureau there are no decisions of others
        office.confirm(change, BUILDER)
    office.confirm(change, APPROVER)
    with Session(office.engine) as db:
        rows = [(a.number, a.superseded_at is None) for a in book.accounts(db, [1])]
        assert book.accounts(db, []) == []
    assert rows == [("7" * 19, True), (NUMBER, False)]


def test_a_refused_change_leaves_the_account_and_frees_its_lines(office: Office) -> None:
    office.account(NUMBER)
    change = office.propose("7" * 19)
    with pytest.raises(Conflict, match="decision_open"):
        answer(office)
    with Session(office.engine) as db, db.begin():
        respond(
            db, key(change), answer=Answer.REFUSED, digest_seen=change.digest, viewer=OTHER_CLERK,
            now=START, reason="印章不清",
        )  # fmt: skip
        assert not open_change(db, 1)
    with Session(office.engine) as db:
        account = book.account_of(db, 1)
    assert account is not None
    assert account.number == NUMBER


def test_the_database_keeps_no_account_that_two_persons_did_not_confirm(office: Office) -> None:
    decision, _ = answer(office)
    assert decision
    with pytest.raises(IntegrityError, match="two persons"):
        place(office, decision, NUMBER)
    office.confirm(decision, CLERK)
    with pytest.raises(IntegrityError, match="two persons"):
        place(office, decision, "9" * 19)


def place(office: Office, decision: Decision, number: str) -> None:
    with Session(office.engine) as db:
        db.add(
            BankAccount(
                organisation_id=1,
                holder="测试单位",
                bank="银川银行",
                bank_code="313871000007",
                number=number,
                decision_id=key(decision),
                confirmed_at=START,
            )
        )
        db.flush()
