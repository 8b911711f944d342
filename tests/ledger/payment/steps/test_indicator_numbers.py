"""An indicator has one number in a year, however that is written; in code and in the database."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.errors import Conflict
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.payments import Treasury

NUMBER = "银财〔2026〕A-12号"
ALIKE = {
    "full width": "银财〔２０２６〕Ａ－１２号",
    "spaces": "银财 〔2026〕\u3000A-12号",
    "capitals": "银财〔2026〕a-12号",
    "a hyphen that does not break": "银财〔2026〕A\u201112号",
    "a dash": "银财〔2026〕A—12号",
    "minus": "银财〔2026〕A−12号",
    "square brackets": "银财[2026]A-12号",
    "brackets of other kinds": "银财【2026】A-12号",
    "round brackets": "银财（2026）A-12号",
}
UNSEEN = ["银财\u202e〔2026〕A-12号", "银财\u200f〔2026〕A-12号", "银财\u200b〔2026〕A-12号"]
INDICATOR = """
    INSERT INTO indicators (number, year, project_name, fund_kind, classification, opened_at,
        opened_by) VALUES ('{number}', {year}, 'x', 'x', '2150805', now(), 'x')
"""


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000, NUMBER)
    return treasury


def test_it_is_opened_once_however_it_is_written(treasury: Treasury, database: Database) -> None:
    for how, number in ALIKE.items():
        with pytest.raises(Conflict, match="indicator_exists") as refusal:
            treasury.indicator(1_000, number)
        assert refusal.value.params["number"] == NUMBER, how
        attack = INDICATOR.format(number=number, year=2026)
        assert attempt(database, attack) is errors.UniqueViolation, how
    treasury.indicator(1_000, NUMBER, 2027)
    treasury.indicator(1_000, NUMBER.replace("12", "13"))


def test_what_is_not_seen_is_in_no_number(treasury: Treasury, database: Database) -> None:
    for number in UNSEEN:
        attack = INDICATOR.format(number=number, year=2028)
        assert attempt(database, attack) is errors.CheckViolation, ascii(number)


def test_the_index_holds_it_too(treasury: Treasury, owner: psycopg.Connection) -> None:
    """Where two write at once, the trigger of neither sees the other's row."""
    owner.execute("ALTER TABLE indicators DISABLE TRIGGER open")
    book = "(SELECT max(id) FROM books WHERE ledger = 'rights')"
    owner.execute("INSERT INTO books (ledger) VALUES ('rights')")
    alike = INDICATOR.format(number=ALIKE["full width"], year=2026)
    alike = alike.replace("(number,", "(book_id, number,").replace("VALUES (", f"VALUES ({book}, ")
    with pytest.raises(errors.UniqueViolation, match="indicators_once"):
        owner.execute(alike.encode())
