"""The large tables are spread once, in order; what is missing for it is told at once, in words.

Citus itself is not here: see `tests/support/citus/stand_in.py`, which is simulated.
"""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa

from ledger.errors import Unusable
from ledger.metering.rules.large_tables import LARGE_TABLES
from ledger.postgres import citus
from ledger.postgres.database import APP_LIMITS, OWNER_LIMITS, Database
from tests.support.citus.stand_in import stand_in


@pytest.fixture
def connection(database: Database) -> Iterator[sa.Connection]:
    with citus.alone(database) as connection:
        yield connection


def codes(connection: sa.Connection, database: Database) -> dict[str, str]:
    return {f.code: f.where for f in citus.lacks(connection, database, LARGE_TABLES)}


def test_on_a_plain_postgresql_citus_is_missing(
    database: Database, connection: sa.Connection
) -> None:
    assert codes(connection, database) == {"citus_absent": "citus"}
    assert citus.spread_tables(connection) == {}


def test_a_worker_spreads_nothing(
    database: Database, owner: psycopg.Connection, connection: sa.Connection
) -> None:
    stand_in(owner)
    owner.execute("UPDATE pg_dist_local_group SET groupid = 1")
    assert codes(connection, database) == {"citus_worker": "citus"}


def test_what_is_missing_is_told_at_once(
    database: Database, owner: psycopg.Connection, connection: sa.Connection
) -> None:
    stand_in(owner, ["silent"])
    owner.execute("UPDATE pg_dist_node SET isactive = false")
    owner.execute("INSERT INTO pg_dist_node VALUES ('roleless', 5432, 2, 'primary', false)")
    owner.execute("INSERT INTO pg_dist_partition VALUES ('window_hours', 'h', 'stream', 'none')")
    with psycopg.connect(database.app_url, application_name="suanquan"):
        faults = codes(connection, database)
    assert faults == {
        "citus_alone": "citus",
        "citus_servers": "citus",
        "citus_silent": "silent:5432",
        "citus_login": "roleless:5432",
        "citus_other_column": "window_hours",
    }


def test_the_application_has_a_login_of_its_own(
    database: Database, owner: psycopg.Connection, connection: sa.Connection
) -> None:
    stand_in(owner)
    faults = codes(connection, replace(database, app_url=database.owner_url, app_role="none"))
    assert faults["citus_other_login"] == "citus"


def test_a_table_is_spread_once_and_those_of_one_column_lie_together(
    database: Database, owner: psycopg.Connection, connection: sa.Connection
) -> None:
    stand_in(owner)
    owner.execute("CREATE TABLE more (gpu text PRIMARY KEY)")
    owner.execute("CREATE TABLE runs (stream uuid PRIMARY KEY)")
    large = {"window_hours": "gpu", "more": "gpu", "runs": "stream"}
    todo = citus.statements(connection, large)
    assert list(citus.spread(connection, todo[:2])) == todo[:2]  # stopped in the middle
    rest = citus.statements(connection, large)
    assert rest == todo[2:]
    assert list(citus.spread(connection, rest)) == rest
    assert owner.execute(
        "SELECT logicalrelid::text, partkey, together FROM pg_dist_partition"
    ).fetchall() == [
        ("window_hours", "gpu", "none"),
        ("more", "gpu", "public.window_hours"),
        ("runs", "stream", "none"),
    ]
    assert citus.statements(connection, large) == []
    assert citus.lacks(connection, database, large) == []
    assert owner.execute("SELECT count(*) FROM emptied").fetchone() == (3,)


def test_what_citus_refuses_is_told_with_the_statement(
    owner: psycopg.Connection, connection: sa.Connection
) -> None:
    stand_in(owner)
    todo = citus.statements(connection, {"batches": "stream"})  # it has triggers
    with pytest.raises(Unusable, match=r"batches.*triggers") as refusal:
        list(citus.spread(connection, todo))
    assert refusal.value.code == "spread_refused"


def test_the_application_reads_what_is_spread_or_it_is_told(
    database: Database, owner: psycopg.Connection
) -> None:
    citus.try_as_application(database, list(LARGE_TABLES))
    owner.execute("CREATE TABLE hidden ()")
    with pytest.raises(Unusable) as refusal:
        citus.try_as_application(database, ["hidden"])
    assert refusal.value.code == "spread_unread"


def test_nobody_spreads_during_an_upgrade(database: Database, connection: sa.Connection) -> None:
    with pytest.raises(Unusable) as refusal, citus.alone(database):
        pass
    assert refusal.value.code == "spread_busy"


def test_nothing_is_packed_while_a_backup_reads_what_is_spread(
    database: Database, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    pack = sa.text("SELECT pack_windows('{g}', '2026-03-01 00:00+00')")
    stand_in(owner)
    with citus.hold_packing(engine), engine.begin() as packer:
        packer.execute(pack)
    owner.execute("INSERT INTO pg_dist_partition VALUES ('window_hours', 'h', 'gpu', 'none')")
    with citus.hold_packing(engine), engine.connect() as packer:
        packer.execute(sa.text("SET LOCAL lock_timeout = '20ms'"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            packer.execute(pack)


def test_a_statement_always_has_a_time_limit() -> None:
    """On a worker it alone ends a wait: `lock_timeout` does not."""
    assert 0 < APP_LIMITS["statement_timeout"] <= 60_000
    assert OWNER_LIMITS["statement_timeout"] > 0
