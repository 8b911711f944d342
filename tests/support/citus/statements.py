"""The statements that PostgreSQL really ran in the databases of the tests, by pg_stat_statements.

Those inside functions too. What tests say themselves, as the owner of the database or as its
administrator, does not count, nor what makes tables.
"""

import psycopg

from ledger.metering.rules.large_tables import LARGE_TABLES
from ledger.postgres.database import APP_ROLE
from tests.support.citus.form import faults

WATCHED = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "pg_stat_statements.max": "10000",
}
"""Settings of a server whose statements are looked at."""

_RAN = r"""
    SELECT DISTINCT query FROM pg_stat_statements
    WHERE query ~ %s AND (NOT toplevel OR userid = %s::regrole)
        AND query !~* '^\s*(alter|comment|create|drop|grant|revoke)\y'
"""


def watch(admin: psycopg.Connection) -> None:
    """Let a server with the settings above say which statements it ran."""
    admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def statements_of(admin: psycopg.Connection) -> list[str]:
    """The statements that name a large table, of all databases, since they were forgotten."""
    names = rf"\y({'|'.join(LARGE_TABLES)})\y"
    return [query for (query,) in admin.execute(_RAN, (names, APP_ROLE))]


def forget(admin: psycopg.Connection) -> None:
    """Begin anew."""
    admin.execute("SELECT pg_stat_statements_reset()")


def own_functions(connection: psycopg.Connection) -> frozenset[str]:
    """The names of the functions of a migrated database."""
    rows = connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    return frozenset(name for (name,) in rows)


def name_faulty(statements: list[str], functions: frozenset[str]) -> list[str]:
    """Those that do not keep to the form, each with what is wrong with it."""
    return [
        f"{'; '.join(wrong)}: {' '.join(sql.split())}"
        for sql in statements
        if (wrong := faults(sql, LARGE_TABLES, functions))
    ]
