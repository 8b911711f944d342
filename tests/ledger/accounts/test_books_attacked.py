"""Whatever SQL the application's role sends, no balance, entry or cap changes but by the rules."""

from typing import Any

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import CAP, MOVE, POST, TABLES, attempt, moving
from tests.support.vouchers import (
    audit,
)

ANSWERED = {"decisions", "reservations"}  # rows of which get their one answer later

VOUCHER = """
    INSERT INTO vouchers (project_id, policy, clause, cap_scope, facts, opened_at, opened_by)
    SELECT project_id, policy, clause, {scope}, facts, opened_at, opened_by FROM vouchers
"""
DECIDE = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    VALUES ('cap', 'm', '{"voucher": 1, "cap_fen": 5000, "before_fen": 1000}', repeat('0', 64), '',
            'clerk:甲#1', now());
"""
CONFIRM = """
    UPDATE decisions SET answer = 'confirmed', answered_by = '%s', answered_at = now(),
        answered_digest = digest WHERE answer IS NULL;
"""
INDICATOR = """
    INSERT INTO indicators (number, year, project_name, fund_kind, classification, opened_at,
        opened_by)
    SELECT number, year, project_name, fund_kind, classification, opened_at, opened_by
    FROM indicators
"""
MINE = "CREATE TEMP TABLE mine AS SELECT * FROM movements; CREATE TRIGGER t"


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
    "SELECT * FROM {} FOR UPDATE",  # last
]

# What is tried, by the error that it meets: refused for what it is, not because it is misspelt.
ATTACKS: dict[type[psycopg.Error], list[str]] = {
    errors.InsufficientPrivilege: [
        *(
            attack.format(table)
            for table in TABLES
            for attack in (ON_EACH[:-1] if table in ANSWERED else ON_EACH)
        ),
        "UPDATE accounts SET balance = 0",
        "UPDATE accounts SET floor = -9223372036854775808",
        "UPDATE entries SET amount = 1",
        "UPDATE movements SET amount = 1",
        "UPDATE postings SET number = 7",
        "UPDATE postings SET cause = 'other'",
        "UPDATE clauses SET cap_fen = 9000000000000000",
        "UPDATE clauses SET rate_num = rate_den",
        "UPDATE vouchers SET book_id = 2",
        "UPDATE indicators SET year = 2099",
        "UPDATE reservations SET fen = 1",
        "UPDATE decisions SET content = '{}'",
        "INSERT INTO indicators (book_id, number) VALUES (1, 'mine')",
        "INSERT INTO cost_books (book_id, reconciliation_id) VALUES (1, 1)",
        "INSERT INTO decisions (kind, answer) VALUES ('cap', 'confirmed')",
        "UPDATE numbering SET last = 0",
        "UPDATE legal_moves SET to_role = 'paid'",
        """MERGE INTO accounts USING (SELECT 1) x ON book_id = 1
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
        "INSERT INTO movements (id, posting_id) OVERRIDING SYSTEM VALUE VALUES (9, 1)",
        "INSERT INTO vouchers (book_id, project_id) VALUES (1, 1)",
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
        *(
            f"{MINE} BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION open_{ledger}_book()"
            for ledger in ("rights", "budget", "cost")
        ),
        f"{MINE} AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION lower_by_decision()",
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
        # a promise lowered, or a cap moved, without two persons
        moving("withdraw", "available", "entitlement", 1),
        moving("reduce", "entitlement", "clause", 1),
        moving("lapse", "available", "lapsed", 1),
        moving("lapse", "available", "lapsed", 1).replace("'bad'", "'decision/99'"),
        "SELECT set_cap(1)",
        "SELECT set_cap(NULL)",
        DECIDE + "SELECT set_cap(max(id)) FROM decisions",
        DECIDE + CONFIRM % "approver:甲#2",  # the same person
        # of the budget more than there is
        moving("commit", "free", "committed", 91, book=2),
        moving("spend", "committed", "spent", 1, book=2),
        moving("unspend", "spent", "free", 1, book=2),
        moving("appropriate", "appropriation", "free", 10**15, book=2),
    ],
    errors.ForeignKeyViolation: [
        moving("pay", "available", "paid", 1),
        moving("gift", "clause", "paid", 1),
        moving("spend", "free", "spent", 1, book=2),
        # the moves of one kind of book in another
        moving("appropriate", "appropriation", "free", 1),
        moving("accrue", "available", "accrued", 1, book=2),
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
        INDICATOR,
        INDICATOR + "ON CONFLICT DO NOTHING",
        "INSERT INTO cost_books (reconciliation_id) VALUES (1)",
        "INSERT INTO cost_books (reconciliation_id) VALUES (1) ON CONFLICT DO NOTHING",
    ],
}


def contents(owner: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        t: owner.execute(f"SELECT * FROM {t} ORDER BY 1, 2".encode()).fetchall() for t in TABLES
    }


@pytest.mark.parametrize("error", ATTACKS, ids=lambda error: error.__name__)
def test_every_attack_is_refused_and_changes_nothing(
    database: Database, owner: psycopg.Connection, book: int, error: type[psycopg.Error]
) -> None:
    before = contents(owner)
    for attack in ATTACKS[error]:
        assert (attack, attempt(database, attack)) == (attack, error)
        assert contents(owner) == before, attack
    assert audit(owner) == []


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


def test_every_trigger_looks_temporary_tables_up_last(owner: psycopg.Connection) -> None:
    """Whoever calls a function chooses where names are looked up, unless the function says it."""
    careless = owner.execute(
        "SELECT proname FROM pg_proc JOIN pg_language l ON l.oid = prolang"
        " WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql'"
        " AND NOT 'search_path=pg_catalog, public, pg_temp' = ANY (coalesce(proconfig, '{}'))"
    ).fetchall()
    assert careless == []
