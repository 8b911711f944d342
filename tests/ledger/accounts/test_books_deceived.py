"""Temporary tables under our names deceive no trigger, and decisions do what they say, once."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.accounts.queries import post, rights
from ledger.errors import Refused
from ledger.postgres.database import Database
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.accounts.attacks import CAP, MOVE, TABLES, attempt, moving
from tests.support.vouchers import (
    MONTH,
    NOW,
    accrue,
    audit,
    chain,
    place_clause,
    place_decision,
    place_project,
)

SHADOWS = [f"CREATE TEMP TABLE {table} (LIKE public.{table})" for table in (*TABLES, "projects")]
LIES = [
    """INSERT INTO pg_temp.accounts SELECT book_id, role, -9000000000000000, 9000000000000000, 0
       FROM public.accounts""",
    """INSERT INTO pg_temp.clauses SELECT policy, clause, digest, 1, 1, 9000000000000000, effective,
       true FROM public.clauses""",
    "INSERT INTO pg_temp.roles SELECT * FROM public.roles",
    "INSERT INTO pg_temp.books SELECT * FROM public.books",
    "INSERT INTO pg_temp.numbering VALUES (true, 77)",
    "CREATE FUNCTION pg_temp.sum(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 0::numeric'",
    """CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz
       LANGUAGE sql AS $$SELECT timestamptz '2020-01-01'$$""",
]


@pytest.fixture
def shadowed(engine: sa.Engine, owner: psycopg.Connection, book: int) -> Session:
    """A session of the application whose temporary tables bear the names of ours."""
    place_clause(owner, CAP, policy="next")
    db = Session(engine)
    for statement in [*SHADOWS, *LIES]:
        db.execute(sa.text(statement))
    db.execute(sa.text("SET search_path = public, pg_temp"))
    return db


def test_temporary_tables_deceive_no_posting(
    shadowed: Session, engine: sa.Engine, owner: psycopg.Connection, book: int
) -> None:
    with shadowed as db:
        post(db, cause="a", used_on=MONTH, booked=MONTH, actor="x", moves={book: accrue(1)})
        db.commit()
        assert rights(db, book).accrued == 1
        lies = db.execute(sa.text("SELECT sum(version), min(balance) FROM pg_temp.accounts")).one()
        assert tuple(lies) == (0, 9 * 10**15)
        numbering = db.execute(sa.text("SELECT last FROM pg_temp.numbering")).scalar_one()
        assert numbering == 77
        more = chain(1, "eligible clause entitlement")
        with pytest.raises(Refused, match="below_floor"):
            post(db, cause="b", used_on=MONTH, booked=MONTH, actor="x", moves={book: more})
    assert audit(owner) == []


def test_temporary_tables_deceive_no_voucher(
    shadowed: Session, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    project = place_project(owner, "m2")
    with shadowed as db:
        voucher = open_voucher(
            db, project=project, clause="09-1", policy="next", facts={}, actor="x", now=NOW
        )
        db.commit()
        assert rights(db, voucher.book_id).clause == -CAP
    floor = owner.execute(
        "SELECT floor FROM accounts WHERE book_id = %s AND role = 'clause'", (voucher.book_id,)
    ).fetchone()
    assert floor == (-CAP,)
    assert audit(owner) == []


def test_temporary_tables_deceive_no_cap(
    shadowed: Session, owner: psycopg.Connection, book: int
) -> None:
    """In the application's own table the decision is confirmed; in the true one it is not there."""
    lie = """
        INSERT INTO pg_temp.decisions
        VALUES (1, 'cap', 'm', '{"voucher": 1, "cap_fen": 5000}', '', '', '', now(), 'confirmed',
                '', now(), '', '')
    """
    with shadowed as db:
        db.connection().exec_driver_sql(lie)
        with pytest.raises(sa.exc.IntegrityError, match="newest confirmed decision"):
            db.execute(sa.text("SELECT set_cap(1)"))
    assert audit(owner) == []


def test_an_old_decision_brings_no_old_cap_back(
    database: Database, owner: psycopg.Connection, book: int
) -> None:
    for cap in (5_000, 3_000):
        content = {"voucher": 1, "cap_fen": cap, "before_fen": CAP}
        key = place_decision(owner, "cap", content)
        assert attempt(database, f"SELECT set_cap({key})") is None
    assert attempt(database, f"SELECT set_cap({key - 1})") is errors.CheckViolation
    more = moving("eligible", "clause", "entitlement", 3_000 - CAP + 1)
    assert attempt(database, more) is errors.CheckViolation
    below = place_decision(owner, "cap", {"voucher": 1, "cap_fen": CAP - 1, "before_fen": 3_000})
    assert attempt(database, f"SELECT set_cap({below})") is errors.CheckViolation


def test_a_decision_takes_back_what_it_says_and_once(
    database: Database, owner: psycopg.Connection, book: int
) -> None:
    content = {"voucher": 1, "cap_fen": CAP - 5, "before_fen": CAP}
    cause = f"'decision/{place_decision(owner, 'cap', content)}'"

    def take(fen: int) -> type[psycopg.Error] | None:
        reduce = f"{MOVE} SELECT max(id), 1, 'reduce', 'entitlement', 'clause', {fen} FROM postings"
        withdraw = moving("withdraw", "available", "entitlement", fen).replace("'bad'", cause)
        return attempt(database, withdraw + reduce)

    assert take(6) is errors.CheckViolation
    assert take(5) is None
    assert take(5) is errors.UniqueViolation
    assert audit(owner) == []


def test_temporary_tables_deceive_no_partition(
    shadowed: Session, owner: psycopg.Connection
) -> None:
    with shadowed as db:
        db.execute(sa.text("CREATE TEMP TABLE windows (LIKE public.windows)"))
        db.execute(sa.text("SELECT ensure_month('2026-11-23')"))
        db.commit()
    parent = owner.execute(
        "SELECT inhparent::regclass::text FROM pg_inherits"
        " WHERE inhrelid = 'public.windows_202611'::regclass"
    ).fetchone()
    assert parent == ("windows",)
