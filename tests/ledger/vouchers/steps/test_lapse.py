"""A voucher lapses by two persons: what is left goes, what was accrued or paid stays."""

import psycopg
import pytest
from sqlmodel import Session

from ledger.charging.steps import charge
from ledger.desk.steps.confirm import respond
from ledger.errors import Refused
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.vouchers.steps.lapse import propose_lapse
from ledger.vouchers.steps.reserve import reserve
from tests.support.accounts.rights import book
from tests.support.simulation import window
from tests.support.town import APPROVER, CLERK, NOW, Town, rights_of, voucher_of
from tests.support.vouchers import audit

CAP = 500_000_000


def proposal(town: Town) -> Decision:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        return propose_lapse(db, voucher_of(town), reason="到期", actor=CLERK.actor, now=NOW)


def answer(town: Town, decision: Decision) -> None:
    with Session(town.engine) as db, db.begin():
        respond(
            db,
            key(decision),
            answer=Answer.CONFIRMED,
            digest_seen=decision.digest,
            viewer=APPROVER,
            now=NOW,
        )


def reserved(town: Town, fen: int) -> None:
    with Session(town.engine) as db, db.begin():
        reserve(db, voucher_of(town), fen=fen, plan="x", until=NOW.date(), actor="clerk", now=NOW)


def test_what_is_left_lapses_and_what_was_used_stays(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    town.accrue()
    reserved(town, 50)
    decision = proposal(town)
    assert (decision.content["available_fen"], decision.content["reserved_fen"]) == (CAP - 80, 50)
    town.report([window(0, 1)])
    with Session(town.engine) as db, db.begin():
        charge(db, NOW)
    answer(town, decision)
    assert rights_of(town) == book(C=60, L=CAP - 60)  # with what was used until then
    cursor = owner.execute("SELECT count(*) FROM reservations WHERE released_at IS NULL")
    assert cursor.fetchone() == (0,)
    assert audit(owner) == []


def test_usage_after_it_earns_nothing(town: Town) -> None:
    answer(town, proposal(town))
    town.report([window(0, 0)])
    town.accrue()
    assert rights_of(town) == book(L=CAP)


def test_nothing_lapses_twice(town: Town) -> None:
    answer(town, proposal(town))
    with pytest.raises(Refused, match="nothing_left"):
        proposal(town)


def test_nothing_changes_before_the_second_person(town: Town) -> None:
    proposal(town)
    assert rights_of(town) == book(A=CAP)
