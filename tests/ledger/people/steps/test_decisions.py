"""Two persons: who is one and the same, whose decision it is, and who comes first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.errors import LedgerError, NotFound
from ledger.people.codes import Answer, DecisionKind, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import decide, person, same_person
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from tests.support.vouchers import NOW, place_budget

ACTORS = [
    "clerk:李四#1", "clerk:李四#22", "approver:李四#3", "clerk:李 四#1", "clerk:\u3000李四 #1",
    "clerk:李\u200b四#1", "clerk:李四\ufeff#1", "clerk:Li Si#1", "clerk:ＬＩＳＩ#1",
    "clerk:李四#1#2", "clerk:clerk:李四#1", "clerk:a\nb#1", "server", "clerk:#1", "李四",
]  # fmt: skip
OF_THE_BUDGET = {"number": "指标1", "year": 2026, "fen": 5}


def open_decision(engine: sa.Engine, by: str, fen: int = 5) -> Decision:
    content = OF_THE_BUDGET | {"fen": fen}
    with Session(engine, expire_on_commit=False) as db, db.begin():
        return decide(
            db, kind=DecisionKind.INDICATOR, subject="2026/指标1", content=content, reason="",
            actor=by, now=NOW,
        )  # fmt: skip


def test_code_and_database_know_the_same_persons(owner: psycopg.Connection) -> None:
    for text in ACTORS:
        for other_text in ACTORS:
            row = owner.execute(
                "SELECT person_of(%s) = person_of(%s)", (text, other_text)
            ).fetchone()
            assert row == (same_person(text, other_text),), (text, other_text)
    assert same_person("clerk:李四#1", "approver:\u3000李 四#22")
    assert same_person("clerk:Li Si#1", "clerk:ＬＩＳＩ#1")
    assert not same_person("clerk:李四#1", "clerk:李四#1#2")
    assert person("clerk:李四#1#2") == "李四#1"


def test_one_decision_is_confirmed_once(engine: sa.Engine, owner: psycopg.Connection) -> None:
    place_budget(owner)
    decision, start = open_decision(engine, "finance:甲#1"), Barrier(4)

    def confirm(token: int) -> str:
        with Session(engine) as db, db.begin():
            assert db.get(Decision, decision.id)  # read before anybody answered
            start.wait()
            try:
                viewer = Viewer(token, "乙", Role.FINANCE)
                respond(
                    db,
                    key(decision),
                    answer=Answer.CONFIRMED,
                    digest_seen=decision.digest,
                    viewer=viewer,
                    now=NOW,
                )
            except LedgerError as error:
                db.rollback()
                return error.code
        return "confirmed"

    with ThreadPoolExecutor(4) as pool:
        texts = sorted(pool.map(confirm, range(2, 6)))
    assert texts == ["confirmed", *["decision_answered"] * 3]


def test_of_two_who_decide_at_once_one_is_told_of_the_other(engine: sa.Engine) -> None:
    start = Barrier(2)

    def propose(token: int) -> str:
        start.wait()
        try:
            return open_decision(engine, f"finance:甲#{token}", token).decided_by
        except LedgerError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        texts = sorted(pool.map(propose, (1, 2)))
    assert texts[0] == "decision_open"


def test_a_namesake_outside_the_bureau_neither_sees_nor_withdraws(engine: sa.Engine) -> None:
    decision = open_decision(engine, "clerk:李四#1")
    for viewer in (Viewer(7, "李四", Role.BUILDER, project=1), Viewer(8, "李四", Role.OPERATOR)):
        with Session(engine) as db, pytest.raises(NotFound):
            respond(
                db, key(decision), answer=Answer.WITHDRAWN, digest_seen="", viewer=viewer, now=NOW
            )
    with Session(engine) as db, db.begin():
        clerk = Viewer(9, "李四", Role.APPROVER)
        respond(
            db,
            key(decision),
            answer=Answer.WITHDRAWN,
            digest_seen=decision.digest,
            viewer=clerk,
            now=NOW,
        )


def test_only_what_was_seen_is_confirmed_and_only_by_its_author_withdrawn(
    engine: sa.Engine, owner: psycopg.Connection
) -> None:
    place_budget(owner)
    decision = open_decision(engine, "finance:甲#1")

    def answer(answer: Answer, digest: str, viewer: Viewer) -> str:
        with Session(engine) as db, db.begin():
            try:
                respond(
                    db, key(decision), answer=answer, digest_seen=digest, viewer=viewer, now=NOW
                )
            except LedgerError as error:
                return error.code
        return ""

    author, second = Viewer(1, "甲", Role.FINANCE), Viewer(2, "乙", Role.FINANCE)
    assert answer(Answer.CONFIRMED, "0" * 64, second) == "decision_changed"
    assert answer(Answer.WITHDRAWN, decision.digest, second) == "not_yours"
    assert answer(Answer.CONFIRMED, decision.digest, author) == "same_person"
    assert answer(Answer.WITHDRAWN, decision.digest, author) == ""
    assert answer(Answer.CONFIRMED, decision.digest, second) == "decision_answered"
