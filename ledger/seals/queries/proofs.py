"""Rows with their way to a signed head: the leaf that took each last, its place, its path.

A row that stands in no tree that a head names is refused (`unproven`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from psycopg import sql

from ledger.errors import Refused
from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw, Shape
from ledger.seals.rules.dossier import ProvenRow
from ledger.seals.rules.form import leaf_bytes, unescape
from ledger.seals.rules.heads import Head, SealedTree
from ledger.seals.rules.paths import Paths

_LAG = timedelta(hours=1)  # from a batch's arrival to its commit, at most

_LAST_LEAVES = sql.SQL("""
    SELECT DISTINCT ON (key) key, seal FROM sealed_rows
    WHERE relation = {relation} AND key = ANY(%s) ORDER BY key, seal DESC
""")
_PACKED_LEAF = """
    SELECT l.seal FROM roll_of(%(stream)s, %(number)s) s
    CROSS JOIN LATERAL roll_leaves(s.stream, s.first) l
"""
_KEYS = sql.SQL("SELECT {key} FROM {table} t WHERE {condition}")
_LEAVES = sql.SQL("""
    COPY (SELECT key, hash FROM sealed_rows WHERE seal = {seal} AND relation = {relation}
          ORDER BY key) TO STDOUT
""")
# Rolls were received before their seal; those of a year before need not be opened.
_PACKED_LEAVES = sql.SQL("""
    COPY (SELECT jsonb_build_array(s.stream, s.first + n)::text COLLATE "C" AS key,
                 substring(l.leaves FROM 32 * n + 1 FOR 32)
          FROM roll_spans s CROSS JOIN LATERAL roll_leaves(s.stream, s.first) l
          CROSS JOIN LATERAL generate_series(0, (l.last - s.first)::integer) AS n
          WHERE l.seal = {seal} AND s.received && tstzrange({since}, {until})) TO STDOUT
""")
_ROWS = sql.SQL("""
    COPY (SELECT k.key, {values} FROM unnest({keys}::text[]) AS k (key) JOIN {table} t ON {same}
          ORDER BY k.key COLLATE "C") TO STDOUT
""")
_BATCH = sql.SQL("""
    COPY (SELECT {key}, {values} FROM kept_batch({stream}, {number}) t) TO STDOUT
""")


@dataclass(frozen=True)
class Prover:
    """Finds the ways; `heads` are all, by number."""

    raw: Raw
    heads: Mapping[int, Head]

    def rows_where(self, shape: Shape, condition: str) -> Iterator[ProvenRow]:
        """Return the rows of a relation that fulfil a condition, by key. Raises Refused."""
        query = _KEYS.format(
            key=shape.key_json("t"), table=shape.view, condition=sql.SQL(condition)
        )
        keys = [key for (key,) in self.raw.execute(query)]
        query = _LAST_LEAVES.format(relation=sql.Literal(shape.relation))
        seals = dict(self.raw.execute(query, (keys,)).fetchall()) if keys else {}
        for seal in sorted(set(seals.values())):
            yield from self._of_seal(shape, seal, [key for key in keys if seals.get(key) == seal])
        for key in set(keys) - seals.keys():
            raise _unproven(shape.relation, key)

    def batch(self, shape: Shape, stream: str, number: int) -> ProvenRow:
        """Return one batch, in whatever form it is kept. Raises Refused."""
        key = f'["{stream}", {number}]'
        query = _LAST_LEAVES.format(relation=sql.Literal("batches"))
        row = self.raw.execute(query, ([key],)).fetchone()
        at = {"stream": stream, "number": number}
        row = (row and row[1:]) or self.raw.execute(_PACKED_LEAF, at).fetchone()
        if row is None:
            raise _unproven("batches", key)
        (seal,) = row
        tree = self._tree(shape, seal, key)
        query = _BATCH.format(
            key=shape.key_json("t"), values=shape.in_columns(tree.columns).values("t"),
            stream=sql.Literal(stream), number=sql.Literal(number),
        )  # fmt: skip
        (line,) = lines(self.raw, query)
        return self._proven(shape, seal, {key.encode(): line.split(b"\t", 1)[1]})[0]

    def _of_seal(self, shape: Shape, seal: int, keys: Collection[str]) -> list[ProvenRow]:
        tree = self._tree(shape, seal, min(keys))
        query = _ROWS.format(
            values=shape.in_columns(tree.columns).values("t"),
            keys=sql.Literal(list(keys)),
            table=shape.view,
            same=shape.same_key("t", "k.key"),
        )
        pairs = (line.split(b"\t", 1) for line in lines(self.raw, query))
        return self._proven(shape, seal, {unescape(key): line for key, line in pairs})

    def _tree(self, shape: Shape, seal: int, key: str) -> SealedTree:
        head = self.heads.get(seal)
        for tree in head.trees if head else ():
            if tree.relation == shape.relation:
                return tree
        raise _unproven(shape.relation, key)

    def _proven(self, shape: Shape, seal: int, of_key: Mapping[bytes, bytes]) -> list[ProvenRow]:
        """The rows of a seal with their paths; `of_key` are their lines, by key."""
        tree = self._tree(shape, seal, min(of_key).decode())
        for leaves in self._leaves(shape.relation, seal):
            paths = Paths([leaf_bytes(*leaf) for leaf in leaves], self.heads[seal].algorithm)
            if paths.root.hex() == tree.root:
                return [
                    ProvenRow(seal, place, paths.of(place), key, of_key[key])
                    for place, (key, _) in enumerate(leaves)
                    if key in of_key
                ]
        raise _unproven(shape.relation, min(of_key).decode())

    def _leaves(self, relation: str, seal: int) -> Iterator[list[tuple[bytes, bytes | None]]]:
        """The leaves of a tree in their order; of batches first what was received about then."""
        query = _LEAVES.format(seal=sql.Literal(seal), relation=sql.Literal(relation))
        leaves = [_leaf(line) for line in lines(self.raw, query)]
        if relation != "batches":
            yield leaves
            return
        head = self.heads[seal]
        before = self.heads.get(seal - 1)
        about_then = "-infinity" if before is None else f"{before.sealed_at - _LAG}"
        for since, until in ((about_then, f"{head.sealed_at}"), ("-infinity", "infinity")):
            query = _PACKED_LEAVES.format(
                seal=sql.Literal(seal), since=sql.Literal(since), until=sql.Literal(until)
            )
            packed_leaves = [_leaf(line) for line in lines(self.raw, query)]
            if leaves or packed_leaves:
                yield sorted(leaves + packed_leaves, key=lambda leaf: leaf[0])


def _unproven(relation: str, key: str) -> Refused:
    return Refused("unproven", relation=relation, key=key)


def _leaf(line: bytes) -> tuple[bytes, bytes | None]:
    key, row = line[:-1].split(b"\t")
    return unescape(key), None if row == b"\\N" else bytes.fromhex(row[3:].decode())
