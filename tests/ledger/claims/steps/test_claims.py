"""Claims: what may be claimed, what a claim needs, and that nothing is claimed twice."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.claims import queries as book
from ledger.claims.queries import claim_by_number
from ledger.claims.steps.claims import act, add_file, open_claim
from ledger.documents.queries.originals import File
from ledger.errors import Conflict, NotFound, Refused
from ledger.policy.codes import FileRole
from ledger.postgres.columns import key
from tests.support.claims import APPROVER, BUILDER, CLERK, WANTED, Office, file
from tests.support.simulation import START
from tests.support.town import Town


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    return Office(engine, owner, town.project)


def test_a_claim_is_for_all_that_is_payable_unless_it_says_less(office: Office) -> None:
    office.earn(100_000)
    first, second = office.open(10_000), office.open()
    assert [office.claim(n).fen for n in (first, second)] == [10_000, 20_000]
    assert (first, second) == ("DF-2026-0001", "DF-2026-0002")
    assert office.claim(first).state == "draft"


def test_the_number_begins_anew_with_the_beijing_year(office: Office) -> None:
    office.earn(100)
    office.open(1)
    new_year = START.replace(year=2026, month=12, day=31, hour=16)
    assert office.open(1, new_year) == "DF-2027-0001"


def test_nothing_earned_is_nothing_to_claim(office: Office) -> None:
    with pytest.raises(Refused, match="nothing_to_claim"):
        office.open()
    office.earn(100)
    office.open()
    with pytest.raises(Refused, match="nothing_to_claim"):
        office.open()


@pytest.mark.parametrize("fen", [31, 0, -1])
def test_one_fen_too_much_or_nothing_at_all_is_refused(office: Office, fen: int) -> None:
    office.earn(100)
    with pytest.raises(Refused) as caught:
        office.open(fen)
    assert caught.value.code == "more_than_claimable"
    assert caught.value.params["left"] == "0.30"
    assert office.claim(office.open(30)).fen == 30


def test_a_withdrawn_claim_frees_what_it_asked_for(office: Office) -> None:
    office.earn(100)
    office.take(office.open(), "withdraw", BUILDER)
    assert office.claim(office.open()).fen == 30


def test_two_who_claim_at_once_do_not_claim_the_same_money(
    office: Office, owner: psycopg.Connection
) -> None:
    office.earn(100)

    def claim(_: int) -> str:
        try:
            return office.open(20)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        texts = sorted(pool.map(claim, range(8)))
    assert texts == ["DF-2026-0001", *["more_than_claimable"] * 7]
    assert owner.execute("SELECT sum(fen) FROM claims").fetchone() == (20,)


def test_a_project_without_a_voucher_claims_nothing(engine: sa.Engine, town: Town) -> None:
    town.register("projects: [{code: p2, name: 二, kind: model, organisation: 91640100MA7600001J}]")
    with Session(engine) as db, pytest.raises(NotFound, match="voucher"):
        open_claim(db, town.project + 1, None, actor="x", now=START)


def test_all_that_is_missing_is_told_at_once(office: Office) -> None:
    office.earn(100)
    number = office.open()
    result = office.take(number, "submit", BUILDER)
    assert result.code == "claim_lacks"
    assert [f.where for f in result.findings] == [*(f"files.{role}" for role in WANTED), "account"]
    assert result.findings[0].code == "lacks_application"
    office.account()
    office.add(number, "application", "receipt", "other")
    assert [f.code for f in office.take(number, "submit", CLERK).findings] == ["lacks_commitment"]
    office.add(number, "commitment")
    assert office.take(number, "submit", CLERK).claim.state == "submitted"


def test_files_are_put_to_a_draft_alone(office: Office, engine: sa.Engine) -> None:
    office.earn(100)
    office.account()
    number = office.handed_in()
    with pytest.raises(Conflict, match="claim_no_draft"):
        office.add(number, "other")
    assert office.take(number, "return", CLERK, note="缺页").claim.state == "draft"
    office.add(number, "other")
    with Session(engine) as db:
        roles = [f.role for f in book.files(db, key(office.claim(number)))]
    assert sorted(roles) == sorted([*WANTED, "other"])


def test_the_same_file_again_changes_nothing_and_an_empty_one_is_refused(
    office: Office, engine: sa.Engine
) -> None:
    office.earn(100)
    number = office.open()
    office.add(number, "receipt", "receipt")
    with Session(engine) as db:
        claim = claim_by_number(db, number)
        assert len(book.files(db, key(claim))) == 1
        with pytest.raises(Refused, match="file_empty"):
            add_file(db, claim, FileRole.OTHER, File.from_content("a", b""), actor="x", now=START)
        hash_ = add_file(db, claim, FileRole.OTHER, file(FileRole.RECEIPT), actor="x", now=START)
        assert hash_ == file("receipt").hash  # one content, used twice


@pytest.mark.parametrize(("action", "viewer"), [("return", CLERK), ("refuse", APPROVER)])
def test_who_sends_a_claim_back_says_why(office: Office, action: str, viewer: object) -> None:
    office.earn(100)
    office.account()
    number = office.handed_in()
    result = office.take(number, action, viewer, note=" ")  # type: ignore[arg-type]
    assert [f.code for f in result.findings] == ["note_missing"]
    assert office.claim(number).state == "submitted"


def test_a_step_that_somebody_else_took_first_is_a_conflict(
    office: Office, engine: sa.Engine
) -> None:
    office.earn(100)
    number = office.open()
    by = {"viewer_role": "builder", "actor": "x", "now": START}
    with Session(engine) as db:
        stale = claim_by_number(db, number)
        db.expunge(stale)
        office.take(number, "withdraw", BUILDER)
        with pytest.raises(Conflict, match="claim_moved"):
            act(db, stale, "withdraw", **by)  # type: ignore[arg-type]


def test_history_tells_every_step_in_its_order(office: Office, engine: sa.Engine) -> None:
    office.earn(100)
    office.account()
    number = office.handed_in()
    office.take(number, "return", CLERK, note="重交")
    office.take(number, "withdraw", BUILDER)
    with Session(engine) as db:
        events = book.events(db, key(office.claim(number)))
        rows = [(e.seq, e.action, e.next, e.actor, e.note) for e in events]
    assert rows == [
        (1, "submit", "submitted", BUILDER.actor, ""),
        (2, "return", "draft", CLERK.actor, "重交"),
        (3, "withdraw", "withdrawn", BUILDER.actor, ""),
    ]
