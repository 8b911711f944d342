"""Connect to the database, and upgrade it.

Two roles: the *owner* creates and changes tables and does nothing else. The *application* reads,
and adds rows where the migrations allow it; every connection of the program has its rights,
whichever login it used. Statements, locks and idle transactions have time limits.

`upgrade` brings a database to the newest schema in one transaction.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ledger.errors import Unusable
from ledger.formats.working_days import known_working_days
from ledger.postgres.connections import connect_engine

APP_ROLE = "suanquan_app"
POOL = 12  # connections of one server; see `api/door/turns/layer.py`
OLDEST = 15  # the SQL of the migrations and steps keeps to what PostgreSQL 15 understands
MIGRATIONS = Path(__file__).parents[1] / "migrations"
UPGRADE_LOCK = 0x7375616E7175616E  # "suanquan": one upgrade of a database at a time

# Milliseconds. A step that needs longer says so itself, by SET LOCAL.
APP_LIMITS = {
    "statement_timeout": 60_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
}
OWNER_LIMITS = {"statement_timeout": 600_000, "lock_timeout": 600_000}
_OLDEST = sa.text("SELECT obj_description('alembic_version'::regclass, 'pg_class')")
_POOLED = "unsupported startup parameter"  # PgBouncer's word for our settings
ATTEMPTS, ATTEMPT_PAUSE_S = 5, 2.0
MIGRATION_LOCK_TIMEOUT = "5s"  # a migration that cannot have a table must not queue everyone up


@dataclass(frozen=True)
class Database:
    """A database by two URLs: the owner's and the application's."""

    owner_url: str
    app_url: str
    app_role: str = APP_ROLE
    is_pooled: bool = False
    """Whether the application's URL is that of a pooler in transaction mode."""

    def engine(self, *, pool_size: int = POOL) -> sa.Engine:
        """Return an engine with the application's rights, at most `pool_size` connections."""
        return connect_engine(
            self.app_url,
            "suanquan",
            {"role": self.app_role, **APP_LIMITS},
            is_pooled=self.is_pooled,
            pool_size=pool_size,
            max_overflow=0,
            pool_use_lifo=True,  # the connection that just answered is the warm one
            hide_parameters=True,  # an error in the log shows no values
            pool_pre_ping=True,  # a restarted server costs a reconnect, not an error
        )

    def owner_engine(self) -> sa.Engine:
        """Return an engine with the owner's rights that keeps no connection open."""
        return connect_engine(self.owner_url, "suanquan owner", OWNER_LIMITS, poolclass=NullPool)


def databases_from(url: str, owner_url: str | None, *, is_pooled: bool = False) -> Database:
    """Return the database that the settings name.

    With one URL its login migrates, and works as the application's role; with two, the
    application has a login of its own and never holds the owner's password.
    """
    return Database(owner_url=owner_url or url, app_url=url, is_pooled=is_pooled)


def upgrade(database: Database) -> str:
    """Upgrade the database to the newest schema, as owner; return its revision.

    Servers may run meanwhile. A table that one of them holds is not waited for long, so that nobody
    queues behind us; it is tried again a few times.

    Raises:
        Unusable: the server cannot be reached or is too old, the owner may not do it, someone
            holds a table, or the schema is newer than this program.
    """
    engine = database.owner_engine()
    with _refusals(engine.url):
        for attempt in range(1, ATTEMPTS):
            try:
                return _upgrade(engine, database)
            except DBAPIError as error:
                if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                    raise
            time.sleep(ATTEMPT_PAUSE_S * attempt)
        return _upgrade(engine, database)


def _upgrade(engine: sa.Engine, database: Database) -> str:
    """Upgrade in one transaction; whatever it meets, nothing or all of it is done."""
    with engine.begin() as connection:
        _refuse_old_server(connection)
        # Waits for another upgrade to end; after that nobody is waited for long.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{MIGRATION_LOCK_TIMEOUT}'"))
        _refuse_newer_schema(connection)
        ensure_app_role(connection, database)
        command.upgrade(migrations(connection, database.app_role), "head")
        write_calendar(connection)
        return _revision(connection)


def write_calendar(connection: sa.Connection) -> None:
    """Write down, as owner, which days are working days, as the program's calendar has them."""
    days = {"days": known_working_days()}
    connection.execute(sa.text("DELETE FROM working_days WHERE day <> ALL(:days)"), days)
    connection.execute(
        sa.text("INSERT INTO working_days SELECT unnest(:days) ON CONFLICT DO NOTHING"), days
    )


def mark_drill(connection: sa.Connection, *, is_drill: bool) -> None:
    """Say, as owner, that this database is a drill: then its moments are not the clock's.

    One that was a drill stays one, whatever is said later (`drill_for_good` in 60_clock.sql).
    """
    if is_drill:
        connection.execute(sa.text("INSERT INTO drill VALUES (true) ON CONFLICT DO NOTHING"))


def check_revision(engine: sa.Engine) -> None:
    """Raise Unusable unless this program may serve on the schema that the database has.

    That is its own, or a newer one which says that programs as old as this one may (`oldest` of
    its step). So servers of two versions work side by side while they are changed one by one.
    """
    want = ScriptDirectory.from_config(migrations()).get_current_head() or "-"
    with _refusals(engine.url), engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
        oldest = connection.scalar(_OLDEST) if have not in {None, want} else None
    if have is None:
        raise Unusable("no_schema")
    if have < want:
        raise Unusable("not_migrated", have=have, want=want)
    if have > want and (oldest is None or want < oldest):
        raise Unusable("schema_newer", have=have, want=want)


def migrations(connection: sa.Connection | None = None, app_role: str = APP_ROLE) -> Config:
    """Return Alembic's configuration, without an alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["app_role"] = app_role
    return config


@contextmanager
def _refusals(url: sa.URL) -> Iterator[None]:
    """Translate connection errors into Unusable; anything unforeseen passes through."""
    codes: dict[type[psycopg.Error], str] = {
        psycopg.errors.InsufficientPrivilege: "owner_may_not",
        psycopg.errors.LockNotAvailable: "database_busy",
        psycopg.errors.QueryCanceled: "database_busy",
    }
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = codes.get(type(cause))  # type: ignore[arg-type]
        if code is None and isinstance(cause, psycopg.OperationalError) and not cause.sqlstate:
            code = "unreachable"
            if _POOLED in str(cause):
                code = "pooled"
        if code is None:
            raise
        raise Unusable(code, database=str(url), detail=str(cause).strip()) from error


def _refuse_old_server(connection: sa.Connection) -> None:
    number = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
    if number // 10_000 < OLDEST:
        raise Unusable("server_too_old", have=number // 10_000, want=OLDEST)


def _refuse_newer_schema(connection: sa.Connection) -> None:
    scripts = ScriptDirectory.from_config(migrations())
    have = MigrationContext.configure(connection).get_current_revision()
    revisions = {script.revision for script in scripts.walk_revisions()}
    if have is not None and have not in revisions:
        raise Unusable("schema_newer", have=have, want=scripts.get_current_head() or "-")


def _revision(connection: sa.Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "-"


def ensure_app_role(connection: sa.Connection, database: Database) -> None:
    """Create the application's role if it is missing.

    Roles belong to the whole server, so another database's upgrade may make it at this moment.
    """
    role = sql.Identifier(database.app_role)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the only driver that we open
    raw.execute(
        sql.SQL(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN"
            " CREATE ROLE {role} NOLOGIN; END IF;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ).format(name=sql.Literal(database.app_role), role=role)
    )
    if database.app_url == database.owner_url and not may_become(raw, database.app_role):
        raw.execute(sql.SQL("GRANT {role} TO CURRENT_USER").format(role=role))


def may_become(raw: psycopg.Connection, role: str) -> bool:
    """Return whether a connection may SET ROLE to this one."""
    # PostgreSQL 16 parted «is a member» from «may SET ROLE»; a superuser may always.
    right = "SET" if raw.info.server_version >= 160_000 else "MEMBER"  # noqa: PLR2004
    row = raw.execute("SELECT pg_has_role(current_user, %s, %s)", (role, right)).fetchone()
    return bool(row and row[0])
