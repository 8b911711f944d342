"""Verification names every row that was changed, is missing, came back or was slipped in."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from nacl.signing import SigningKey

from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.queries.chain import kept_leaves, kept_seals
from ledger.seals.queries.rows import check_rows
from ledger.seals.queries.shapes import shapes, write_as_sealed
from ledger.seals.queries.verify import verify
from ledger.seals.rules.chain import check_chain, check_trees
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.heads import sign
from ledger.seals.rules.relations import SEALED
from tests.support.months.office import APRIL, MARCH, Office, price
from tests.support.seals import seal_at, verified
from tests.support.town import Town

# Another value of the same type, whatever the value is.
OTHER = {
    "bigint": "coalesce({c}, 0) + 1",
    "integer": "coalesce({c}, 0) + 1",
    "smallint": "coalesce({c}, 0) + 1",
    "numeric": "coalesce({c}, 0) + 1",
    "text": "coalesce({c}, '') || ' '",
    "boolean": "NOT coalesce({c}, false)",
    "date": "coalesce({c}, '2026-01-01') + 1",
    "month": "({c} + interval '1 month')::date",
    "timestamp with time zone": "coalesce({c}, '2026-01-01') + interval '1 microsecond'",
    "bytea": "coalesce(set_byte({c}, 0, 255 - get_byte({c}, 0)), '\\x00')",
    "jsonb": "jsonb_build_array({c})",
    "uuid": "gen_random_uuid()",
    "daterange": "daterange('1999-01-01', upper({c}))",
    "datemultirange": "{c} + datemultirange(daterange('1999-01-01', '1999-01-02'))",
    "tstzrange": "tstzrange('1999-01-01', upper({c}))",
    "text[]": "coalesce({c}, '{{}}') || ''::text",
    "bigint[]": "coalesce({c}, '{{}}') || 1::bigint",
}
# What the owner can do: no trigger fires, no constraint but the primary keys holds.
_UNBIND = """
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS act
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            AND contype IN ('c', 'x', 'f') AND coninhcount = 0 AND conrelid <> 0
        UNION ALL
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'u'
        UNION ALL
        SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', oid::regclass)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER %I DROP EXPRESSION', attrelid::regclass, attname)
        FROM pg_attribute WHERE attgenerated <> '' AND attrelid >= 16384
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER %I DROP IDENTITY', attrelid::regclass, attname)
        FROM pg_attribute WHERE attidentity <> '' AND attrelid >= 16384
    LOOP
        EXECUTE place.act;
    END LOOP;
END $$
"""


@pytest.fixture
def paid(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """An office whose March is metered, invoiced, decided and paid; all of it sealed."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    office.pay()
    seal_at(engine)
    return office


@contextmanager
def unguarded(owner: psycopg.Connection) -> Iterator[None]:
    """Whatever the owner does here, with every guard gone, undone in the end."""
    with owner.transaction(force_rollback=True):
        owner.execute(_UNBIND)
        write_as_sealed(owner)
        yield


def test_a_whole_month_is_sound(database: Database, paid: Office) -> None:
    tally = verified(database)
    assert (tally.faults, tally.rows_waiting) == ([], 0)
    assert tally.rows == tally.leaves


def test_every_column_of_every_table(
    database: Database, owner: psycopg.Connection, paid: Office
) -> None:
    """As the owner, with triggers off and constraints gone: one value after the other changes."""
    heads = check_chain(kept_seals(owner), Tally())
    of_name = shapes(owner)
    flipped = 0
    with unguarded(owner):
        for relation in sorted({tree.relation for head in heads.values() for tree in head.trees}):
            shape = of_name[relation]
            for column in shape.columns:
                name, kind = column.split(":")[:2]
                with owner.transaction(force_rollback=True):
                    change(owner, relation, name, kind)
                    tally = Tally()
                    check_rows(owner, heads, tally, lambda _: None, (relation,))
                    is_key = name in {key for key, _ in shape.key}
                    codes = {FaultCode.MISSING, FaultCode.ADDED} if is_key else {FaultCode.CHANGED}
                    assert {fault.code for fault in tally.faults} == codes, column
                    assert {fault.relation for fault in tally.faults} == {relation}
                    assert len(tally.faults) == len(codes), (relation, column)
                    flipped += 1
    assert flipped > 400


def change(owner: psycopg.Connection, relation: str, column: str, kind: str) -> None:
    """Change one value of one row."""
    value = OTHER[kind.partition("(")[0]].format(c=f'"{column}"')
    owner.execute(
        f'UPDATE "{relation}" SET "{column}" = {value}'
        f' WHERE ctid = (SELECT ctid FROM "{relation}" ORDER BY "{column}" DESC NULLS LAST LIMIT 1)'
        .encode()
    )  # fmt: skip


def test_a_row_slipped_in_or_taken_out(owner: psycopg.Connection, metered_town: Town) -> None:
    seal_at(metered_town.engine)
    for act, fault in [
        ("DELETE FROM projects", Fault(FaultCode.MISSING, "projects", "[1]")),
        ("INSERT INTO drill SELECT true ON CONFLICT DO NOTHING; DELETE FROM drill",
         Fault(FaultCode.MISSING, "drill", "[true]")),
        ("INSERT INTO working_days VALUES ('1999-01-01')",
         Fault(FaultCode.ADDED, "working_days", '["1999-01-01"]')),
    ]:  # fmt: skip
        with unguarded(owner):
            owner.execute(act.encode())
            assert looked_at(owner).faults == [fault]


def test_postings_are_new_by_their_number(
    database: Database, owner: psycopg.Connection, paid: Office
) -> None:
    paid.use_month(APRIL)
    tally = verified(database)
    assert tally.faults == []
    assert tally.rows_waiting > 0
    posting = (
        "INSERT INTO postings (id, number, cause, used, booked, actor)"
        " VALUES (0, {}, 'x', '2026-03-01', '2026-03-01', 'x')"
    )
    for number in ("0", "NULL"):
        with unguarded(owner):
            owner.execute(posting.format(number).encode())
            assert looked_at(owner).faults == [Fault(FaultCode.ADDED, "postings", "[0]")]


def test_leaves_and_heads_that_were_touched(
    database: Database, owner: psycopg.Connection, metered_town: Town
) -> None:
    for hour in range(3):
        seal_at(metered_town.engine, hour)
    clean = verified(database)
    assert clean.faults == []
    stranger = SigningKey.generate()
    head = kept_seals(owner)[1].head
    for act, codes in {
        "DELETE FROM sealed_rows WHERE relation = 'projects'": {FaultCode.TREE, FaultCode.ADDED},
        "UPDATE sealed_rows SET hash = sha256('x') WHERE relation = 'projects'":
            {FaultCode.TREE, FaultCode.CHANGED},
        "UPDATE sealed_rows SET key = '[9]' WHERE (relation, key) = ('projects', '[1]')":
            {FaultCode.TREE, FaultCode.ADDED, FaultCode.MISSING},
        "INSERT INTO sealed_rows VALUES (2, 'projects', '[1]', sha256('x'));"
        " UPDATE projects SET code = 'x'": {FaultCode.TREE, FaultCode.CHANGED, FaultCode.REWRITTEN},
        "DELETE FROM seals WHERE number = 3": set(),
        "DELETE FROM seals WHERE number = 2": {FaultCode.CHAIN},
        "UPDATE seals SET signature = sha512('x') WHERE number = 2": {FaultCode.SIGNATURE},
        "UPDATE seals SET sealed_at = sealed_at - interval '1 day' WHERE number = 2":
            {FaultCode.HEAD, FaultCode.CLOCK},
        "UPDATE seals SET kind = 'month', month = '2026-01-01' WHERE number = 2": {FaultCode.HEAD},
        "UPDATE seals SET head = '{}' WHERE number = 2": {FaultCode.HEAD},
        "UPDATE seals SET head = replace(head, '\"program\":\"', '\"program\":\"9'),"
        " hash = sha256(convert_to(replace(head, '\"program\":\"', '\"program\":\"9'), 'UTF8'))"
        " WHERE number = 2": {FaultCode.SIGNATURE, FaultCode.CHAIN},
        f"UPDATE seal_keys SET public_key = '\\x{bytes(stranger.verify_key).hex()}'":
            {FaultCode.KEY, FaultCode.CHANGED},
        f"UPDATE seals SET signature = '\\x{sign(head, stranger).hex()}' WHERE number = 2":
            {FaultCode.SIGNATURE},
    }.items():  # fmt: skip
        with unguarded(owner):
            owner.execute(act.encode())
            tally = looked_at(owner)
        assert {fault.code for fault in tally.faults} == codes, act


def looked_at(raw: psycopg.Connection) -> Tally:
    """What `verify` looks at, in a transaction that is already open."""
    tally = Tally()
    heads = check_chain(kept_seals(raw), tally)
    check_trees(kept_leaves(raw), heads, tally)
    check_rows(raw, heads, tally, lambda _: None)
    return tally


def test_it_says_how_far_it_is(database: Database, metered_town: Town) -> None:
    seal_at(metered_town.engine)
    row_counts: list[int] = []
    with psycopg.connect(database.app_url) as connection:
        verify(connection, lambda tally: row_counts.append(tally.rows))
    assert row_counts == sorted(row_counts)
    assert len(row_counts) > len(SEALED)


def test_it_needs_no_library_of_the_server() -> None:
    program = (
        "import sys, json, ledger.seals.queries.verify;"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    packages = set(json.loads(result.stdout))
    assert not packages & {"sqlalchemy", "sqlmodel", "fastapi", "msgspec", "alembic", "openpyxl"}
    assert {"psycopg", "nacl"} <= packages
