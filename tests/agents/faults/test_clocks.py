"""The wall's clock is set by an hour, either way; the server's own clock is right."""

from __future__ import annotations

from sqlmodel import Session

from agents import wire
from api.door.batch_decoder import read_kept
from ledger.desk.codes import FindingKind
from ledger.metering.queries.agents import agents
from ledger.metering.steps.intake import release
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import GPUS, Site, judge


def is_skewed(books: Books) -> bool:
    with Session(books.engine) as db:
        (agent,) = agents(db, None)
    return agent.is_skewed


def swap(site: Site) -> None:
    """So that an hour which is laid elsewhere would show."""
    site.held = {GPUS[0]: site.held[GPUS[1]], GPUS[1]: site.held[GPUS[0]]}


def test_the_clock_is_set_forward_by_an_hour(real: tuple[Site, Books], check_row: Tell) -> None:
    """What lies in the future for the server waits until it is past, then it counts."""
    site, books = real
    life = site.start()
    site.run(200, {90: lambda: site.set_clock(wire.HOUR_MS), 150: lambda: swap(site)})
    assert life.send()
    assert is_skewed(books)
    assert {row["reason"] for row in books.find(FindingKind.QUARANTINE)} == {"future"}
    site.run(70 * 60)
    assert life.send()
    site.pass_by(wire.HOUR_MS)
    with Session(books.engine) as db, db.begin():
        assert release(db, read_kept, books.now())
    assert not books.find(FindingKind.QUARANTINE)
    verdict = judge(site)
    assert set(verdict.gaps) == {"clock_step"}
    assert verdict.left_out == 0
    check_row("clock_forward", verdict)


def test_the_clock_is_set_back_by_an_hour(real: tuple[Site, Books], check_row: Tell) -> None:
    """The minutes that come again are written already: they are never written twice."""
    site, books = real
    life = site.start()
    site.run(70 * 60 + 30)
    site.set_clock(-wire.HOUR_MS)
    site.run(100, {60: lambda: swap(site)})
    assert life.send()
    assert is_skewed(books)
    site.run(3_600 + 60)
    assert life.send()
    assert books.count("conflicts") == 0
    verdict = judge(site)
    assert set(verdict.gaps) == {"clock_step"}
    assert verdict.left_out == 2 * wire.HOUR_MS
    seconds = (verdict.left_out + verdict.gaps["clock_step"]) // 1_000
    assert f"left_out_seconds_total {seconds}" in life.health.metrics()
    check_row("clock_back", verdict)
