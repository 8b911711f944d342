"""Spread the large tables over the workers of a Citus cluster, once; Citus itself is the city's.

What is missing is told all at once, before anything is changed. Each table is spread in a step of
its own, so whoever is stopped in the middle goes on later. Only names and functions that Citus has
had since its version 11 are used.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from ledger.errors import Finding, Unusable
from ledger.postgres.database import UPGRADE_LOCK, Database, check_revision

CITUS = "citus"  # where something of the cluster as a whole, or of its coordinator, is missing
SERVER = "suanquan"  # the application name of servers (`Database.engine`)

_IS_CITUS = "SELECT to_regprocedure('citus_version()') IS NOT NULL"
_IS_COORDINATOR = "SELECT groupid = 0 FROM pg_dist_local_group"
_WORKERS = """
    SELECT count(*) FROM pg_dist_node
    WHERE groupid <> 0 AND noderole = 'primary' AND isactive AND shouldhaveshards
"""
_LOGINS = (
    "SELECT array_agg(rolname::text) FROM pg_roles WHERE rolcanlogin AND rolname = ANY(:roles)"
)
_LOGINS_THERE = """
    SELECT nodename || ':' || nodeport AS node, success, result
    FROM run_command_on_workers(:command) ORDER BY node
"""
_LOGINS_COMMAND = sql.SQL("""
    SELECT coalesce(string_agg(rolname, ' '), '') FROM pg_roles
    WHERE rolcanlogin AND rolname IN ({})
""")
_SERVERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = :name AND pid <> pg_backend_pid()
"""
_SPREAD = """
    SELECT c.relname, column_to_column_name(p.logicalrelid, p.partkey)
    FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
    WHERE p.partmethod = 'h' AND c.relnamespace = 'public'::regnamespace
"""
# The lock under which things are packed (08_windows).
_PACKING = "SELECT pg_advisory_xact_lock_shared(hashtextextended('suanquan.pack', 0))"
_LEFT = """
    SELECT coalesce(sum(pg_relation_size(relid)), 0) FROM (
        SELECT CAST(:name AS regclass) AS relid UNION
        SELECT relid FROM pg_partition_tree(CAST(:name AS regclass))) part
"""


def lacks(connection: sa.Connection, database: Database, large: Mapping[str, str]) -> list[Finding]:
    """Return what is missing before these tables can be spread; `where` is the node or table."""
    if not connection.scalar(sa.text(_IS_CITUS)):
        return [Finding(CITUS, "citus_absent")]
    if not connection.scalar(sa.text(_IS_COORDINATOR)):
        return [Finding(CITUS, "citus_worker")]
    faults = []
    if not connection.scalar(sa.text(_WORKERS)):
        faults.append(Finding(CITUS, "citus_alone"))
    servers = connection.scalar(sa.text(_SERVERS), {"name": SERVER})
    if servers:
        faults.append(Finding(CITUS, "citus_servers", _words(count=servers)))
    faults += _missing_logins(connection, database)
    user = _login_of_application(database)
    if user != database.app_role:
        faults.append(
            Finding(CITUS, "citus_other_login", _words(user=user, role=database.app_role))
        )
    columns = spread_tables(connection)
    return faults + [
        Finding(table, "citus_other_column", _words(have=columns[table], want=column))
        for table, column in large.items()
        if columns.get(table, column) != column
    ]


def _words(**params: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in params.items())


def _missing_logins(connection: sa.Connection, database: Database) -> list[Finding]:
    """Return where a login is missing: workers are entered as who asks, owner or application."""
    roles = sorted({str(connection.scalar(sa.text("SELECT current_user"))), database.app_role})
    logins_here = connection.scalar(sa.text(_LOGINS), {"roles": roles}) or []
    faults = [
        Finding(CITUS, "citus_login", _words(role=role))
        for role in roles
        if role not in logins_here
    ]
    command = _LOGINS_COMMAND.format(sql.SQL(", ").join(map(sql.Literal, roles))).as_string()
    for node, success, result in connection.execute(sa.text(_LOGINS_THERE), {"command": command}):
        if not success:
            faults.append(Finding(node, "citus_silent", _words(detail=result)))
            continue
        logins_there = result.split()
        faults += [
            Finding(node, "citus_login", _words(role=role))
            for role in roles
            if role not in logins_there
        ]
    return faults


def _login_of_application(database: Database) -> str:
    with _application(database) as connection:
        return str(connection.scalar(sa.text("SELECT session_user")))


@contextmanager
def _application(database: Database) -> Iterator[sa.Connection]:
    """Connect as the application, and not be taken for a server meanwhile."""
    engine = database.engine(pool_size=1)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET application_name = 'suanquan distribute'")
            yield connection
    finally:
        engine.dispose()


def spread_tables(connection: sa.Connection) -> dict[str, str]:
    """Return the tables that are spread, each with its column; none, where there is no Citus."""
    if not connection.scalar(sa.text(_IS_CITUS)):
        return {}
    return {str(name): str(column) for name, column in connection.execute(sa.text(_SPREAD))}


@contextmanager
def hold_packing(engine: sa.Engine) -> Iterator[None]:
    """Where tables are spread, let nothing be packed; begin before the snapshot that is read.

    Machines share no snapshot: what is packed meanwhile would be read in neither form, or in both.
    """
    with engine.connect() as connection:
        if spread_tables(connection):
            connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(sa.text(_PACKING))
        yield


def statements(connection: sa.Connection, large: Mapping[str, str]) -> list[str]:
    """Return what is still to be done, in order: tables of one column lie together.

    A table's rows here are emptied once they are on the workers: they would be read no more.
    """
    columns = spread_tables(connection)
    todo, first = [], dict[str, str]()
    for table, column in large.items():
        beside = first.setdefault(column, table)
        name = f"public.{table}"
        if table not in columns:
            together = "none" if beside == table else f"public.{beside}"
            todo.append(
                f"SELECT create_distributed_table('{name}', '{column}',"
                f" colocate_with => '{together}')"
            )
        if table not in columns or connection.scalar(sa.text(_LEFT), {"name": name}):
            todo.append(f"SELECT truncate_local_data_after_distributing_table('{name}')")
    return todo


@contextmanager
def alone(database: Database) -> Iterator[sa.Connection]:
    """Connect as owner, without a time limit and without a transaction, while nobody upgrades.

    Raises:
        Unusable: the schema is not this program's, or another upgrade is under way.
    """
    engine = database.owner_engine()
    check_revision(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        if not connection.scalar(
            sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": UPGRADE_LOCK}
        ):
            raise Unusable("spread_busy")
        yield connection


def spread(connection: sa.Connection, todo: Sequence[str]) -> Iterator[str]:
    """Carry out these statements one by one; yield each when it is done.

    Raises:
        Unusable: Citus refused one; those before it stand.
    """
    for statement in todo:
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            raise Unusable("spread_refused", statement=statement, detail=error.orig) from error
        yield statement


def try_as_application(database: Database, tables: Sequence[str]) -> None:
    """Read each table as the application does.

    Raises:
        Unusable: it does not come through to the workers.
    """
    try:
        with _application(database) as connection:
            for table in tables:
                connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1")
    except DBAPIError as error:
        raise Unusable("spread_unread", role=database.app_role, detail=error.orig) from error
