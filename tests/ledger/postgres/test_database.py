"""Reaching a database with the right rights, and bringing it to the newest schema."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ledger import migrations
from ledger.errors import Unusable
from ledger.postgres import database as db
from ledger.postgres.database import Database, check_revision, databases_from, upgrade
from tests.support.postgres import Server

UPGRADE = (
    "import sys; from ledger.postgres.database import *; print(upgrade(Database(*sys.argv[1:])))"
)


# What an owner of another name says is no statement of the application (tests/support/citus).
_FORGET = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') THEN
            PERFORM pg_stat_statements_reset('{role}'::regrole);
        END IF;
    END $$
"""


@pytest.fixture
def empty(postgres: Server) -> Iterator[Database]:
    """A database that nobody has migrated."""
    name = f"empty_{next(postgres.numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def lone_owner(postgres: Server) -> Iterator[str]:
    """The URL of an owner as a hoster gives one: may make roles, is no superuser."""
    number = next(postgres.numbers)
    role, password, name = f"hosted_{number}", f"secret_{number}", f"hosted_db_{number}"
    postgres.admin(
        f"CREATE ROLE {role} LOGIN CREATEROLE PASSWORD '{password}'",
        f"CREATE DATABASE {name} OWNER {role}",
    )
    url = sa.make_url(postgres.embedded.admin_url)
    url = url.set(username=role, password=password, database=name)
    yield url.render_as_string(hide_password=False)
    postgres.admin(
        f"DROP DATABASE {name} WITH (FORCE)",
        _FORGET.format(role=role),
        f"DROP ROLE IF EXISTS made_{number}",
        f"DROP ROLE {role}",
    )


def rows(engine: sa.Engine, statement: str) -> Any:
    with engine.begin() as connection:
        return connection.execute(sa.text(statement)).all()


def test_upgrade_brings_an_empty_database_to_the_newest_schema(empty: Database) -> None:
    engine = empty.engine()
    with pytest.raises(Unusable) as refusal:
        check_revision(engine)
    upgrade(empty)
    check_revision(engine)
    engine.dispose()
    assert refusal.value.code == "no_schema"


def test_a_second_upgrade_changes_nothing(database: Database, owner: psycopg.Connection) -> None:
    count = "SELECT count(*), max(oid) FROM pg_class"
    before = owner.execute(count).fetchall()
    revision = upgrade(database)
    assert owner.execute(count).fetchall() == before
    assert owner.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]


def test_two_upgrades_at_once_both_end_well(empty: Database) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, empty.owner_url, empty.app_url],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    texts = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert texts == [upgrade(empty)] * 2


def test_an_upgrade_that_fails_leaves_nothing(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "migrations"
    shutil.copytree(db.MIGRATIONS, copy)
    (copy / "versions/9999_broken.py").write_text(
        "from alembic import op\nrevision = '9999'\ndown_revision = '0001'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (x int)')\n    op.execute('SELECT 1/0')\n"
    )
    monkeypatch.setattr(db, "MIGRATIONS", copy)
    with pytest.raises(sa.exc.DataError, match="division by zero"):
        upgrade(empty)
    engine = empty.owner_engine()
    assert (
        rows(engine, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        == []
    )


def test_a_schema_of_a_later_program_is_refused(
    database: Database, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE alembic_version SET version_num = '2042'")
    with pytest.raises(Unusable) as refusal:
        upgrade(database)
    assert refusal.value.code == "schema_newer"
    assert refusal.value.params["have"] == "2042"


def test_an_old_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "OLDEST", 99)
    with pytest.raises(Unusable) as refusal:
        upgrade(database)
    assert refusal.value.code == "server_too_old"
    assert refusal.value.params["want"] == 99


def test_an_upgrade_does_not_queue_behind_a_busy_table(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "MIGRATION_LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(db, "ATTEMPT_PAUSE_S", 0)
    with owner.transaction():
        owner.execute("LOCK TABLE alembic_version")
        with pytest.raises(Unusable, match="database_busy"):
            upgrade(database)


def test_who_owns_nothing_cannot_upgrade(empty: Database) -> None:
    with pytest.raises(Unusable, match=r"owner_may_not.*permission denied"):
        upgrade(Database(owner_url=empty.app_url, app_url=empty.app_url))


def test_a_server_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    url = f"postgresql://me:hushhush@/suanquan?host={tmp_path}"
    database = databases_from(url, None)
    for act in (lambda: upgrade(database), lambda: check_revision(database.engine())):
        with pytest.raises(Unusable, match="unreachable") as refusal:
            act()
        assert str(tmp_path) in str(refusal.value)
        assert "hushhush" not in str(refusal.value)


def test_a_wrong_password_is_one_clear_error(empty: Database) -> None:
    wrong = empty.owner_url.replace("suanquan_owner:", "suanquan_owner:not")
    with pytest.raises(Unusable, match=r"unreachable.*password authentication failed"):
        upgrade(databases_from(wrong, None))


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite:///x.db", "no url at all"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(Unusable, match="database_url"):
        databases_from(url, None).engine()


def test_the_application_works_with_its_own_login(engine: sa.Engine) -> None:
    assert rows(engine, "SELECT session_user, current_user") == [("suanquan_app", "suanquan_app")]
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        rows(engine, "CREATE TABLE mine (x int)")
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        rows(engine, "SET ROLE suanquan_owner")


def test_every_wait_has_its_limit(engine: sa.Engine) -> None:
    names = "'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'"
    limits = rows(engine, f"SELECT name, setting FROM pg_settings WHERE name IN ({names})")
    assert {name: int(value) for name, value in limits} == db.APP_LIMITS
    assert rows(engine, "SHOW timezone") == [("UTC",)]
    assert rows(engine, "SHOW jit") == [("off",)]


def test_one_url_serves_owner_and_application(lone_owner: str) -> None:
    role = "made_" + lone_owner.rpartition("_")[2].partition("?")[0]
    database = Database(lone_owner, lone_owner, app_role=role)
    assert upgrade(database) == upgrade(database)
    engine = database.engine()
    check_revision(engine)
    for back_door in ("SELECT 1", "RESET ROLE", "DISCARD ALL"):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(back_door))
            assert connection.execute(sa.text("SELECT current_user")).scalar_one() == role
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                connection.execute(sa.text("CREATE TABLE mine (x int)"))
    engine.dispose()


def test_one_url_or_two() -> None:
    assert databases_from("postgresql:///x", None) == Database("postgresql:///x", "postgresql:///x")
    assert databases_from("postgresql://app/x", "postgresql://own/x") == Database(
        owner_url="postgresql://own/x", app_url="postgresql://app/x"
    )


def test_options_of_the_url_are_kept(database: Database) -> None:
    with_options = database.app_url + "&options=-c%20work_mem%3D7MB"
    engine = Database(database.owner_url, with_options).engine()
    assert rows(engine, "SHOW work_mem") == [("7MB",)]
    assert rows(engine, "SHOW lock_timeout") == [("10s",)]
    engine.dispose()


def test_a_restarted_server_costs_no_error(engine: sa.Engine, postgres: Server) -> None:
    assert rows(engine, "SELECT 1") == [(1,)]
    postgres.admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%app'"
    )
    assert rows(engine, "SELECT 1") == [(1,)]


def test_sql_files_run_as_they_stand(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.sql").write_text(
        "CREATE FUNCTION odd(n int) RETURNS text LANGUAGE plpgsql AS $$\n"
        "DECLARE r int; BEGIN r := n % 3; RETURN format('%s', r); END $$;\n"
        "REVOKE ALL ON FUNCTION odd FROM PUBLIC;\n"
        "GRANT EXECUTE ON FUNCTION odd TO :app_role;\n"
        "DO $$ BEGIN EXECUTE 'CREATE VIEW seen AS SELECT ''x''::app_role_kind'; END $$;\n"
    )
    copy = tmp_path / "migrations"
    shutil.copytree(db.MIGRATIONS, copy)
    (copy / "versions/9999_odd.py").write_text(
        "from alembic import op\nfrom ledger.migrations import run_sql\n"
        "revision = '9999'\ndown_revision = oldest = '0001'\n"
        "def upgrade():\n"
        "    op.execute('CREATE DOMAIN app_role_kind AS text')\n    run_sql('odd.sql')\n"
    )
    monkeypatch.setattr(db, "MIGRATIONS", copy)
    monkeypatch.setattr(migrations, "SQL", tmp_path)
    upgrade(database)
    engine = database.engine()
    assert rows(engine, "SELECT odd(8)") == [("2",)]
    engine.dispose()
