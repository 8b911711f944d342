"""Whatever SQL the application's role sends, no balance, entry or cap changes but by the rules."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.books.db import Database
from ledger.books.movements import post, rights
from ledger.errors import Refused
from ledger.steps.voucher import open_voucher
from tests.vouchers import (
    MONTH,
    NOW,
    accrue,
    audit,
    chain,
    place_clause,
    place_project,
    place_voucher,
)

CAP = 1_000
TABLES = (
    "accounts", "entries", "movements", "postings", "clauses", "legal_moves", "numbering", "books",
    "roles", "vouchers",
)  # fmt: skip

POST = """
    INSERT INTO postings (cause, used, booked, actor)
    VALUES ('bad', '2026-11-01', '2026-11-01', 'x');
"""
MOVE = "INSERT INTO movements (posting, book, kind, from_role, to_role, amount)"
VOUCHER = """
    INSERT INTO vouchers (project, policy, clause, cap_scope, facts, opened_at, opened_by)
    SELECT project, policy, clause, {scope}, facts, opened_at, opened_by FROM vouchers
"""
MINE = "CREATE TEMP TABLE mine AS SELECT * FROM movements; CREATE TRIGGER t"


def moving(kind: str, from_role: str, to_role: str, amount: object) -> str:
    """A posting with one movement, in plain SQL."""
    move = f"SELECT max(id), 1, '{kind}', '{from_role}', '{to_role}', {amount} FROM postings"
    return f"{POST} {MOVE} {move};"


def accruing(amount: object) -> str:
    return moving("accrue", "available", "accrued", amount)


# What is tried on every table.
ON_EACH = [
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "DROP TABLE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} OWNER TO suanquan_app",
    "CREATE RULE r AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE TEMP TABLE mine () INHERITS ({})",
    """CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW
       EXECUTE FUNCTION suppress_redundant_updates_trigger()""",
    "SELECT * FROM {} FOR UPDATE",
]

# What is tried, by the error that it meets: refused for what it is, not because it is misspelt.
ATTACKS: dict[type[psycopg.Error], list[str]] = {
    errors.InsufficientPrivilege: [
        *(attack.format(table) for table in TABLES for attack in ON_EACH),
        "UPDATE accounts SET balance = 0",
        "UPDATE accounts SET floor = -9223372036854775808",
        "UPDATE entries SET amount = 1",
        "UPDATE movements SET amount = 1",
        "UPDATE postings SET number = 7",
        "UPDATE postings SET cause = 'other'",
        "UPDATE clauses SET cap_fen = 9000000000000000",
        "UPDATE clauses SET rate_num = rate_den",
        "UPDATE vouchers SET book = 2",
        "UPDATE numbering SET last = 0",
        "UPDATE legal_moves SET to_role = 'paid'",
        """MERGE INTO accounts USING (SELECT 1) x ON book = 1
           WHEN MATCHED THEN UPDATE SET balance = 0""",
        "INSERT INTO accounts VALUES (1, 'gift', 0, 1, 0)",
        "INSERT INTO entries VALUES (1, 'paid', 1, 1, 1, 1)",
        "INSERT INTO books (ledger) VALUES ('rights')",
        "INSERT INTO clauses VALUES ('mine', '09-1', 'x', 1, 1, 9000000000000000)",
        "INSERT INTO legal_moves VALUES ('pay', 'available', 'paid')",
        "INSERT INTO roles VALUES ('rights', 'pocket')",
        # what the triggers write is not the application's to choose
        "INSERT INTO postings (number, cause) VALUES (9, 'bad')",
        "INSERT INTO postings (id, cause) OVERRIDING SYSTEM VALUE VALUES (9, 'bad')",
        "INSERT INTO postings (posted_at, cause) VALUES ('2020-01-01', 'bad')",
        "INSERT INTO movements (id, posting) OVERRIDING SYSTEM VALUE VALUES (9, 1)",
        "INSERT INTO vouchers (book, project) VALUES (1, 1)",
        "SELECT setval('movements_id_seq', 1)",
        # the triggers and their functions
        "SELECT post_movements()",
        """CREATE OR REPLACE FUNCTION public.post_movements() RETURNS trigger
           LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'""",
        "ALTER FUNCTION post_movements() SECURITY INVOKER",
        "DROP FUNCTION post_movements() CASCADE",
        "DROP TRIGGER post ON movements",
        "ALTER TABLE accounts DROP CONSTRAINT balance_at_least_floor",
        "SET session_replication_role = replica",
        # the owner's rights lent to a table of one's own
        f"""{MINE} AFTER INSERT ON mine REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION post_movements()""",
        f"{MINE} AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION number_postings()",
        f"{MINE} BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION open_rights_book()",
        # other roles, other places
        "SET ROLE suanquan_owner",
        "SET SESSION AUTHORIZATION suanquan_owner",
        "ALTER ROLE suanquan_app SUPERUSER",
        "GRANT UPDATE ON accounts TO suanquan_app; UPDATE accounts SET balance = 0",
        "CREATE TABLE public.fresh (book bigint)",
        """CREATE FUNCTION public.count(bigint) RETURNS bigint
           LANGUAGE sql AS 'SELECT 0::bigint'""",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE c AS 'libc', 'getpid'",
    ],
    errors.CheckViolation: [
        moving("eligible", "clause", "entitlement", 1),  # beyond the cap
        accruing(CAP + 1),
        accruing(2**63 - 1),
        accruing(-5),
        accruing(0),
        # below the floor and back in one statement
        f"""{POST} {MOVE} SELECT p.id, 1, kind, source, goal, 2000 FROM
            (VALUES (1, 'accrue', 'available', 'accrued'), (2, 'unaccrue', 'accrued', 'available'))
            v (step, kind, source, goal), postings p WHERE cause = 'bad' ORDER BY step""",
        # more for a posting that is closed, by its commit or before
        f"{MOVE} VALUES (1, 1, 'accrue', 'available', 'accrued', 1)",
        f"""{accruing(1)} SET CONSTRAINTS ALL IMMEDIATE;
            {MOVE} SELECT max(id), 1, 'accrue', 'available', 'accrued', 1 FROM postings""",
        POST,  # and no movement
        f"SET CONSTRAINTS ALL IMMEDIATE; {POST}",
        """INSERT INTO postings (cause, used, booked, actor)
           VALUES ('bad', 'infinity', '2026-11-01', 'x')""",
        VOUCHER.format(scope="'model:other'"),
    ],
    errors.ForeignKeyViolation: [
        moving("pay", "available", "paid", 1),
        moving("gift", "clause", "paid", 1),
        f"{POST} {MOVE} SELECT max(id), 99, 'accrue', 'available', 'accrued', 1 FROM postings",
        f"{MOVE} VALUES (99, 1, 'accrue', 'available', 'accrued', 1)",
    ],
    errors.NumericValueOutOfRange: [
        accruing(2**63),
        f"""{POST} {MOVE} SELECT max(id), 1, 'accrue', 'available', 'accrued', 9223372036854775807
            FROM postings, generate_series(1, 3) n GROUP BY n""",
    ],
    errors.NotNullViolation: [accruing("NULL")],
    errors.UniqueViolation: [
        VOUCHER.format(scope="cap_scope"),
        VOUCHER.format(scope="cap_scope") + "ON CONFLICT DO NOTHING",
    ],
}


@pytest.fixture
def book(owner: psycopg.Connection, engine: sa.Engine) -> int:
    found = place_voucher(owner, engine, CAP).book
    assert found == 1  # the attacks name it
    return found


def contents(owner: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        t: owner.execute(f"SELECT * FROM {t} ORDER BY 1, 2".encode()).fetchall() for t in TABLES
    }


def attempt(database: Database, attack: str) -> type[psycopg.Error] | None:
    """Try it with the application's login, to the commit; the error that it meets."""
    with closing(psycopg.connect(database.app_url)) as connection:
        try:
            connection.execute(attack.encode())
            connection.commit()
        except psycopg.Error as error:
            return type(error)
    return None


@pytest.mark.parametrize("error", ATTACKS, ids=lambda error: error.__name__)
def test_every_attack_is_refused_and_changes_nothing(
    database: Database, owner: psycopg.Connection, book: int, error: type[psycopg.Error]
) -> None:
    before = contents(owner)
    for attack in ATTACKS[error]:
        assert (attack, attempt(database, attack)) == (attack, error)
        assert contents(owner) == before, attack
    assert audit(owner) == []


SHADOWS = [f"CREATE TEMP TABLE {table} (LIKE public.{table})" for table in (*TABLES, "projects")]
LIES = [
    """INSERT INTO pg_temp.accounts SELECT book, role, -9000000000000000, 9000000000000000, 0
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
        post(db, cause="a", used=MONTH, booked=MONTH, actor="x", moves={book: accrue(1)})
        db.commit()
        assert rights(db, book).accrued == 1
        lies = db.execute(sa.text("SELECT sum(version), min(balance) FROM pg_temp.accounts")).one()
        assert tuple(lies) == (0, 9 * 10**15)
        numbering = db.execute(sa.text("SELECT last FROM pg_temp.numbering")).scalar_one()
        assert numbering == 77
        more = chain(1, "eligible clause entitlement")
        with pytest.raises(Refused, match="below_floor"):
            post(db, cause="b", used=MONTH, booked=MONTH, actor="x", moves={book: more})
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
        assert rights(db, voucher.book).clause == -CAP
    floor = owner.execute(
        "SELECT floor FROM accounts WHERE book = %s AND role = 'clause'", (voucher.book,)
    ).fetchone()
    assert floor == (-CAP,)
    assert audit(owner) == []


def test_temporary_tables_deceive_no_partition(
    shadowed: Session, owner: psycopg.Connection
) -> None:
    with shadowed as db:
        db.execute(sa.text("CREATE TEMP TABLE windows (LIKE public.windows)"))
        db.execute(sa.text("SELECT ensure_day('2026-11-23')"))
        db.commit()
    parent = owner.execute(
        "SELECT inhparent::regclass::text FROM pg_inherits"
        " WHERE inhrelid = 'public.windows_20261123'::regclass"
    ).fetchone()
    assert parent == ("windows",)


def test_no_function_lends_the_owners_rights_carelessly(owner: psycopg.Connection) -> None:
    """Every SECURITY DEFINER function looks temporary tables up last and is closed to PUBLIC."""
    careless = owner.execute(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)"
        "   OR NOT 'search_path=pg_catalog, public, pg_temp' = ANY (coalesce(proconfig, '{}')))"
    ).fetchall()
    assert careless == []
    lent = owner.execute("SELECT count(*) FROM pg_proc WHERE prosecdef").fetchone()
    assert lent
    assert lent[0] >= 5
