"""Each guarantee is proved on any database; a mechanism that is absent is named, and it alone."""

from dataclasses import replace

import psycopg
import pytest

from ledger.errors import Unusable
from ledger.postgres.codes import Guarantee, MechanismKind, Outcome
from ledger.postgres.database import APP_ROLE, Database
from ledger.postgres.guarantees.attempts import Attempt, attempts
from ledger.postgres.guarantees.catalogue import find_lacks
from ledger.postgres.guarantees.check import Proof, check, outcome_of
from ledger.postgres.guarantees.mechanisms import Mechanism, making
from tests.support.people import promote
from tests.support.postgres import Server
from tests.support.town import Town

TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1
"""


def rows(owner: psycopg.Connection) -> dict[str, object]:
    """How many rows each table has, and the last number of a posting."""
    names = [name for (name,) in owner.execute(TABLES.encode()).fetchall()]
    counts: dict[str, object] = {
        n: owner.execute(f"SELECT count(*) FROM {n}".encode()).fetchone() for n in names
    }
    return counts | {"last": owner.execute("SELECT last FROM numbering").fetchone()}


def unheld(findings: list[Proof]) -> list[Proof]:
    return [f for f in findings if f.outcome in (Outcome.BROKEN, Outcome.UNTRIED)]


def drop(mechanism: Mechanism, returns: str = "void") -> str:
    """The SQL that takes a mechanism away, as an owner might."""
    table, name = mechanism.table, mechanism.name
    return {
        MechanismKind.TRIGGER: f"DROP TRIGGER {name} ON {table};",
        MechanismKind.CONSTRAINT: f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE;",
        MechanismKind.INDEX: f"DROP INDEX {name};",
        MechanismKind.RIGHT: f"GRANT {name} ON {table} TO {APP_ROLE};",
        MechanismKind.FUNCTION: f"""
            CREATE OR REPLACE FUNCTION {name} RETURNS {returns} LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN END $$;""",
    }[mechanism.kind]


@pytest.fixture
def real(owner: psycopg.Connection) -> None:
    """No drill: what a drill is let off holds too."""
    promote(owner)


def test_an_empty_database_holds_all_of_it(database: Database, real: None) -> None:
    findings = check(database)
    assert unheld(findings) == []
    assert {f.outcome for f in findings} == {Outcome.HELD}
    assert {f.guarantee for f in findings} == set(Guarantee)


def test_nothing_is_left_of_it(
    database: Database, owner: psycopg.Connection, metered_town: Town
) -> None:
    """Not on a database in use either; of the sequences only those of keys move on."""
    owner.execute(  # else everybody may act, and two have always decided
        "DROP FUNCTION give_token, true_digest, give_payable, give_opening, give_version CASCADE"
    )
    before = rows(owner)
    findings = check(database)
    assert unheld(findings) == []
    assert Outcome.NOT_HERE in {f.outcome for f in findings}  # it is a drill
    assert rows(owner) == before


def test_each_mechanism_that_is_tried_is_named_where_it_is_gone(
    database: Database, real: None
) -> None:
    """One by one: every attempt on it gets through, and what is beside it on its table holds."""
    wrong = []
    with psycopg.connect(database.owner_url) as raw:
        for removal in sorted({a.mechanism for a in attempts()}):
            for attempt in attempts():
                if attempt.mechanism.table == removal.table:
                    outcome = try_without(raw, removal, attempt)
                    if outcome is not (
                        Outcome.BROKEN if attempt.mechanism == removal else Outcome.HELD
                    ):
                        wrong.append((removal, attempt.mechanism, outcome))
    assert wrong == []


def try_without(raw: psycopg.Connection, removal: Mechanism, attempt: Attempt) -> Outcome:
    """What comes of it where a mechanism is taken away before, in the same transaction."""
    outcome, _ = outcome_of(raw, replace(attempt, scene=drop(removal) + attempt.scene), APP_ROLE)
    return outcome


def test_what_is_not_as_it_was_made_is_named(database: Database) -> None:
    """All triggers, constraints and unique indexes taken away at once, and each of them is told."""
    mechanisms = {m for m in making().texts if m.kind is not MechanismKind.FUNCTION}
    constraints_of_keys = {
        m for m in mechanisms if m.kind is MechanismKind.INDEX or "FOREIGN" in making().texts[m]
    }
    with database.owner_engine().connect() as connection:
        assert find_lacks(connection) == []
        for mechanism in sorted(mechanisms, key=lambda m: (m not in constraints_of_keys, m)):
            connection.exec_driver_sql(drop(mechanism))
        assert set(find_lacks(connection)) == mechanisms


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        ("ALTER TABLE events DISABLE TRIGGER stays", "trigger", "stays"),
        ("GRANT UPDATE ON entries TO suanquan_app", "right", "UPDATE"),
        ("GRANT UPDATE (amount) ON entries TO suanquan_app", "right", "UPDATE (amount)"),
        ("GRANT DELETE ON postings TO PUBLIC", "right", "DELETE"),
        ("GRANT EXECUTE ON FUNCTION post_movements() TO suanquan_app", "right", "EXECUTE"),
        ("ALTER FUNCTION keep_once() SECURITY DEFINER", "function", "keep_once()"),
        ("ALTER FUNCTION keep_once() RESET ALL", "function", "keep_once()"),
        ("ALTER FUNCTION keep_once() RENAME TO elsewhere", "function", "keep_once()"),
        (drop(Mechanism(MechanismKind.FUNCTION, "", "keep_once()"), "trigger"), "function",
         "keep_once()"),
    ],
)  # fmt: skip
def test_each_way_to_take_a_guarantee_away_is_named(
    database: Database, change: str, kind: str, name: str
) -> None:
    with database.owner_engine().connect() as connection:
        connection.exec_driver_sql(change)
        assert {(lack.kind, lack.name) for lack in find_lacks(connection)} >= {(kind, name)}


def test_another_schema_than_this_programs_is_not_compared(
    database: Database, owner: psycopg.Connection
) -> None:
    owner.execute("DROP TRIGGER stays ON events")
    owner.execute("UPDATE alembic_version SET version_num = '9999'")
    with database.owner_engine().connect() as connection:
        assert find_lacks(connection) == []


def test_an_owner_who_is_not_the_application_says_what_to_grant(
    postgres: Server, database: Database
) -> None:
    postgres.admin("REVOKE suanquan_app FROM suanquan_owner")
    try:
        with pytest.raises(Unusable) as caught:
            check(database)
    finally:
        postgres.admin("GRANT suanquan_app TO suanquan_owner")
    assert caught.value.code == "check_needs_role"
