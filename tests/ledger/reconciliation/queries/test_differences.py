"""The differences of a month as the database has them: documents, parties, prices, the meter."""

from datetime import date
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.documents.rules.cost_document import Document
from ledger.policy.text.published import load
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.queries.differences import differences_of
from ledger.reconciliation.rules.difference_codes import Difference
from tests.support.documents import digital, invoice, line, party, red, settlement
from tests.support.months.market import BUYER, NOVEMBER, NOW, OCTOBER, SELLER, Market
from tests.support.simulation import gpu_id

PROCESS = load("yinchuan-2024-drill").process


@pytest.fixture
def market(engine: sa.Engine, owner: psycopg.Connection) -> Market:
    return Market(engine, owner)


def bill(serial: int, *fen: int, **changes: Any) -> Document:
    """An invoice of the market's two, for October, at the contract's price."""
    fields = {"seller": SELLER, "buyer": BUYER, "since": OCTOBER, "until": date(2026, 10, 31)}
    priced_fields = {
        "lines": tuple(line(sum_fen) for sum_fen in fen),
        "issued_on": date(2026, 11, 5),
    }
    return invoice(serial, *fen, **{**priced_fields, **fields, **changes})


def rows_of(market: Market, month: date = OCTOBER) -> list[Difference]:
    with Session(market.engine) as db:
        return differences_of(db, market.contract, month, PROCESS)


def codes(market: Market, month: date = OCTOBER) -> list[tuple[str, str, int]]:
    """All but that no receipt is known (R05), and R09: the lines say ten hours of anything."""
    differences = [d for d in rows_of(market, month) if (d.code, d.handling) != ("R05", "note")]
    return [(d.code, d.handling, d.fen) for d in differences if d.code != "R09"]


def test_an_empty_month(market: Market) -> None:
    assert rows_of(market) == []


def test_a_month_that_fits(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    market.take(bill(1, 10_000))
    market.match()
    assert codes(market) == []


def test_prices_are_compared_without_tax(market: Market) -> None:
    """The contract says 10.60 with 6 % tax: ten hours are a hundred yuan without."""
    market.charge(OCTOBER, 30_000)
    market.take(bill(1, 10_000))
    dear = market.take(bill(2, 20_000))
    market.match()
    assert [(d.code, d.document, d.fen) for d in rows_of(market) if d.code == "R09"] == [
        ("R09", dear, 10_000)
    ]


def test_what_is_beyond_the_metered(market: Market) -> None:
    cell = market.charge(OCTOBER, 5_000)
    market.take(bill(1, 10_000))
    market.match()
    assert [d for d in rows_of(market) if d.code == "R07"] == [
        Difference("R07", Handling.CUT, 5_000, cell=cell)
    ]


def test_red_documents_are_part_of_their_blue_one(market: Market) -> None:
    cell = market.charge(OCTOBER, 10_000)
    blue = bill(1, 4_000, 6_000)
    key = market.take(blue)
    market.match()
    market.take(red(2, blue, -4_000, issued_on=date(2026, 12, 1)))
    assert codes(market) == [("R02", "note", 6_000), ("R17", "person", -4_000)]
    assert next(d for d in rows_of(market) if d.code == "R02") == Difference(
        "R02", Handling.NOTE, 6_000, key, None, cell
    )


def test_a_red_document_that_does_not_say_which_lines_stops_its_blue_one(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    blue = bill(1, 4_000, 6_000)
    market.take(blue)
    market.match()
    market.take(red(2, blue, -3_000, issued_on=date(2026, 12, 1)))
    assert codes(market) == [("R17", "person", -10_000), ("R18", "block", 10_000)]


def test_a_frozen_document_is_told_though_it_was_matched_before(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    key = market.take(bill(1, 10_000))
    market.match()
    market.owner.execute(
        "INSERT INTO freezes (document_id, confirmation, frozen_at, frozen_by)"
        " VALUES (%s, '64', %s, 'test')",
        (key, NOW),
    )
    assert codes(market) == [("R17", "person", -10_000), ("R18", "block", 10_000)]


def test_a_document_whose_parties_are_not_those_of_the_contract(market: Market) -> None:
    """A clerk put it there by hand."""
    cell = market.charge(OCTOBER, 10_000)
    key = market.take(bill(1, 10_000, buyer=party(77), seller=party(78)))
    market.owner.execute(
        "INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen,"
        " allocated_at, allocated_by) VALUES (%s, 1, %s, %s, %s, 'model', 10000, %s, 'test')",
        (key, *cell, NOW),
    )
    assert codes(market) == [
        ("R03", "block", 10_000), ("R04", "note", 10_000), ("R17", "person", -10_000),
    ]  # fmt: skip


def test_parties_that_are_related(market: Market) -> None:
    market.owner.execute(
        "INSERT INTO relations (kind, organisation_id, other_id, valid, recorded_at, recorded_by)"
        " VALUES ('related', %s, %s, '[2026-10-31,)', %s, 'test')",
        (market.place_party(BUYER), market.place_party(SELLER), NOW),
    )
    for month in (OCTOBER, date(2026, 9, 1)):
        market.charge(month, 10_000)
    market.take(bill(1, 10_000))
    market.take(bill(2, 10_000, since=date(2026, 9, 1), until=date(2026, 9, 30)))
    market.match()
    assert codes(market) == [("R13", "exclude", 10_000), ("R17", "person", -10_000)]
    assert codes(market, date(2026, 9, 1)) == []


def test_parties_that_one_person_controls(market: Market) -> None:
    for role, organisation in (("legal", BUYER), ("actual", SELLER)):
        market.owner.execute(
            "INSERT INTO controllers (organisation_id, role, person, valid, recorded_at,"
            " recorded_by) VALUES (%s, %s, '张三', '[2026-10-31,)', %s, 'test')",
            (market.place_party(organisation), role, NOW),
        )
    market.charge(OCTOBER, 10_000)
    market.take(bill(1, 10_000))
    market.match()
    assert codes(market) == [("R13", "exclude", 10_000), ("R17", "person", -10_000)]
    related = next(difference for difference in rows_of(market) if difference.code == "R13")
    assert related.facts.get("persons") == ("张三",)


def test_a_number_that_was_used_in_another_disguise(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    market.take(bill(1, 10_000))
    market.take(settlement(f"{digital(1)}-1", seller=SELLER, buyer=BUYER, issued_on=NOVEMBER))
    market.match()
    assert ("R01", "block", 10_000) in codes(market)


def test_a_document_that_found_no_cell(market: Market) -> None:
    """Its service ended a year before the contract began."""
    early = date(2025, 10, 1)
    key = market.take(bill(1, 10_000, since=early, until=date(2025, 10, 31)))
    market.match()
    assert rows_of(market, early) == [
        Difference("R05", Handling.NOTE, 10_000, key),
        Difference("R14", Handling.EXCLUDE, 10_000, key),
    ]


def test_the_same_cost_for_a_model_and_a_team(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    team = market.place_contract("k2", market.place_project(BUYER, "t1", "team"))
    market.charge(OCTOBER, 10_000, market.place_price(team))
    market.take(bill(1, 10_000))
    market.match()
    assert codes(market) == []
    market.take(bill(2, 10_000))
    market.match()
    assert codes(market) == [("R15", "person", 10_000)]
    (same,) = (difference for difference in rows_of(market) if difference.code == "R15")
    assert same.facts == {"documents": (bill(2, 10_000).number,)}


def test_more_used_than_the_registered_devices_can(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    market.take(bill(1, 10_000))
    market.match()
    cluster = market.one(
        "INSERT INTO clusters (name, centre_id) VALUES ('c', %s) RETURNING id", market.centre
    )
    market.owner.execute(
        "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
        " VALUES (%s, 'slurm', '[2026-01-01,)', %s, 'test')",
        (cluster, NOW),
    )
    day_ms = 24 * 3_600_000
    for number in (1, 2):
        market.owner.execute(
            "INSERT INTO day_totals (gpu, day, cluster_id, source, model, holder_kind, holder,"
            " mig_profile, den, held) VALUES (%s, '2026-10-31', %s, 'slurm', 'H100', 'slurm', 'a',"
            " '', 1, %s)",
            (f"job/c/{number}/0/0", cluster, day_ms),
        )
    assert codes(market) == []  # nobody knows how many devices there are
    market.owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n',"
        " '2026-10-31 00:00+08')",
        (gpu_id(1), cluster),
    )
    assert codes(market) == [("R08", "block", 10_000)]
    market.owner.execute("UPDATE gpus SET registered_from = '2026-10-30 00:00+08'")
    assert codes(market) == []


def test_the_newest_statement_says_how_good_the_evidence_is(market: Market) -> None:
    market.charge(OCTOBER, 10_000)
    market.take(bill(1, 10_000))
    market.match()
    for revision, grade in enumerate("AD", start=1):
        market.owner.execute(
            "WITH s AS (INSERT INTO statements (number, contract_id, month, revision, total_fen,"
            " digest, issued_at, issued_by) VALUES (%s, %s, %s, %s, 10000, repeat('0', 64), %s,"
            " 'test') RETURNING id) INSERT INTO statement_lines (statement_id, line, price_id,"
            " policy,"
            " mig_profile, ms_num, ms_den, cost_fen, grade, gap_ms)"
            " SELECT id, 1, %s, '', '', 1, 1, 10000, %s, 0 FROM s",
            (f"DZ-{revision}", market.contract, OCTOBER, revision, NOW, market.price, grade),
        )
        assert codes(market) == ([("R20", "exclude", 10_000)] if grade == "D" else [])
