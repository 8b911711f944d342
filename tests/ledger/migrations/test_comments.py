"""A database administrator finds in it what each table is and in which unit money stands."""

import sqlalchemy as sa

# Names that do not tell their unit or their time.
UNCLEAR = "{amount,balance,booked,digest,effective,fen,floor,hash,months,superseded_at,used,valid}"

_TABLES_WITHOUT_COMMENT = sa.text("""
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        AND NOT relispartition AND relname <> 'alembic_version'
        AND obj_description(oid, 'pg_class') IS NULL
    ORDER BY 1
""")
_COLUMNS_WITHOUT_COMMENT = sa.text("""
    SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND a.attname = ANY(:unclear)
        AND col_description(a.attrelid, a.attnum) IS NULL
    ORDER BY 1
""")


def test_every_table_and_view_has_a_comment(engine: sa.Engine) -> None:
    with engine.connect() as db:
        assert list(db.scalars(_TABLES_WITHOUT_COMMENT)) == []


def test_columns_that_do_not_tell_their_unit_have_one(engine: sa.Engine) -> None:
    with engine.connect() as db:
        assert list(db.scalars(_COLUMNS_WITHOUT_COMMENT, {"unclear": UNCLEAR})) == []
