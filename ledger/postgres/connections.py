"""How the program's connections to PostgreSQL are made: to one host or several, pooled or not.

A URL is libpq's: it may name several hosts, of which `target_session_attrs=read-write` finds the
one that is the primary now. A host that has died without a word is noticed within half a minute.

Role and time limits are start-up settings of a connection, so that a rollback or RESET falls back
to them, not past them. Through a pooler in transaction mode (PgBouncer) a connection is another one
for each transaction, and start-up settings are refused: there each transaction begins with them.
Nothing else is kept in a session: no prepared statement, no temporary table, no session's lock, no
LISTEN.

A COMMIT waits for the synchronous standby for as long as it takes. A time limit there would not
undo what was written: PostgreSQL ends the wait, warns, and the change stands on the primary alone.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import event

from ledger.errors import Unusable

_COMMIT = b"SET LOCAL statement_timeout = 0; COMMIT"
_WAIT = "SyncRepWaitForLSN"  # where PostgreSQL warns; its words depend on its language
PATIENCE: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""In seconds, the last one in milliseconds; where the URL says otherwise, that counts."""


_EVERYWHERE: Mapping[str, str] = {
    "timezone": "UTC",
    # Where PostgreSQL has it, it would compile statements for seconds that run for milliseconds.
    "jit": "off",
}


class Unconfirmed(psycopg.OperationalError):
    """It is committed here, but no standby has said that it has it."""


class Connection(psycopg.Connection[Any]):
    """A connection that reports a commit only once the standby has it, where one is wanted."""

    _unconfirmed = False

    def commit(self) -> None:
        """Commit without a time limit. Raises Unconfirmed where somebody ended the wait."""
        if self.info.transaction_status is not TransactionStatus.INTRANS:
            super().commit()
            return
        self._unconfirmed = False
        self.execute(_COMMIT, prepare=False)
        if self._unconfirmed:
            raise Unconfirmed("the wait for the synchronous standby was ended")

    def note(self, notice: psycopg.errors.Diagnostic) -> None:
        """Look at what the server says beside its answer."""
        if notice.source_function == _WAIT:
            self._unconfirmed = True


def address(url: str) -> dict[str, str]:
    """Return libpq's parameters of a URL. Raises Unusable where it is none of PostgreSQL."""
    scheme, parted, rest = url.partition("://")
    if not parted or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise Unusable("database_url", scheme=scheme if parted else "?")
    try:
        parameters = conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.ProgrammingError as error:
        raise Unusable("database_url", scheme="?") from error
    return {name: str(value) for name, value in parameters.items() if value is not None}


def connect_engine(
    url: str,
    name: str,
    settings: Mapping[str, str | int],
    *,
    is_pooled: bool = False,
    **how: Any,  # noqa: ANN401 - as SQLAlchemy takes them
) -> sa.Engine:
    """Return an engine whose connections have these settings in each transaction.

    Args:
        url: as libpq reads it.
        name: of the program, as the server's list of sessions shows it.
        settings: of PostgreSQL.
        is_pooled: whether the URL is that of a pooler in transaction mode.
        **how: further arguments for SQLAlchemy.
    """
    where = address(url)
    settings = {**_EVERYWHERE, **settings}
    parameters: dict[str, Any] = {**PATIENCE, **where, "application_name": name}
    if is_pooled:
        parameters["prepare_threshold"] = None
    else:
        parameters["options"] = _options(where.get("options", ""), settings)
    engine = sa.create_engine(_shown(where), **how)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _words: Any, given: dict[str, Any]) -> Connection:  # noqa: ANN401
        connection = Connection.connect(**parameters, context=given.get("context"))
        connection.add_notice_handler(connection.note)
        return connection

    if is_pooled:
        _begin_with(engine, settings)
    return engine


def _shown(where: Mapping[str, str]) -> sa.URL:
    """The address as messages show it: one host as it is written, several as libpq has them."""
    host, port = where.get("host", ""), where.get("port", "")
    is_one = bool(host) and not host.startswith("/") and port.isdecimal() and "," not in host
    in_place = {"user", "password", "dbname"} | ({"host", "port"} if is_one else set())
    return sa.URL.create(
        "postgresql+psycopg", where.get("user"), where.get("password"),
        host if is_one else None, int(port) if is_one else None, where.get("dbname"),
        {key: value for key, value in where.items() if key not in in_place},
    )  # fmt: skip


def _options(of_url: str, settings: Mapping[str, str | int]) -> str:
    options = [of_url]
    for key, value in settings.items():
        escaped = str(value).replace("\\", "\\\\").replace(" ", "\\ ")
        options.append(f"-c {key}={escaped}")
    return " ".join(options).strip()


def _begin_with(engine: sa.Engine, settings: Mapping[str, str | int]) -> None:
    """Let each transaction begin with the settings, which end with it."""
    calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
    values = tuple(str(part) for item in settings.items() for part in item)

    @event.listens_for(engine, "begin")
    def _set(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT {calls}", values)
