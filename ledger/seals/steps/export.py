"""Write an export: one seal, and all that it and those before it saw, in one file.

The seal and the export are one transaction in one snapshot, so nothing waits between them. A file
that could not be written whole is not there, and the seal with it.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile

from psycopg import sql

from ledger.errors import Refused
from ledger.policy.text.published import beside
from ledger.seals.queries.chain import kept_seals
from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw, Shape, shapes, write_as_sealed
from ledger.seals.rules import export
from ledger.seals.rules.faults import Fault
from ledger.seals.rules.heads import Head, read_head
from ledger.seals.rules.outside.away import RELATION, Away, Nowhere
from ledger.seals.tables import Seal

_LEAVES = sql.SQL("""
    COPY (SELECT seal, key, encode(hash, 'hex') FROM kept_leaves WHERE relation = {relation}
          ORDER BY seal, key) TO STDOUT
""")
_ROWS = sql.SQL("""
    COPY (SELECT l.seal, l.key, {values}
          FROM (SELECT DISTINCT ON (key) key, seal FROM kept_leaves
                WHERE relation = {relation} ORDER BY key, seal DESC) l
          JOIN {table} t ON {same}
          WHERE l.seal = ANY({seals}) ORDER BY l.seal, l.key) TO STDOUT
""")
_ACCOUNTS = sql.SQL("""
    COPY (SELECT book_id, role, balance, version FROM accounts WHERE version > 0
          ORDER BY book_id, role) TO STDOUT
""")

_DERIVED = sql.SQL("COPY (SELECT {columns} FROM {table}) TO STDOUT")


def write_export(
    raw: Raw, file: Path, seal: Seal, away: Callable[[Raw], Away] = lambda _: Nowhere()
) -> None:
    """Write an export into a new file, in the transaction that made its last seal.

    Args:
        raw: the connection of that transaction.
        file: where to; what stood there is replaced by a whole export, or stays.
        seal: the last one.
        away: returns, asked in this transaction, who reads what lies outside of the database.

    Raises:
        OSError: the folder does not take it.
        Refused: a file of an archive is missing or not what it was (`archive_file`).
    """
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with part.open("xb") as content:
            with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
                _fill(raw, archive, seal, away(raw), file.parent)
            content.flush()
            os.fsync(content.fileno())
        part.replace(file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _fill(raw: Raw, archive: zipfile.ZipFile, seal: Seal, away: Away, folder: Path) -> None:
    write_as_sealed(raw)
    seals = kept_seals(raw)
    manifest = {"form": export.FORM, "seal": seal.number, "hash": seal.hash.hex()}
    _write(archive, export.MANIFEST, [_json(manifest)])
    heads = ({"head": one_seal.head, "signature": one_seal.signature.hex()} for one_seal in seals)
    _write(archive, export.HEADS, map(_json, heads))
    _write(archive, export.ACCOUNTS, lines(raw, sql.Composed([_ACCOUNTS])))
    for relation, columns in export.DERIVED_COLUMNS.items():
        query = _DERIVED.format(
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)), table=sql.Identifier(relation)
        )
        _write(archive, export.derived_member(relation), lines(raw, query))
    for name in sorted(read_head(seals[-1].head).policies):
        if file := beside(name):
            _write(archive, export.policy_member(name), [file.read_bytes()])
    editions: dict[str, dict[tuple[str, ...], list[int]]] = {}
    all_heads = {one_seal.number: read_head(one_seal.head) for one_seal in seals}
    for one_seal in seals:
        for tree in all_heads[one_seal.number].trees:
            of_relation = editions.setdefault(tree.relation, {})
            of_relation.setdefault(tree.columns, []).append(one_seal.number)
    of_name = shapes(raw, list(editions))
    for relation, of_relation in sorted(editions.items()):
        leaves = _LEAVES.format(relation=sql.Literal(relation))
        _write(archive, export.leaves_member(relation), lines(raw, leaves))
        rows = _rows(raw, of_name[relation], of_relation)
        if relation == RELATION:
            rows = merge(_away_rows(away, all_heads, folder), rows, key=_place)
        _write(archive, export.rows_member(relation), rows)


def _rows(raw: Raw, shape: Shape, editions: Mapping[tuple[str, ...], list[int]]) -> Iterator[bytes]:
    """The rows of a relation as they stand, by the seal that took them last and by key."""
    for columns, seals in editions.items():
        query = _ROWS.format(
            values=shape.in_columns(columns).values("t"),
            relation=sql.Literal(shape.relation),
            table=shape.view,
            same=shape.same_key("t", "l.key"),
            seals=sql.Literal(seals),
        )
        yield from lines(raw, query)


def _away_rows(away: Away, heads: Mapping[int, Head], folder: Path) -> Iterator[bytes]:
    """The rows that lie outside of the database, as lines.

    All are read before the first comes: the connection is asked for nothing while it copies.
    """
    with TemporaryFile(dir=folder) as lines_read:
        for row in away.rows(heads, _refuse):
            lines_read.write(b"%d\t%b\t%b" % (row.seal, row.key, row.line))
        lines_read.seek(0)
        yield from lines_read


def _refuse(fault: Fault) -> None:
    raise Refused("archive_file", file=fault.key)


def _place(line: bytes) -> tuple[int, bytes]:
    """By seal and key, of which none here needs an escape."""
    seal, key, _ = line.split(b"\t", 2)
    return int(seal), key


def _write(archive: zipfile.ZipFile, member: str, content: Iterable[bytes]) -> None:
    with archive.open(member, "w", force_zip64=True) as target:
        for line in content:
            target.write(line)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"
