"""Rows that wait to be sealed, as lines of the canonical form; and the leaves that are written."""

from collections.abc import Iterable, Iterator

from psycopg import sql

from ledger.seals.queries.shapes import Raw, Shape

CHUNK = 20_000

_WAITING = sql.SQL("""
    COPY (
        SELECT q.key, {there} IS NOT NULL, {values}
        FROM (SELECT DISTINCT key FROM unsealed_rows
              WHERE relation = {relation} AND key > {after} ORDER BY key LIMIT {chunk}) q
        LEFT JOIN {table} t ON {same}
        ORDER BY q.key
    ) TO STDOUT
""")
_LEAVES = "COPY sealed_rows (seal, relation, key, hash) FROM STDIN"


def lines(raw: Raw, query: sql.Composed) -> Iterator[bytes]:
    """Run a COPY, and return its lines, each with its newline."""
    with raw.cursor() as cursor, cursor.copy(query) as copy:
        for line in copy:
            yield bytes(line)


def waiting_rows(raw: Raw, shape: Shape, after: str) -> Iterator[tuple[bytes, bytes | None]]:
    """Return the next rows that wait, by key: the key as COPY writes it, and the row's line.

    None for a row that is gone. At most CHUNK rows come, behind the key `after`.
    """
    query = _WAITING.format(
        there=sql.Identifier("t", shape.key[0][0]),
        values=shape.values("t"),
        relation=sql.Literal(shape.relation),
        after=sql.Literal(after),
        chunk=sql.Literal(CHUNK),
        table=sql.Identifier(shape.relation),
        same=shape.same_key("t", "q.key"),
    )
    for line in lines(raw, query):
        key, is_there, row = line.split(b"\t", 2)
        yield key, row if is_there == b"t" else None


def relations_waiting(raw: Raw) -> list[str]:
    """Return the relations that have rows to seal, by name."""
    query = "SELECT DISTINCT relation FROM unsealed_rows ORDER BY relation"
    return [relation for (relation,) in raw.execute(query)]


def write_leaves(
    raw: Raw, seal: int, relation: str, leaves: Iterable[tuple[bytes, bytes | None]]
) -> None:
    """Write leaves of a seal whose head is yet to come; the keys as COPY writes them."""
    front = f"{seal}\t{relation}\t".encode()
    with raw.cursor() as cursor, cursor.copy(_LEAVES) as copy:
        for key, row in leaves:
            end = b"\\\\x" + row.hex().encode() if row else b"\\N"
            copy.write(front + key + b"\t" + end + b"\n")
