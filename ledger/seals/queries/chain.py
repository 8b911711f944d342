"""Seals and their leaves, as the database keeps them."""

from collections.abc import Iterator

from psycopg import sql

from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw
from ledger.seals.rules.chain import KeptSeal, Leaf
from ledger.seals.rules.form import unescape

_SEALS = """
    SELECT s.number, s.kind, s.month, s.sealed_at, s.algorithm, s.previous, s.head, s.hash,
           s.signature, k.public_key
    FROM seals s LEFT JOIN seal_keys k ON k.id = s.key_id ORDER BY s.number
"""
_LEAVES = sql.SQL("""
    COPY (SELECT seal, relation, key, hash FROM kept_leaves ORDER BY seal, relation, key) TO STDOUT
""")


def kept_seals(raw: Raw) -> list[KeptSeal]:
    """Return all seals, in their order."""
    return [KeptSeal(*row) for row in raw.execute(_SEALS)]


def kept_leaves(raw: Raw) -> Iterator[Leaf]:
    """Return all leaves: those of a seal and relation one after the other, by key."""
    for line in lines(raw, sql.Composed([_LEAVES])):
        number, relation, key, row = line[:-1].split(b"\t")
        yield Leaf(int(number), relation.decode(), unescape(key), _bytes(row))


def _bytes(value: bytes) -> bytes | None:
    return None if value == b"\\N" else bytes.fromhex(value[3:].decode())
