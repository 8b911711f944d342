"""Every foreign key leads an index, so that neither side is read whole to follow it."""

import sqlalchemy as sa

# Short lists that only the migrations or a catalogue fill and nobody deletes from; nobody looks for
# rows by them alone, and an index on hot tables would cost each insert.
SHORT_LISTS = {"roles", "legal_moves", "case_moves", "case_steps", "catalogue_models"}

# A partial index serves as well where it leaves out nothing but nulls.
_WITHOUT_INDEX = sa.text("""
    SELECT c.conrelid::regclass || '.' || string_agg(a.attname, ', ' ORDER BY k.rank)
    FROM pg_constraint c
    CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (attnum, rank)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        AND c.confrelid::regclass::text <> ALL(:short_lists)
    GROUP BY c.oid, c.conrelid, c.conkey
    HAVING NOT EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = c.conrelid
            AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid)
                = '(' || min(a.attname) || ' IS NOT NULL)'))
    ORDER BY 1
""")
_KEYS_OF_METERING = sa.text("""
    SELECT conname FROM pg_constraint WHERE contype = 'f'
        AND conrelid::regclass::text = ANY('{windows,batches,day_totals,coverage}')
""")


def test_every_foreign_key_leads_an_index(engine: sa.Engine) -> None:
    with engine.connect() as db:
        assert list(db.scalars(_WITHOUT_INDEX, {"short_lists": list(SHORT_LISTS)})) == []


def test_the_great_tables_have_no_foreign_keys(engine: sa.Engine) -> None:
    """They alone may be distributed over machines."""
    with engine.connect() as db:
        assert list(db.scalars(_KEYS_OF_METERING)) == []
