"""Publication, objections and approval: who may hear what, and when money may be promised."""

from datetime import date, datetime, timedelta

import psycopg
import pytest
from sqlmodel import Session

from ledger.accounts.queries import rights
from ledger.claims import queries as book
from ledger.claims.queries import claim_by_number
from ledger.claims.steps.approval import propose_approval
from ledger.claims.steps.claims import act
from ledger.claims.steps.publication import receive, resolve
from ledger.claims.tables import Objection
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import midnight
from ledger.vouchers.tables import Voucher
from tests.support.claims import APPROVER, BUILDER, CHANNEL, CLERK, FACTS, Office, other_payee
from tests.support.simulation import START

LAST = date(2026, 3, 6)  # START is the Beijing Sunday 2026-03-01; five working days
LAST_MOMENT = midnight(LAST + timedelta(days=1)) - timedelta(seconds=1)
OVER = midnight(LAST + timedelta(days=1))
SAME_PERSON = Viewer(9, CLERK.person, Role.APPROVER)


@pytest.fixture
def number(office: Office) -> str:
    return office.published(3_000_000)


def object_to(office: Office, number: str, viewer: Viewer = CLERK) -> int:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        return key(receive(
            db, claim_by_number(db, number), objector="某公司", contact="0951-1", body="不是原创",
            viewer_role=viewer.role, actor=viewer.actor, now=START,
        ))  # fmt: skip


def settle(
    office: Office, objection: int, *, upheld: bool, viewer: Viewer = APPROVER, words: str = "查明"
) -> Objection:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        return resolve(
            db, objection, upheld=upheld, resolution=words, viewer_role=viewer.role,
            actor=viewer.actor, now=START,
        )  # fmt: skip


def propose(
    office: Office,
    number: str,
    now: datetime = OVER,
    viewer: Viewer = CLERK,
    *,
    fen: int | None = None,
    reason: str = "",
) -> Decision:
    with Session(office.engine, expire_on_commit=False) as db, db.begin():
        return propose_approval(
            db, claim_by_number(db, number), viewer_role=viewer.role, actor=viewer.actor, now=now,
            fen=fen, reason=reason,
        )  # fmt: skip


# --- publication ------------------------------------------------------------------------------


def test_the_public_sees_what_it_may_and_from_when_until_when(office: Office, number: str) -> None:
    with Session(office.engine) as db:
        (row,) = book.publications(db, date(2026, 3, 6))
        assert book.publications(db, date(2026, 3, 7))[0].current is False
    assert (row.since, row.until, row.days, row.current) == (date(2026, 3, 2), LAST, 5, True)
    assert row.content == {
        "number": number,
        "project": "大模型",
        "organisation": "测试单位",
        "policy": "关于打造“算力之都” 促进人工智能产业发展的若干政策（演练）",
        "article": "第九条",
        "award": "大模型算力补贴",
        "fen": 3_000_000,
        "words": "叁万元整",
        "months": ["2026-01"],
        "drill": True,
        "channel": CHANNEL,
    }


def test_the_name_of_a_talent_team_stays_inside(office: Office, owner: psycopg.Connection) -> None:
    owner.execute("UPDATE projects SET kind = 'team', name = '王院士团队'")
    office.published()
    with Session(office.engine) as db:
        (row,) = book.publications(db, LAST)
    assert row.content["project"] == ""
    assert "王" not in str(row.content)


def test_where_to_object_must_be_said(office: Office) -> None:
    number = office.handed_in()
    office.take(number, "accept", CLERK, facts=FACTS)
    result = office.take(number, "publish", CLERK, channel=" ")
    assert [f.code for f in result.findings] == ["channel_missing"]


def test_a_publication_that_would_end_in_an_unknown_year_is_refused(office: Office) -> None:
    number = office.handed_in()
    office.take(number, "accept", CLERK, facts=FACTS)
    with pytest.raises(Refused, match="calendar_ends: year=2027"):
        office.take(number, "publish", CLERK, datetime(2026, 12, 28, 4, tzinfo=START.tzinfo),
                    channel=CHANNEL)  # fmt: skip
    assert office.claim(number).state == "accepted"


# --- objections -------------------------------------------------------------------------------


def test_an_objection_stops_the_claim_until_an_approver_dismisses_the_last(
    office: Office, number: str
) -> None:
    first, second = object_to(office, number), object_to(office, number)
    assert office.claim(number).state == "published"
    with pytest.raises(Conflict, match="case_held: hold=objection"):
        propose(office, number)
    with pytest.raises(Conflict, match="case_held"):
        office.take(number, "withdraw", BUILDER)
    assert settle(office, first, upheld=False).resolved_by == APPROVER.actor
    with pytest.raises(Conflict, match="case_held"):
        propose(office, number)
    settle(office, second, upheld=False)
    assert propose(office, number).kind == "claim"


def test_an_upheld_objection_ends_the_claim_and_frees_its_money(
    office: Office, number: str
) -> None:
    settle(office, object_to(office, number), upheld=True)
    assert office.claim(number).state == "refused"
    assert office.claim(office.open(3_000_000)).fen == 3_000_000


def test_an_objection_is_resolved_once_with_reasons_by_an_approver(
    office: Office, number: str
) -> None:
    objection = object_to(office, number)
    with pytest.raises(Refused, match="not_your_step"):
        settle(office, objection, upheld=False, viewer=CLERK)
    with pytest.raises(Refused, match="note_missing"):
        settle(office, objection, upheld=False, words=" ")
    settle(office, objection, upheld=False)
    with pytest.raises(Conflict, match="objection_resolved"):
        settle(office, objection, upheld=True)
    with pytest.raises(NotFound, match="objection"):
        settle(office, objection + 1, upheld=True)


def test_nobody_objects_to_nothing(office: Office, number: str) -> None:
    objection = {"objector": "某公司", "contact": "", "body": " "}
    by = {"viewer_role": "clerk", "actor": CLERK.actor}
    with Session(office.engine) as db, pytest.raises(Refused, match="objection_blank"):
        receive(db, claim_by_number(db, number), **objection, **by, now=START)


def test_whoever_handled_a_claim_does_not_hear_what_is_objected_to_it(
    office: Office, number: str
) -> None:
    objection = object_to(office, number)
    with pytest.raises(Refused, match="barred_pair"):
        settle(office, objection, upheld=False, viewer=SAME_PERSON)  # she accepted it as a clerk
    assert office.claim(number).state == "published"


def test_only_what_is_published_is_objected_to(office: Office) -> None:
    with pytest.raises(Conflict, match="no_such_step"):
        object_to(office, office.handed_in(1))
    with pytest.raises(Refused, match="not_your_step"):
        object_to(office, office.published(), BUILDER)


# --- approval ---------------------------------------------------------------------------------


def test_two_persons_approve_after_the_last_day(office: Office, number: str) -> None:
    with pytest.raises(Refused) as caught:
        propose(office, number, LAST_MOMENT)
    assert (caught.value.code, caught.value.params) == ("publication_runs", {"until": str(LAST)})
    decision = propose(office, number)
    assert propose(office, number).id == decision.id
    with Session(office.engine) as db:
        accepted = book.newest_event(db, key(office.claim(number)), "accept")
        account = book.account_of(db, office.claim(number).payee_id)
    assert accepted
    assert account
    assert decision.content == {
        "number": number,
        "project": "p1",
        "fen": 3_000_000,
        "words": "叁万元整",
        "claimed_months": [{"contract": "k1", "month": "2026-01", "fen": 3_000_000}],
        "payee": "测试单位",
        "uscc": "91640100MA7600001J",
        "account": account.id,
        "facts": accepted.content["digest"],
    }
    office.confirm(decision, APPROVER, OVER)
    assert office.claim(number).state == "approved"
    with Session(office.engine) as db:
        last = book.events(db, key(office.claim(number)))[-2:]
    rows = [(e.action, e.actor, e.content) for e in last]
    assert rows == [
        ("propose", CLERK.actor, {"decision": decision.id}),
        ("approve", APPROVER.actor, {"decision": decision.id}),
    ]


def test_less_than_was_asked_is_approved_with_a_reason(office: Office, number: str) -> None:
    with pytest.raises(Refused, match="note_missing"):
        propose(office, number, fen=1_000_000)
    with pytest.raises(Refused, match="more_than_asked"):
        propose(office, number, fen=3_000_001, reason="多批")
    decision = propose(office, number, fen=1_000_000, reason="其余部分另核")
    sums = {name: decision.content[name] for name in ("asked_fen", "fen", "words")}
    assert sums == {"asked_fen": 3_000_000, "fen": 1_000_000, "words": "壹万元整"}
    office.confirm(decision, APPROVER, OVER)
    claim = office.claim(number)
    assert (claim.state, claim.fen, claim.approved_fen) == ("approved", 3_000_000, 1_000_000)
    with Session(office.engine) as db:
        voucher = db.get_one(Voucher, claim.voucher_id)
        payable = rights(db, voucher.book_id).payable
        assert book.claimable(db, voucher) == payable - 1_000_000  # the rest stays payable
        (row,) = book.publications(db, LAST)
        assert (row.content["fen"], row.approved_fen) == (3_000_000, 1_000_000)


def test_one_person_with_two_tokens_is_one_person(office: Office, number: str) -> None:
    decision = propose(office, number)
    with pytest.raises(Refused, match="same_person"):
        office.confirm(decision, SAME_PERSON, OVER)


def test_a_clerk_proposes_and_an_approver_confirms(office: Office, number: str) -> None:
    for viewer in (BUILDER, APPROVER):
        with pytest.raises(Refused, match="not_your_step"):
            propose(office, number, viewer=viewer)
    decision = propose(office, number)
    with pytest.raises(Refused, match="not_your_decision"):
        office.confirm(decision, Viewer(8, "王五", Role.CLERK), OVER)


def test_what_changed_since_the_proposal_is_not_approved(office: Office, number: str) -> None:
    decision = propose(office, number)
    office.account("1111111111", OVER)
    with pytest.raises(Conflict, match="proposal_outdated"):
        office.confirm(decision, APPROVER, OVER)
    with Session(office.engine) as db, db.begin():
        respond(
            db,
            key(decision),
            answer=Answer.WITHDRAWN,
            digest_seen=decision.digest,
            viewer=CLERK,
            now=OVER,
        )
    office.confirm(propose(office, number), APPROVER, OVER)
    assert office.claim(number).state == "approved"


def test_who_is_not_the_payee_any_more_is_not_paid(
    office: Office, owner: psycopg.Connection, number: str
) -> None:
    decision = propose(office, number)
    other_payee(owner)
    with pytest.raises(Refused, match="payee_changed"):
        office.confirm(decision, APPROVER, OVER)
    assert office.claim(number).state == "published"


def test_what_is_no_longer_earned_is_not_approved(
    office: Office, number: str, owner: psycopg.Connection
) -> None:
    decision = propose(office, number)
    owner.execute("UPDATE charges SET cost_fen = 9999900")
    with pytest.raises(Refused, match="not_earned"):
        office.confirm(decision, APPROVER, OVER)
    with pytest.raises(Refused, match="not_earned"):
        propose(office, number)


def test_an_objection_between_proposal_and_confirmation_stops_it(
    office: Office, number: str
) -> None:
    decision = propose(office, number)
    object_to(office, number)
    with pytest.raises(Conflict, match="case_held"):
        office.confirm(decision, APPROVER, OVER)


def test_a_claim_that_was_approved_and_is_no_longer_earned_can_be_refused(
    office: Office, number: str
) -> None:
    office.confirm(propose(office, number), APPROVER, OVER)
    result = office.take(number, "refuse", APPROVER, note="发票已红冲")
    assert result.claim.state == "refused"


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        ("", "claim_not_decided"),
        ("another", "claim_not_decided"),
        ("proposed", "claim_not_decided"),
        ("confirmed", "publication_not_over"),
    ],
)
def test_the_database_approves_nothing_by_itself(
    office: Office, number: str, owner: psycopg.Connection, decision: str, code: str
) -> None:
    """Whatever a program says: two persons for this very claim, and after the last day."""
    new_decision = propose(office, number)
    if decision == "confirmed":
        owner.execute(
            "UPDATE decisions SET answer = 'confirmed', answered_by = %s, answered_at = now(),"
            " answered_digest = digest WHERE id = %s",
            (APPROVER.actor, new_decision.id),
        )
    columns = {
        "another": 1,
        "proposed": new_decision.id,
        "confirmed": new_decision.id,
    }  # 1 is of the account
    content = {"decision": columns[decision]} if decision else {}
    with Session(office.engine) as db, pytest.raises(Refused, match=code):
        act(
            db, claim_by_number(db, number), "approve", viewer_role="approver",
            actor=APPROVER.actor, now=LAST_MOMENT, content=content,
        )  # fmt: skip
