"""The parts that are registered, and where rolls lie that are in the files alone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from sqlalchemy.exc import DBAPIError

from ledger.archive.tables import Archive
from ledger.metering.queries.windows import Raw

KEPT = timedelta(days=2)
"""What was brought back to be read stays for so long."""

_AT_ONCE = 1_000
_PARTS = """
    SELECT month, part, place, manifest, signature, seal, archived_at, archived_by
    FROM archives ORDER BY month, part
"""
_NEXT = "SELECT coalesce(max(part), 0) + 1 FROM archives WHERE month = %s"
_LYING = """
    SELECT a.stream, a.first, a.month, a.part, a.row_group AS group, a.seal, a.leaves
    FROM unnest(%s::uuid[], %s::bigint[]) AS u(stream, first)
    JOIN archived_rolls a USING (stream, first) ORDER BY a.month, a.part, a.row_group
"""
# In the order of the leaves.
_ALL = """
    SELECT stream, first, month, part, row_group AS group, seal, leaves FROM archived_rolls
    ORDER BY seal, stream::text COLLATE "C", first
"""
_OF_PART = """
    SELECT stream, first, month, part, row_group AS group, seal, leaves FROM archived_rolls
    WHERE (month, part) = (%s, %s)
"""

RollKey = tuple[UUID, int]
"""A roll by its stream and the number of its first batch."""


class Lying(NamedTuple):
    """Where a roll lies: the part, and the row group of its file; its seal and its leaves."""

    stream: UUID
    first: int
    month: date
    part: int
    group: int
    seal: int
    leaves: bytes

    @property
    def key(self) -> RollKey:
        """By which it is named."""
        return self.stream, self.first


def parts(raw: Raw) -> Sequence[Archive]:
    """Return all parts, in the order in which they came."""
    with raw.cursor(row_factory=class_row(Archive)) as cursor:
        return cursor.execute(_PARTS).fetchall()


def next_part(raw: Raw, month: date) -> int:
    """Return the number of the next part of a month."""
    (part,) = raw.execute(_NEXT, (month,)).fetchone() or (1,)
    return int(part)


def where_they_lie(raw: Raw, keys: Iterable[RollKey]) -> list[Lying]:
    """Return, part by part, where these rolls lie."""
    streams, firsts = zip(*keys, strict=True)
    with raw.cursor(row_factory=class_row(Lying)) as cursor:
        return cursor.execute(_LYING, ([*streams], [*firsts])).fetchall()


def all_lying(raw: Raw) -> Iterator[Lying]:
    """Return where every archived roll lies, by seal and stream, through a cursor of the server."""
    with raw.cursor(f"lying_{uuid4().hex}", row_factory=class_row(Lying)) as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(_ALL)


def rolls_of_part(raw: Raw, part: Archive) -> dict[RollKey, Lying]:
    """Return the rolls of a part, as the database has them."""
    with raw.cursor(row_factory=class_row(Lying)) as cursor:
        return {row.key: row for row in cursor.execute(_OF_PART, (part.month, part.part))}


def return_rolls(raw: Raw, now: datetime) -> int:
    """Let what was brought back long enough ago go again; return how many rolls."""
    (count,) = raw.execute("SELECT return_rolls(%s)", (now - KEPT,)).fetchone() or (0,)
    return int(count)


def missing_rolls(error: object) -> list[RollKey]:
    """Return which archived rolls somebody met, by the database's error; none: it is another."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.errors.CheckViolation):
        return []
    if cause.diag.constraint_name != "batch_archived":
        return []
    return [(UUID(stream), first) for stream, first in json.loads(cause.diag.message_detail or "")]
