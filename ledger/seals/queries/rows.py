"""Rows as they are, held to the leaves that sealed them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from ledger.seals.codes import Algorithm, FaultCode
from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw, Shape, shapes
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import row_hash, unescape
from ledger.seals.rules.heads import Head
from ledger.seals.rules.relations import SEALED

_STEP = 1_000  # rows between two words on how far it is

# The last leaf of each row, beside the row; whether a change of it waits to be sealed.
_HELD = sql.SQL("""
    COPY (
        SELECT l.key, l.hash, w.key IS NOT NULL, {there} IS NOT NULL, {values}
        FROM (SELECT DISTINCT ON (key) key, seal, hash FROM sealed_rows
              WHERE relation = {relation} ORDER BY key, seal DESC) l
        LEFT JOIN {table} t ON {key} = l.key
        LEFT JOIN (SELECT DISTINCT key FROM unsealed_rows WHERE relation = {relation}) w
            ON w.key = l.key
        WHERE l.seal = ANY({seals})
    ) TO STDOUT
""")
_NEW = sql.SQL("""
    COPY (
        SELECT {key}, EXISTS (SELECT FROM unsealed_rows w
                              WHERE w.relation = {relation} AND w.key = {key})
        FROM {table} t
        WHERE NOT EXISTS (SELECT FROM sealed_rows l WHERE l.relation = {relation} AND l.key = {key})
    ) TO STDOUT
""")
_REWRITTEN = """
    SELECT relation, key, max(seal) FROM sealed_rows WHERE relation = ANY(%s)
    GROUP BY relation, key HAVING count(*) > 1 AND count(DISTINCT coalesce(hash, '')) > 1
"""


@dataclass(frozen=True)
class Edition:
    """The columns and the algorithm with which some seals took a relation's rows."""

    columns: tuple[str, ...]
    algorithm: Algorithm


def check_rows(
    raw: Raw, heads: Mapping[int, Head], tally: Tally, look: Callable[[Tally], None]
) -> None:
    """Hold every row of every sealed relation to its last leaf; `look` is shown how far it is."""
    of_relation = _editions(heads)
    for relation, shape in sorted(shapes(raw).items()):
        for edition, seals in of_relation.get(relation, {}).items():
            if not set(edition.columns) <= set(shape.columns):
                tally.faults.append(Fault(FaultCode.COLUMNS, relation, seal=seals[-1]))
                continue
            _check_sealed(raw, shape.in_columns(edition.columns), edition, seals, tally, look)
        _check_new(raw, shape, tally)
        look(tally)
    once = [relation for relation, how in SEALED.items() if not how.changes]
    for relation, key, number in raw.execute(_REWRITTEN, (once,)):
        tally.faults.append(Fault(FaultCode.REWRITTEN, relation, key, number))


def _editions(heads: Mapping[int, Head]) -> dict[str, dict[Edition, list[int]]]:
    of_relation: dict[str, dict[Edition, list[int]]] = {}
    for number, head in heads.items():
        for tree in head.trees:
            edition = Edition(tree.columns, head.algorithm)
            of_relation.setdefault(tree.relation, {}).setdefault(edition, []).append(number)
    return of_relation


def _check_sealed(
    raw: Raw,
    shape: Shape,
    edition: Edition,
    seals: list[int],
    tally: Tally,
    look: Callable[[Tally], None],
) -> None:
    query = _HELD.format(
        there=sql.Identifier("t", shape.key[0][0]),
        values=shape.values("t"),
        relation=sql.Literal(shape.relation),
        table=sql.Identifier(shape.relation),
        key=shape.key_json("t"),
        seals=sql.Literal(seals),
    )
    digest = row_hash(shape.relation, edition.columns, edition.algorithm)
    is_once = not SEALED[shape.relation].changes
    for line in lines(raw, query):
        key, sealed, waits, is_there, row = line.split(b"\t", 4)
        tally.rows += 1
        if not tally.rows % _STEP:
            look(tally)
        if is_there == b"t":
            have = b"\\\\x" + digest(row).hex().encode()
            code = FaultCode.CHANGED if sealed != b"\\N" else FaultCode.CAME_BACK
        else:
            have, code = b"\\N", FaultCode.MISSING
        if have == sealed:
            continue
        if waits == b"t" and not is_once:
            tally.waiting += 1
        else:
            tally.faults.append(Fault(code, shape.relation, unescape(key).decode()))


def _check_new(raw: Raw, shape: Shape, tally: Tally) -> None:
    """Count what waits for its first seal; what stands there and does not wait was slipped in."""
    query = _NEW.format(
        key=shape.key_json("t"),
        relation=sql.Literal(shape.relation),
        table=sql.Identifier(shape.relation),
    )
    for key, waits in _pairs(lines(raw, query)):
        tally.rows += 1
        if waits:
            tally.waiting += 1
        else:
            tally.faults.append(Fault(FaultCode.ADDED, shape.relation, key))


def _pairs(told: Iterator[bytes]) -> Iterator[tuple[str, bool]]:
    for line in told:
        key, waits = line[:-1].split(b"\t")
        yield unescape(key).decode(), waits == b"t"
