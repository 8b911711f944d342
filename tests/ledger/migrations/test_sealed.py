"""Every table is sealed, follows from what is sealed, or is said to prove nothing."""

import psycopg

from ledger.seals.rules.relations import DERIVED, FREE, SEALED

_TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND NOT relispartition
"""
_WATCHED = """
    SELECT tgrelid::regclass::text, count(*) FROM pg_trigger
    WHERE tgfoid = 'note_unsealed'::regproc AND tgenabled = 'O' GROUP BY 1
"""
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
_FLOATS = """
    SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relname = ANY(%s)
        AND a.atttypid = ANY('{float4,float8,money,interval}'::regtype[])
"""


def test_every_table_has_its_place(owner: psycopg.Connection) -> None:
    """A new one is named in `ledger/seals/rules/relations.py`: sealed, unless it proves nothing."""
    tables = {name for (name,) in owner.execute(_TABLES)}
    places = [*SEALED, *DERIVED, *FREE]
    assert set(places) == tables
    assert len(places) == len(set(places)), "one place each"


def test_what_is_sealed_is_watched(owner: psycopg.Connection) -> None:
    assert dict(owner.execute(_WATCHED).fetchall()) == dict.fromkeys(
        (relation for relation, how in SEALED.items() if not how.by_number), 3
    )


def test_what_is_left_out_exists(owner: psycopg.Connection) -> None:
    for relation, how in SEALED.items():
        columns = {name for (name,) in owner.execute(_COLUMNS, (relation,))}
        assert columns > {*how.secrets, *how.without}, relation


def test_no_value_is_inexact(owner: psycopg.Connection) -> None:
    assert owner.execute(_FLOATS, (list(SEALED),)).fetchall() == []


def test_what_the_migrations_wrote_waits(owner: psycopg.Connection) -> None:
    names = {name for (name,) in owner.execute("SELECT DISTINCT relation FROM unsealed_rows")}
    assert {"legal_moves", "roles", "case_moves", "decision_kinds", "working_days"} <= names
