"""The days of a document that says none: stated by a clerk, before anything is allocated."""

from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.documents.rules.cost_document import Document
from ledger.documents.steps.service_periods import state_period
from ledger.errors import Refused
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.documents import CLERK, Desk, invoice, red
from tests.support.vouchers import NOW

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
SILENT = invoice(1, since=None, until=None)


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Desk:
    return Desk(engine, owner)


def state(desk: Desk, document: int, days: tuple[date, date] = MARCH, reason: str = "来函") -> None:
    with Session(desk.engine) as db, db.begin():
        state_period(db, document, *days, reason, actor=CLERK, now=NOW)


def test_a_stated_period_lets_it_be_allocated_with_its_red_ones(desk: Desk) -> None:
    key = desk.take_id(SILENT)
    back = desk.take_id(red(2, SILENT, -1_000))
    assert desk.standing_ids() == []
    state(desk, key)
    assert desk.standing_ids() == [key, back]
    for document in (desk.row(key), desk.row(back)):
        assert (document.since, document.until, document.period_assumed) == (*MARCH, False)
    state(
        desk, key, (date(2026, 2, 1), date(2026, 2, 28)), "更正"
    )  # as long as nothing is allocated
    assert desk.row(back).since == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("document", "days", "reason", "code"),
    [
        (invoice(1), MARCH, "来函", "period_known"),
        (SILENT, MARCH[::-1], "来函", "period_days"),
        (SILENT, MARCH, " ", "no_reason"),
    ],
)
def test_not_every_period_can_be_stated(
    desk: Desk, document: Document, days: tuple[date, date], reason: str, code: str
) -> None:
    key = desk.take_id(document)
    with pytest.raises(Refused, match=code):
        state(desk, key, days, reason)


def test_a_red_one_follows_its_blue_one(desk: Desk) -> None:
    desk.take_id(SILENT)
    with pytest.raises(Refused, match="period_of_red"):
        state(desk, desk.take_id(red(2, SILENT, -1_000)))


def test_a_contradiction_is_told_and_may_be_stated(desk: Desk) -> None:
    key = desk.take_id(invoice(1, contradicts=True))
    assert desk.row(key).period_contradicts
    state(desk, key)
    assert desk.row(key).since == MARCH[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cost_documents SET since = '2026-03-01', until = '2026-03-31'",
        "UPDATE cost_documents SET period_assumed = false",
        "DELETE FROM stated_periods",
    ],
)
def test_the_application_cannot_move_a_document_in_silence(
    desk: Desk, database: Database, statement: str
) -> None:
    state(desk, desk.take_id(SILENT))
    assert attempt(database, statement) == psycopg.errors.InsufficientPrivilege


def test_nor_state_what_the_document_says_itself(desk: Desk, database: Database) -> None:
    desk.take_id(invoice(1))
    statement = (
        "INSERT INTO stated_periods (document_id, since, until, reason, stated_at, stated_by)"
        " SELECT id, '2026-03-01', '2026-03-31', 'x', now(), 'x' FROM cost_documents"
    )
    assert attempt(database, statement) == psycopg.errors.CheckViolation
