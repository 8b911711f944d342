"""A line that somebody lays under a list while another person confirms it."""

from concurrent.futures import ThreadPoolExecutor, wait

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.errors import LedgerError
from ledger.people.tables import Decision
from tests.support.payments import Treasury

LAY = sa.text("""
    INSERT INTO payment_lines (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank,
        bank_code, number, fen)
    SELECT l.list_id, 2, c.id, l.voucher_id, l.account_id, l.payee, l.uscc, l.bank, l.bank_code,
           l.number, c.fen
    FROM payment_lines l, claims c WHERE c.number = 'B'
""")


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.project("p1", 900)
    treasury.indicator(1_000)
    for number, fen in (("A", 300), ("B", 200)):
        treasury.claim("p1", fen, number)
    return treasury


def test_a_list_is_not_sent_before_what_was_laid_under_it_is_seen(treasury: Treasury) -> None:
    number = treasury.make(["A"])
    with treasury.engine.connect() as intruder, ThreadPoolExecutor() as pool:
        intruder.execute(LAY)
        confirming = pool.submit(treasury.confirm, number)
        assert not wait([confirming], timeout=0.5).done
        intruder.commit()
        with pytest.raises((LedgerError, sa.exc.IntegrityError)):
            confirming.result()
    row = treasury.owner.execute("SELECT count(sent_at) FROM payment_lists").fetchone()
    assert row == (0,)


def test_nothing_is_laid_under_a_list_that_is_being_sent(treasury: Treasury) -> None:
    treasury.make(["A"])
    with treasury.engine.connect() as intruder, Session(treasury.engine) as db, db.begin():
        treasury.answer(db, db.exec(select(Decision).where(Decision.kind == "payment_list")).one())
        intruder.execute(sa.text("SET lock_timeout = '300ms'"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            intruder.execute(LAY)
    with (
        treasury.engine.connect() as intruder,
        pytest.raises(sa.exc.IntegrityError, match="what is due"),
    ):
        intruder.execute(LAY)
