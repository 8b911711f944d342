"""Documents pay for what was metered: by rule, by a clerk's hand, and back again for red ones."""

from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger.charging.codes import Part
from ledger.documents.rules.cost_document import Document
from ledger.errors import LedgerError, NotFound, Refused
from ledger.reconciliation.queries.allocations import allocate
from ledger.reconciliation.rules.matching import Share
from ledger.reconciliation.steps.match import Matched, match, move
from tests.support.documents import invoice, line, party, red, settlement
from tests.support.months.market import BUYER, CLERK, NOVEMBER, NOW, OCTOBER, SELLER, Market


@pytest.fixture
def market(engine: sa.Engine, owner: psycopg.Connection) -> Market:
    return Market(engine, owner)


def bill(serial: int, *fen: int, **other_charge: Any) -> Document:
    """An invoice of the market's two, for October."""
    fields = {"seller": SELLER, "buyer": BUYER, "since": OCTOBER, "until": date(2026, 10, 31)}
    return invoice(serial, *fen, **{"issued_on": date(2026, 11, 5), **fields, **other_charge})


def move_by_hand(market: Market, document: int, **question: Any) -> None:
    with Session(market.engine) as db, db.begin():
        defaults = {"source": None, "target": None, "actor": CLERK, "now": NOW}
        move(db, document, 1, **{**defaults, **question})


def test_an_invoice_pays_for_its_months_and_again_changes_nothing(market: Market) -> None:
    october, november = market.charge(OCTOBER, 60_000), market.charge(NOVEMBER, 60_000)
    key = market.take(bill(1, 100_000, until=date(2026, 11, 30)))
    assert market.match() == Matched(lines=1, shares=2, allocated_fen=100_000, unallocated=0)
    assert market.allocated() == {(key, 1, october): 60_000, (key, 1, november): 40_000}
    assert market.match() == Matched(0, 0, 0, 0)


def test_a_long_run_may_be_many_short_ones(market: Market) -> None:
    """Each ends with a pair of parties and says where the next begins."""
    market.charge(OCTOBER, 60_000)
    market.take(bill(1, 10_000, 20_000))
    market.take(bill(2, 5_000, buyer=party(8)))  # it finds no contract
    runs: list[Matched] = []
    while not runs or runs[-1].next is not None:
        with Session(market.engine) as db, db.begin():
            after = runs[-1].next if runs else None
            runs.append(match(db, actor=CLERK, now=NOW, after=after, at_most=1))
    assert sorted(run.lines for run in runs) == [1, 2]
    assert sum(run.allocated_fen for run in runs) == 30_000
    assert market.match() == Matched(1, 0, 0, unallocated=1)


def test_an_invoice_pays_by_the_number_of_its_statement(market: Market) -> None:
    market.charge(OCTOBER, 100_000)
    november = market.charge(NOVEMBER, 100_000)
    market.one(
        "INSERT INTO statements (number, contract_id, month, revision, total_fen, digest,"
        " issued_at,"
        " issued_by) VALUES ('DZ-2026-11-0001', %s, %s, 1, 100000, repeat('0', 64), %s, 'test')"
        " RETURNING id",
        market.contract, NOVEMBER, NOW,
    )  # fmt: skip
    key = market.take(bill(1, 100_000, statement="DZ-2026-11-0001"))
    market.match()
    assert market.allocated() == {(key, 1, november): 100_000}


def test_what_is_beyond_the_metered_goes_to_one_cell_even_an_empty_one(market: Market) -> None:
    key = market.take(bill(1, 70_000, until=date(2026, 11, 30)))
    market.match()
    assert market.allocated() == {(key, 1, market.cell(NOVEMBER)): 70_000}


def test_what_was_paid_in_advance_waits_and_meets_usage_as_it_comes(market: Market) -> None:
    october = market.charge(OCTOBER, 30_000)
    key = market.take(bill(1, 70_000, until=date(2026, 12, 31)))
    assert market.match() == Matched(1, 1, 30_000, unallocated=1)
    november = market.charge(NOVEMBER, 25_000)
    market.match()
    assert market.allocated() == {(key, 1, october): 30_000, (key, 1, november): 25_000}


def test_what_lay_beyond_the_metered_meets_late_usage(market: Market) -> None:
    market.charge(NOVEMBER, 10_000)
    key = market.take(bill(1, 70_000, until=date(2026, 11, 30)))
    market.match()
    assert market.allocated() == {(key, 1, market.cell(NOVEMBER)): 70_000}
    october = market.charge(OCTOBER, 40_000)
    market.match()
    assert market.allocated() == {
        (key, 1, october): 40_000,
        (key, 1, market.cell(NOVEMBER)): 30_000,
    }


def test_nothing_is_paid_where_the_parties_have_no_contract(market: Market) -> None:
    market.charge(OCTOBER, 100_000)
    market.take(bill(1, 10_000, buyer=party(99)))
    market.take(bill(2, 10_000, since=date(2025, 12, 1), until=date(2025, 12, 31)))
    assert market.match() == Matched(2, 0, 0, unallocated=2)


def test_another_seller_counts_while_it_is_one(market: Market) -> None:
    parent = party(31, "母公司")
    market.owner.execute(
        "INSERT INTO relations (kind, organisation_id, centre_id, valid, recorded_at, recorded_by)"
        " VALUES ('seller', %s, %s, '[2026-11-01,)', %s, 'test')",
        (market.place_party(parent), market.centre, NOW),
    )
    november = market.charge(NOVEMBER, 10_000)
    market.charge(OCTOBER, 10_000)
    key = market.take(bill(1, 10_000, seller=parent, until=date(2026, 11, 30)))
    market.match()
    assert market.allocated() == {(key, 1, november): 10_000}


def test_only_what_stands_pays(market: Market) -> None:
    market.charge(OCTOBER, 100_000)
    keyed = settlement("XN-1", seller=SELLER, buyer=BUYER, since=OCTOBER, until=OCTOBER)
    market.take(keyed)
    frozen = market.take(bill(2, 10_000))
    market.owner.execute(
        "INSERT INTO freezes (document_id, confirmation, frozen_at, frozen_by)"
        " VALUES (%s, '64', %s, 'test')",
        (frozen, NOW),
    )
    assert market.match() == Matched(0, 0, 0, 0)


def test_a_discount_lowers_the_line_before_it(market: Market) -> None:
    cell = market.charge(OCTOBER, 100_000)
    lines = (line(60_000), line(-10_000), line(20_000))
    key = market.take(bill(1, 60_000, -10_000, 20_000, lines=lines))
    market.match()
    assert market.allocated() == {(key, 1, cell): 50_000, (key, 3, cell): 20_000}


def test_a_red_document_takes_back_what_stands_beyond_the_rest(market: Market) -> None:
    october, november = market.charge(OCTOBER, 60_000), market.charge(NOVEMBER, 30_000)
    blue = bill(1, 90_000, until=date(2026, 11, 30))
    key = market.take(blue)
    market.match()
    back = market.take(red(2, blue, -30_000, issued_on=date(2026, 12, 1)))
    assert market.allocated() == {
        (key, 1, october): 60_000, (key, 1, november): 30_000,
        (back, 1, october): -20_000, (back, 1, november): -10_000,
    }  # fmt: skip
    market.take(red(3, blue, -60_000, issued_on=date(2026, 12, 2)))
    cells = market.owner.execute("SELECT month, sum(fen) FROM allocations GROUP BY 1").fetchall()
    assert sorted(cells) == [(OCTOBER, 0), (NOVEMBER, 0)]
    assert market.match() == Matched(0, 0, 0, 0)


def test_what_was_not_allocated_is_taken_back_first(market: Market) -> None:
    blue = bill(1, 50_000, since=date(2025, 12, 1), until=date(2025, 12, 31))
    key = market.take(blue)
    october = market.charge(OCTOBER, 60_000)
    move_by_hand(market, key, target=october, fen=20_000)
    market.take(red(2, blue, -30_000, issued_on=date(2026, 12, 1)))
    assert market.allocated() == {(key, 1, october): 20_000}
    with pytest.raises(Refused) as refused:
        move_by_hand(market, key, target=october, fen=1)
    assert refused.value.params == {"left": "0.00"}


def test_a_red_document_takes_back_from_both_kinds(market: Market) -> None:
    cell = market.charge(OCTOBER, 30_000)
    team = market.place_contract("k2", market.place_project(BUYER, "t1", "team"))
    other_charge = market.charge(OCTOBER, 30_000, market.place_price(team))
    blue = bill(1, 30_000, 30_000)
    key = market.take(blue)
    market.match()
    assert market.allocated() == {(key, 1, cell): 30_000, (key, 2, other_charge): 30_000}
    market.take(red(2, blue, -60_000, issued_on=date(2026, 12, 1)))
    (total,) = market.owner.execute("SELECT sum(fen) FROM allocations").fetchone() or (None,)
    assert total == 0


def test_a_clerk_moves_a_part(market: Market) -> None:
    october, november = market.charge(OCTOBER, 60_000), market.charge(NOVEMBER, 60_000)
    key = market.take(bill(1, 50_000))
    market.match()
    move_by_hand(market, key, source=october, target=november, fen=20_000)
    assert market.allocated() == {(key, 1, october): 30_000, (key, 1, november): 20_000}
    move_by_hand(market, key, source=october, target=november, fen=30_000)
    assert market.allocated() == {(key, 1, november): 50_000}
    move_by_hand(market, key, source=november, fen=50_000)
    assert market.allocated() == {}


def test_a_whole_line_may_go_to_a_project_of_the_other_kind(market: Market) -> None:
    cell = market.charge(OCTOBER, 30_000)
    team = market.place_contract("k2", market.place_project(BUYER, "t1", "team"))
    other_charge = market.charge(OCTOBER, 30_000, market.place_price(team))
    key = market.take(bill(1, 30_000))
    market.match()
    with pytest.raises(Refused, match="two_kinds"):
        move_by_hand(market, key, source=cell, target=other_charge, fen=10_000)
    move_by_hand(market, key, source=cell, target=other_charge, fen=30_000)
    assert market.allocated() == {(key, 1, other_charge): 30_000}


@pytest.mark.parametrize(
    ("question", "error", "code"),
    [
        ({"fen": 0}, Refused, "amount_out_of_range"),
        ({"fen": 1, "line": 2}, NotFound, "document_line"),
        ({"fen": 30_001}, Refused, "not_allocated_there"),
        ({"fen": 1, "source": "november"}, Refused, "not_allocated_there"),
        ({"fen": 1, "source": None}, Refused, "not_left"),
        ({"fen": 1, "target": (999, OCTOBER, Part.COMPUTE)}, NotFound, "contract"),
    ],
)
def test_what_cannot_be_moved(
    market: Market, question: dict[str, Any], error: type[LedgerError], code: str
) -> None:
    october, november = market.charge(OCTOBER, 60_000), market.cell(NOVEMBER)
    key = market.take(bill(1, 30_000))
    market.match()
    before = market.allocated()
    fields = {
        "line": 1,
        "source": october,
        "target": november,
        "actor": CLERK,
        "now": NOW,
        **question,
    }
    fields["source"] = november if fields["source"] == "november" else fields["source"]
    with Session(market.engine) as db, pytest.raises(error) as refused:
        move(db, key, fields.pop("line"), **fields)
    assert refused.value.code == code
    assert market.allocated() == before


def test_what_red_documents_took_back_is_not_moved(market: Market) -> None:
    october = market.charge(OCTOBER, 60_000)
    blue = bill(1, 30_000)
    key = market.take(blue)
    market.match()
    market.take(red(2, blue, -10_000, issued_on=date(2026, 12, 1)))
    with pytest.raises(Refused, match="not_allocated_there"):
        move_by_hand(market, key, source=october, fen=20_001)
    move_by_hand(market, key, source=october, fen=20_000)
    assert sum(market.allocated().values()) == 0


def test_the_database_holds_what_was_allocated_to_what_there_is(market: Market) -> None:
    october, november = market.charge(OCTOBER, 60_000), market.charge(NOVEMBER, 60_000)
    blue = bill(1, 30_000, 20_000)
    key = market.take(blue)
    market.match()
    beyond = [
        Share(key, 1, november, 1),  # more than the line
        Share(key, 1, october, -30_001),  # below nothing
    ]
    for share in beyond:
        with Session(market.engine) as db, pytest.raises(IntegrityError):
            allocate(db, [share], CLERK, NOW)
    back = market.take(red(2, blue, -20_000, issued_on=date(2026, 12, 1)))
    with market.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(
            sa.text("DELETE FROM allocations WHERE document_id = :back"), {"back": back}
        )
    assert sum(market.allocated().values()) == 30_000


def test_a_line_never_serves_both_articles(market: Market) -> None:
    cell = market.charge(OCTOBER, 30_000)
    team = market.place_contract("k2", market.place_project(BUYER, "t1", "team"))
    other_charge = market.charge(OCTOBER, 30_000, market.place_price(team))
    key = market.take(replace(bill(1, 60_000), since=OCTOBER))
    with Session(market.engine) as db, pytest.raises(IntegrityError):
        allocate(db, [Share(key, 1, cell, 1), Share(key, 1, other_charge, 1)], CLERK, NOW)
