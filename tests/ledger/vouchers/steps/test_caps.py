"""Changing a voucher's cap: by two persons, down to what is drawn, and the promise with it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from sqlmodel import Session

from ledger.accounts.queries import post
from ledger.accounts.rules.invariants import cap_broken, provisional_broken
from ledger.accounts.rules.targets import Move, Target
from ledger.charging.steps import charge
from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, Refused
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.vouchers.steps.caps import lower_moves, propose_cap, raise_moves
from ledger.vouchers.steps.reserve import reserve
from tests.support.accounts.rights import book
from tests.support.simulation import window
from tests.support.town import APPROVER, CLERK, NOW, Town, rights_of, voucher_of
from tests.support.vouchers import MONTH, audit

CAP = 500_000_000


def proposal(town: Town, cap: int) -> Decision:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        return propose_cap(
            db, voucher_of(town), cap_fen=cap, reason="核定", actor=CLERK.actor, now=NOW
        )


def confirmed(town: Town, decision: Decision) -> None:
    with Session(town.engine) as db, db.begin():
        respond(
            db,
            key(decision),
            answer=Answer.CONFIRMED,
            digest_seen=decision.digest,
            viewer=APPROVER,
            now=NOW,
        )


@pytest.fixture(autouse=True)
def audited(owner: psycopg.Connection) -> Iterator[None]:
    yield
    assert audit(owner) == []


def test_nothing_changes_before_the_second_person(town: Town) -> None:
    decision = proposal(town, 400)
    assert (decision.content["before_fen"], decision.content["cap_fen"]) == (CAP, 400)
    assert decision.subject == decision.content["project"] == "p1"
    assert rights_of(town).clause == -CAP


def test_a_raised_cap_is_available_at_once_for_what_it_cut_off(town: Town) -> None:
    confirmed(town, proposal(town, 50))
    town.report([window(0, 0), window(0, 1)])  # sixty fen
    town.accrue()
    assert (rights_of(town).accrued, rights_of(town).available) == (50, 0)
    confirmed(town, proposal(town, 70))
    assert (rights_of(town).clause, rights_of(town).available) == (-70, 20)
    town.accrue()
    assert (rights_of(town).accrued, rights_of(town).available) == (60, 10)


def test_a_lowered_cap_takes_what_is_available(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    town.accrue()
    confirmed(town, proposal(town, 30))
    assert rights_of(town) == book(C=30)
    floor = owner.execute("SELECT floor FROM accounts WHERE role = 'clause'").fetchone()
    assert floor == (-30,)
    town.report([window(0, 1)])
    town.accrue()
    assert rights_of(town) == book(C=30)


def test_it_is_said_how_low_a_cap_can_be(town: Town) -> None:
    town.report([window(0, 0)])
    town.accrue()
    with Session(town.engine) as db, db.begin():
        reserve(db, voucher_of(town), fen=12, plan="x", until=NOW.date(), actor="clerk", now=NOW)
    with pytest.raises(Refused, match="cap_below_drawn") as refused:
        proposal(town, 41)
    assert refused.value.params == {"lowest": "0.42"}
    confirmed(town, proposal(town, 42))
    assert rights_of(town) == book(C=30, H=12)


def test_what_is_used_before_the_confirmation_is_accrued_first(town: Town) -> None:
    decision = proposal(town, 30)
    town.report([window(0, 0), window(0, 1)])
    with Session(town.engine) as db, db.begin():
        charge(db, NOW)
    with pytest.raises(Refused, match="cap_below_drawn") as refused:
        confirmed(town, decision)
    assert refused.value.params == {"lowest": "0.60"}
    assert rights_of(town).clause == -CAP
    town.accrue()
    assert rights_of(town).accrued == 60


@pytest.mark.parametrize(
    ("cap", "code"),
    [(0, "amount_out_of_range"), (10**16, "amount_out_of_range"), (CAP, "cap_unchanged")],
)
def test_a_cap_that_is_none(town: Town, cap: int, code: str) -> None:
    with pytest.raises(Refused, match=code):
        proposal(town, cap)


def test_one_decision_at_a_time(town: Town) -> None:
    first = proposal(town, 400)
    assert proposal(town, 400).id == first.id
    with pytest.raises(Conflict, match="decision_open"):
        proposal(town, 401)
    confirmed(town, first)
    with pytest.raises(Conflict, match="decision_answered"):
        confirmed(town, first)
    confirmed(town, proposal(town, 401))
    assert rights_of(town) == book(A=401)


def test_who_proposed_it_does_not_confirm_it_under_another_role(town: Town) -> None:
    decision = proposal(town, 400)
    same = Viewer(9, CLERK.person, Role.APPROVER)
    with Session(town.engine) as db, pytest.raises(Refused, match="same_person"):
        respond(
            db,
            key(decision),
            answer=Answer.CONFIRMED,
            digest_seen=decision.digest,
            viewer=same,
            now=NOW,
        )


def test_racing_accruals_wait_and_find_the_new_cap(town: Town) -> None:
    """Whichever comes first: either it is accrued and the cap stays, or the cap falls and cuts."""
    decision = proposal(town, 40)
    town.report([window(0, at) for at in range(3)])  # ninety fen

    def lower() -> str:
        try:
            confirmed(town, decision)
        except Refused as refused:
            return refused.code
        return "lowered"

    with ThreadPoolExecutor() as pool:
        accrued = pool.submit(town.accrue)
        text = pool.submit(lower).result()
        accrued.result()
    town.accrue(NOW + timedelta(minutes=1))
    cap = 40 if text == "lowered" else CAP
    aim = Target(90, 0, min(90, cap), 90 - min(90, cap))
    assert text in {"lowered", "cap_below_drawn"}
    assert cap_broken(rights_of(town), cap) == provisional_broken(rights_of(town), aim) == []


def test_the_moves_of_a_change() -> None:
    assert [(m.kind, m.amount) for m in raise_moves(7)] == [("eligible", 7), ("issue", 7)]
    less = [(m.kind, m.amount) for m in lower_moves(7, book(A=9, E=2))]
    assert less == [("withdraw", 5), ("reduce", 7)]
    assert [m.kind for m in lower_moves(7, book(A=9, E=7))] == ["reduce"]


def test_no_line_of_code_lowers_a_promise_without_a_decision(town: Town) -> None:
    book = voucher_of(town).book_id
    part = [Move("withdraw", "available", "entitlement", 1)]
    with Session(town.engine) as db, pytest.raises(Refused, match="undecided"):
        post(db, cause="mine", used_on=MONTH, booked=MONTH, actor="x", moves={book: part})
