"""What stands on several machines is asked for in forms that Citus answers."""

import psycopg
import pytest

from ledger.metering.rules.large_tables import LARGE_TABLES
from ledger.postgres.database import Database
from tests.support.citus.form import faults
from tests.support.citus.statements import name_faulty, own_functions

TABLES = {"hours": "gpu"}
OWN = {"kept"}

REFUSED = {
    "SELECT FROM hours h JOIN gpus g USING (gpu) WHERE gpu = $1": "touches gpus, hours",
    "SELECT FROM hours WHERE gpu = $1 FOR UPDATE": "locks",
    "SELECT FROM hours WHERE gpu IN (SELECT gpu FROM gpus)": "touches gpus, hours",
    "SELECT FROM hours WHERE hour = $1": "which gpu",
    "SELECT FROM hours WHERE gpu = $1 OR hour = $2": "which gpu",
    "SELECT FROM hours h, unnest(h.minutes) WHERE gpu = $1": "joins",
    "SELECT FROM hours h CROSS JOIN LATERAL unnest(h.minutes) m WHERE gpu = $1": "joins",
    "SELECT FROM hours a JOIN hours b USING (gpu) WHERE a.gpu = $1": "touches hours, hours",
    "SELECT kept(gpu) FROM hours WHERE gpu = $1": "calls kept",
    "SELECT FROM unnest($1) u(gpu), LATERAL (SELECT FROM hours WHERE gpu = u.gpu) h": "inside",
    "WITH gone AS (DELETE FROM hours WHERE gpu = $1 RETURNING gpu) SELECT FROM gone": "inside",
    "INSERT INTO hours (hour) VALUES ($1) ON CONFLICT DO NOTHING": "name gpu",
    "INSERT INTO hours (gpu) VALUES ($1)": "ON CONFLICT is missing",
    "INSERT INTO hours (gpu) SELECT gpu FROM gpus ON CONFLICT DO NOTHING": "touches gpus, hours",
    "INSERT INTO hours (gpu) VALUES ($1) ON CONFLICT (hour) DO NOTHING": "in ON CONFLICT",
    "INSERT INTO hours (gpu) VALUES ($1) ON CONFLICT (gpu) DO UPDATE SET gpu = $1": "changes gpu",
    "UPDATE hours SET gpu = $1 WHERE gpu = $2": "changes gpu",
    "DELETE FROM hours": "which gpu",
    "DELETE FROM hours USING gpus g WHERE hours.gpu = g.gpu": "touches gpus, hours",
    "TRUNCATE hours": "no SELECT",
    "COPY hours FROM STDIN (FORMAT binary)": "not understood",
}  # fmt: skip
GOOD = (
    "SELECT gpu, minutes FROM hours h WHERE h.gpu = ANY($1) AND hour > $2 - interval $3",
    "SELECT sum(held) FROM hours WHERE gpu = $1 GROUP BY hour ORDER BY hour LIMIT $2",
    "INSERT INTO hours (gpu) SELECT n.gpu FROM unnest($1) AS n(gpu) ON CONFLICT DO NOTHING",
    "INSERT INTO hours (gpu) VALUES ($1) ON CONFLICT DO NOTHING RETURNING gpu",
    "INSERT INTO hours AS h (gpu) VALUES ($1) ON CONFLICT (gpu) DO UPDATE SET held = excluded.held",
    "UPDATE hours SET held = $1 WHERE gpu = $2",
    "DELETE FROM hours WHERE gpu = ANY($1) AND hour < $2",
    "SELECT FROM gpus WHERE note = 'hours'",
)


@pytest.mark.parametrize(("sql", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_form_that_citus_refuses_is_named(sql: str, why: str) -> None:
    assert why in "; ".join(faults(sql, TABLES, OWN))


@pytest.mark.parametrize("sql", GOOD, ids=range(len(GOOD)))
def test_a_form_that_citus_answers_is_good(sql: str) -> None:
    assert faults(sql, TABLES, OWN) == []


# Of a function in SQL Citus sees the name alone, and reads the empty table behind it; of a view it
# sees the query, but who uses it does not.
NAMED = r"""
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE pronamespace = 'public'::regnamespace AND lanname = 'sql' AND prokind = 'f'
        AND pg_get_functiondef(p.oid) ~ %(names)s
    UNION ALL
    SELECT viewname FROM pg_views WHERE schemaname = 'public' AND definition ~ %(names)s
"""
# Neither of these does a spread table have; a unique key has its column.
HELD = """
    SELECT conrelid::regclass::text || ' ' || conname FROM pg_constraint
    WHERE contype = 'f' AND ARRAY[conrelid, confrelid]::regclass[] && %(tables)s::regclass[]
    UNION ALL
    SELECT tgrelid::regclass::text || ' ' || tgname FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid::regclass = ANY(%(tables)s::regclass[])
    UNION ALL
    SELECT indexrelid::regclass::text FROM pg_index i
    WHERE indrelid::regclass = ANY(%(tables)s::regclass[]) AND (indisunique OR indisexclusion)
        AND NOT EXISTS (
            SELECT FROM unnest(%(tables)s::regclass[], %(columns)s::text[]) AS t(name, col)
            JOIN pg_attribute a ON a.attrelid = t.name AND a.attname = t.col
            WHERE t.name = i.indrelid AND a.attnum = ANY(i.indkey))
"""


def test_no_function_in_sql_and_no_view_names_a_large_table(owner: psycopg.Connection) -> None:
    names = {"names": rf"\y({'|'.join(LARGE_TABLES)})\y"}
    assert owner.execute(NAMED.encode(), names).fetchall() == []


def test_nothing_hangs_on_a_large_table_that_citus_refuses(owner: psycopg.Connection) -> None:
    values = {"tables": list(LARGE_TABLES), "columns": list(LARGE_TABLES.values())}
    assert owner.execute(HELD.encode(), values).fetchall() == []


def test_a_statement_that_breaks_the_form_is_named(
    database: Database, owner: psycopg.Connection
) -> None:
    sql = "SELECT gpu FROM window_hours JOIN gpus USING (gpu)"
    (line,) = name_faulty([sql], own_functions(owner))
    assert sql in line
