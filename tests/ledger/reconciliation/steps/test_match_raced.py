"""Invoices of one contract are matched one after the other, whoever matches and decides at once."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.documents.steps.documents import take_document
from ledger.errors import LedgerError
from ledger.reconciliation.steps.match import Matched, match
from tests.support import reconciliation
from tests.support.documents import file, invoice, party, verified
from tests.support.months.market import BUYER, CLERK, NOW, OCTOBER, SELLER, Market
from tests.support.reconciliation import LATER, OTHER, Desk, bill
from tests.support.town import Town, rights_of

PARENT = party(31, "母公司")
STILL = 0.5  # seconds after which a thread that waits is still waiting


@pytest.fixture
def market(engine: sa.Engine, owner: psycopg.Connection) -> Market:
    """60,000 fen were metered; the centre and its parent company each invoiced 40,000 of them."""
    market = Market(engine, owner)
    owner.execute(
        "INSERT INTO relations (kind, organisation_id, centre_id, valid, recorded_at, recorded_by)"
        " VALUES ('seller', %s, %s, '[2026-01-01,)', %s, 'test')",
        (market.place_party(PARENT), market.centre, NOW),
    )
    market.charge(OCTOBER, 60_000)
    for serial, seller in ((1, SELLER), (2, PARENT)):
        market.take(
            invoice(
                serial,
                40_000,
                seller=seller,
                buyer=BUYER,
                since=OCTOBER,
                until=date(2026, 10, 31),
                issued_on=date(2026, 11, 5),
            )
        )
    return market


def fen_by_invoice(market: Market) -> list[int]:
    """What each of the two invoices pays for the month."""
    return [fen for _, fen in sorted((key[0], fen) for key, fen in market.allocated().items())]


def test_pairs_that_share_a_contract_are_read_one_after_the_other(market: Market) -> None:
    """The second pair's invoice pays for what the first one left of the month, and no more: what it
    may pay for in months to come stays open."""
    market.owner.execute("DELETE FROM charges")
    market.charge(OCTOBER, 100_000)
    later = invoice(
        3, 40_000, seller=PARENT, buyer=BUYER, since=OCTOBER, until=date(2026, 12, 31),
        issued_on=date(2026, 11, 6),
    )  # fmt: skip
    key = market.take(later)
    assert market.match() == Matched(lines=3, shares=3, allocated_fen=100_000, unallocated=1)
    assert fen_by_invoice(market) == [40_000, 40_000, 20_000]
    assert market.allocated()[key, 1, market.cell(OCTOBER)] == 20_000


def test_of_two_who_match_at_once_the_second_waits(market: Market) -> None:
    with ThreadPoolExecutor() as pool, Session(market.engine) as first:
        assert match(first, actor=CLERK, now=NOW).shares == 2
        second = pool.submit(market.match)
        assert not wait([second], timeout=STILL).done
        first.commit()
        assert second.result() == Matched(0, 0, 0, 0)
    assert fen_by_invoice(market) == [40_000, 40_000]


@pytest.fixture
def desk(metered_town: Town) -> Desk:
    return Desk(metered_town)


def bring(desk: Desk, serial: int, net_fen: int) -> None:
    """Another invoice, which nobody has matched yet."""
    document = bill(serial, net_fen)
    content = file(f"<e>{document.number}</e>")
    with Session(desk.engine) as db, db.begin():
        intake = take_document(
            db, document, content, actor=reconciliation.CLERK.actor, now=reconciliation.NOW
        )
    assert not isinstance(intake, list), intake
    verified(desk.engine, intake, OTHER, reconciliation.NOW)


def test_who_decides_waits_for_who_matches_another_invoice_of_the_contract(
    desk: Desk, metered_town: Town
) -> None:
    """What she decides is what she has seen, or nothing: the month has changed under her."""
    desk.take(bill(1, 6_000))
    decision = desk.propose(LATER)
    bring(desk, 2, 4_000)
    with ThreadPoolExecutor() as pool, Session(desk.engine) as first:
        assert match(first, actor=CLERK, now=reconciliation.NOW).allocated_fen == 4_000
        answer = pool.submit(desk.confirm, decision)
        assert not wait([answer], timeout=STILL).done
        first.commit()
        with pytest.raises(LedgerError):
            answer.result()
    assert rights_of(metered_town).payable == 0


def test_who_matches_waits_for_who_decides(desk: Desk, metered_town: Town) -> None:
    """The decided cell keeps its lines, and the second invoice pays for the rest of the month."""
    desk.take(bill(1, 6_000))
    decision = desk.propose(LATER)
    bring(desk, 2, 4_000)
    with ThreadPoolExecutor() as pool, Session(desk.engine) as first:
        desk.confirm_in(first, decision)

        def match_now() -> Matched:
            with Session(desk.engine) as db, db.begin():
                return match(db, actor=CLERK, now=reconciliation.NOW)

        second = pool.submit(match_now)
        assert not wait([second], timeout=STILL).done
        first.commit()
        assert second.result().allocated_fen == 4_000
    assert rights_of(metered_town).payable == 1_800
    desk.reconcile()
    assert rights_of(metered_town).payable == 3_000
