"""Connections to one host or several, and through a pooler that gives each transaction another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ledger.errors import Unusable
from ledger.postgres.connections import PATIENCE, Unconfirmed, address, connect_engine
from ledger.postgres.database import APP_LIMITS, Database, check_revision
from tests.support.postgres import Server
from tests.support.processes import until
from tests.support.servers.pgbouncer import pooler

LIMITS = f"SELECT name, setting FROM pg_settings WHERE name IN {tuple(APP_LIMITS)}"


@pytest.fixture
def through(database: Database) -> Iterator[Database]:
    with pooler(database) as through:
        yield through


def scalar(connection: sa.Connection, statement: str) -> Any:
    return connection.execute(sa.text(statement)).scalar_one()


def test_each_transaction_through_a_pooler_has_our_role_and_limits(through: Database) -> None:
    engine = through.engine()
    check_revision(engine)
    for _ in range(5):
        with engine.connect() as first, engine.connect() as second:
            for connection in (first, second):
                rows = connection.execute(sa.text(LIMITS)).all()
                assert {name: int(value) for name, value in rows} == APP_LIMITS
                assert scalar(connection, "SHOW timezone") == "UTC"
                assert scalar(connection, "SHOW jit") == "off"
                assert scalar(connection, "SELECT current_user") == through.app_role
    with engine.connect() as connection:  # and so has the one after an error
        with pytest.raises(sa.exc.ProgrammingError):
            scalar(connection, "SELECT nothing")
        connection.rollback()
        assert scalar(connection, "SHOW lock_timeout") == "10s"
    with psycopg.connect(through.app_url) as bare:  # nothing of it stays for others
        assert bare.execute("SHOW lock_timeout").fetchone() == ("0",)
    engine.dispose()


def test_a_pooler_that_was_not_named_as_one_is_told(through: Database) -> None:
    database = Database(through.owner_url, through.app_url)
    with pytest.raises(Unusable, match="pooled"):
        check_revision(database.engine())


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (
            "postgresql+psycopg://me:a%40b@one:5433,two/books?target_session_attrs=read-write",
            {"user": "me", "password": "a@b", "host": "one,two", "port": "5433,",
             "dbname": "books", "target_session_attrs": "read-write"},
        ),
        ("postgres:///books?host=/a,/b", {"dbname": "books", "host": "/a,/b"}),
    ],
)  # fmt: skip
def test_a_url_may_name_several_hosts(url: str, parts: dict[str, str]) -> None:
    assert address(url) == parts
    engine = connect_engine(url, "test", {})
    assert "a@b" not in str(engine.url)


def test_of_several_hosts_the_one_that_answers_is_taken(database: Database, tmp_path: Path) -> None:
    here = sa.make_url(database.app_url)
    hosts = f"{tmp_path},{here.query['host']}"
    url = here.set(query={"host": hosts, "target_session_attrs": "read-write"})
    engine = Database("", url.render_as_string(hide_password=False)).engine()
    check_revision(engine)
    with engine.connect() as connection:
        assert connection.connection.driver_connection.info.host == here.query["host"]  # type: ignore[union-attr]
    engine.dispose()
    assert PATIENCE["connect_timeout"] == "5"  # for a host that does not even refuse


@pytest.mark.parametrize("url", ["postgresql://[::1", "postgresql://x/y?nonsense=1"])
def test_what_is_no_url_of_postgresql_is_told(url: str) -> None:
    with pytest.raises(Unusable, match="database_url"):
        address(url)


@pytest.fixture
def lonely(postgres: Server, database: Database) -> Iterator[Database]:
    """A database whose server waits for a standby that is not there; others do not wait."""
    postgres.admin("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    postgres.admin("SELECT pg_reload_conf()")
    url = sa.make_url(database.app_url)
    url = url.update_query_dict({"options": "-csynchronous_commit=on"})
    yield Database(database.owner_url, url.render_as_string(hide_password=False))
    postgres.admin("ALTER SYSTEM RESET synchronous_standby_names")
    postgres.admin("SELECT pg_reload_conf()")


def test_a_commit_waits_for_the_standby_and_who_ends_the_wait_hears_of_it(
    lonely: Database, owner: psycopg.Connection, postgres: Server
) -> None:
    owner.execute("CREATE TABLE kept (n int)")
    owner.execute(f"GRANT INSERT, SELECT ON kept TO {lonely.app_role}")
    engine = lonely.engine()

    def write() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL statement_timeout = 100"))
            connection.execute(sa.text("INSERT INTO kept VALUES (1)"))

    waits = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with (
        psycopg.connect(postgres.embedded.admin_url, autocommit=True) as admin,
        ThreadPoolExecutor(1) as threads,
    ):
        writing = threads.submit(write)
        (pid,) = until("a commit that waits", lambda: admin.execute(waits).fetchone())
        admin.execute("SELECT pg_sleep(0.2)")  # beyond the time limit
        assert admin.execute(waits).fetchone() == (pid,)
        assert owner.execute("TABLE kept").fetchall() == []  # nobody sees it before
        admin.execute("SELECT pg_cancel_backend(%s)", (pid,))
        with pytest.raises(sa.exc.OperationalError) as refusal:
            writing.result(60)
    assert isinstance(refusal.value.orig, Unconfirmed)
    engine.dispose()
