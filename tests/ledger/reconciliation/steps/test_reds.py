"""Red documents: each takes back a part of its blue one, and no more than is there; freezes."""

from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.documents.steps import freezes
from ledger.documents.steps.documents import Intake
from ledger.errors import Refused
from ledger.reconciliation.steps.match import match
from tests.support.documents import CLERK, Desk, invoice, party, red
from tests.support.simulation import window
from tests.support.town import Town
from tests.support.vouchers import NOW


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Desk:
    return Desk(engine, owner)


def test_net_of_its_red_ones_a_blue_one_is_worth_less(desk: Desk) -> None:
    blue = invoice(1, 100_000)
    key = desk.take_id(blue)
    desk.take_id(red(2, blue, -30_000))
    assert desk.one(f"SELECT net_fen FROM family_sums WHERE root = {key}") == 70_000
    too_much = red(3, blue, -70_001)
    result = desk.bring(too_much)
    assert not isinstance(result, Intake)
    assert [(f.where, f.code) for f in result] == [("reverses", "red_too_much")]
    assert dict(result[0].params) == {"number": blue.number, "left": "742.00"}
    desk.take_id(red(4, blue, -70_000))
    assert desk.one(f"SELECT net_fen FROM family_sums WHERE root = {key}") == 0


def test_it_names_its_blue_one_and_shares_its_parties(desk: Desk) -> None:
    blue = invoice(1)
    assert desk.refused(red(2, blue, -100)) == [("reverses", "blue_unknown")]
    desk.take_id(blue)
    assert desk.refused(red(2, blue, -100, buyer=party(4))) == [("reverses", "red_parties")]
    first = red(2, blue, -100)
    desk.take_id(first)
    assert desk.refused(red(3, first, -50)) == [("reverses", "red_of_red")]


def test_an_old_blue_one_is_named_with_its_code(desk: Desk) -> None:
    old = invoice(1, kind="paper_invoice", code="064002000111", number="12345678")
    key = desk.take_id(old)
    back = red(2, old, -100, reverses="06400200011112345678")
    assert desk.row(desk.take_id(back)).reverses_id == key


def test_a_keyed_one_takes_nothing_before_it_is_confirmed(desk: Desk) -> None:
    blue = invoice(1, 100_000)
    key = desk.take_id(blue)
    worth = f"SELECT net_fen FROM family_sums WHERE root = {key}"
    result = desk.bring(red(2, blue, -100_000, source="keyed"))
    assert isinstance(result, Intake)
    assert desk.one(worth) == 100_000
    assert desk.refused(red(3, blue, -1)) == [("reverses", "red_too_much")]
    desk.answer(result.decision)
    assert desk.one(worth) == 0


def test_it_waits_for_its_blue_one(desk: Desk) -> None:
    blue = invoice(1, source="keyed")
    first = desk.bring(blue)
    second = desk.bring(red(2, blue, -100, source="keyed"))
    assert isinstance(first, Intake)
    assert isinstance(second, Intake)
    with pytest.raises(Refused, match="blue_unconfirmed"):
        desk.answer(second.decision)
    desk.answer(first.decision)
    desk.answer(second.decision)
    assert len(desk.standing_ids()) == 2


def test_its_confirmation_lifts_the_freeze(desk: Desk) -> None:
    blue = invoice(1)
    key = desk.take_id(blue)
    on_its_way = red(2, blue, -100)
    with Session(desk.engine) as db, db.begin():
        assert on_its_way.confirmation
        freezes.freeze(db, key, on_its_way.confirmation, actor=CLERK, now=NOW)
    assert desk.standing_ids() == []
    other_red = desk.take_id(red(3, blue, -100))
    assert desk.standing_ids() == [other_red]
    back = desk.take_id(on_its_way)
    assert desk.standing_ids() == [key, other_red, back]


def test_a_red_one_takes_back_its_part_of_what_was_allocated(town: Town, desk: Desk) -> None:
    """Before a red one 3.00 yuan pay for three minutes, after it what is left."""
    town.report([window(0, at) for at in range(3)])
    town.accrue()
    of_march = {"since": date(2026, 3, 1), "until": date(2026, 3, 31)}
    blue = invoice(1, 300, **of_march)
    key = desk.take_id(blue)
    with Session(desk.engine) as db, db.begin():
        match(db, actor=CLERK, now=NOW)
    allocated = "SELECT sum(fen)::bigint FROM allocations"
    assert desk.one(allocated) == 300
    desk.take_id(red(2, blue, -120))
    assert desk.one(allocated) == 180
    on_its_way = desk.bring(red(3, blue, -180, source="keyed"))
    assert isinstance(on_its_way, Intake)
    assert desk.one(allocated) == 180
    desk.answer(on_its_way.decision)
    assert desk.one(allocated) == 0
    row = desk.owner.execute(
        "SELECT net_fen, allocated_fen FROM family_sums WHERE root = %s", (key,)
    )
    assert row.fetchone() == (0, 0)


def test_what_waits_for_its_confirmation_or_is_frozen_is_not_allocated(
    town: Town, desk: Desk
) -> None:
    town.report([window(0, at) for at in range(3)])
    town.accrue()
    of_march = {"since": date(2026, 3, 1), "until": date(2026, 3, 31)}
    desk.take_id(invoice(1, 100, source="keyed", **of_march))
    frozen = desk.take_id(invoice(2, 100, **of_march))
    with Session(desk.engine) as db, db.begin():
        freezes.freeze(db, frozen, "7", actor=CLERK, now=NOW)
        match(db, actor=CLERK, now=NOW)
    assert desk.one("SELECT count(*) FROM allocations") == 0
