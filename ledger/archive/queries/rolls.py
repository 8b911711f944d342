"""Rolls that a month's archive takes, and their handing over to the database and back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from ledger.archive.rules.rolls import HASH, ArchivedRoll
from ledger.archive.tables import Archive
from ledger.metering.queries.windows import Raw
from ledger.metering.rules.rolls import Roll
from ledger.units import midnight, next_month

_AT_ONCE = 20  # rows fetched: a roll has up to some hundred kilobytes

# In the order in which they came, so that those of one seal lie near one another.
_CANDIDATES = """
    SELECT r.stream, r.first, r.last, r.seal, r.agent_id, lower(r.received), upper(r.received),
           r.hashes, r.signatures, r.leaves, r.templates, r.counts, r.columns, r.kinds, r.bases,
           r.steps, r.widths, r.content
    FROM (
        SELECT s.stream, s.first FROM roll_spans s
        WHERE upper(s.received) < %s AND NOT EXISTS (
            SELECT FROM archived_rolls a WHERE (a.stream, a.first) = (s.stream, s.first))
        ORDER BY date_trunc('hour', lower(s.received)), s.stream, s.first OFFSET 0
    ) k CROSS JOIN LATERAL roll_at(k.stream, k.first) r WHERE r.seal <= %s
"""
_ROLL = """
    ROW(%s, %s, %s, %s, %s, tstzrange(%s, %s, '[]'), %s, %s, ''::bytea, %s, %s, %s, %s, %s, %s, %s,
        %s)::batch_rolls
"""
_ARCHIVE = f"SELECT archive_roll(%s, %s, %s, {_ROLL})"
_LEND = f"SELECT lend_roll({_ROLL}, %s)"
_DAY = "SELECT min(day) FROM window_days WHERE state = 'open' AND day < %s"
_MONTHS = """
    SELECT s.month FROM seals s
    WHERE s.month + make_interval(months => %(months)s + 1) <= %(today)s
        AND EXISTS (
            SELECT FROM roll_spans r
            WHERE upper(r.received) < (s.month + interval '1 month') AT TIME ZONE interval '+08:00'
                AND NOT EXISTS (SELECT FROM archived_rolls a
                                WHERE (a.stream, a.first) = (r.stream, r.first)))
    ORDER BY s.month
"""


class Candidate(NamedTuple):
    """A roll as it stands, the hashes of its batches, and their leaves: 32 bytes each."""

    roll: ArchivedRoll
    hashes: bytes
    leaves: bytes


def candidates(raw: Raw, month: date, seal: int) -> Iterator[Candidate]:
    """Return the rolls of a month, and of those before it, that this seal and those before took.

    They come through a cursor of the server's: the caller is in a transaction.
    """
    with raw.cursor(f"candidates_{uuid4().hex}") as cursor:
        cursor.itersize = _AT_ONCE
        for row in cursor.execute(_CANDIDATES, (midnight(next_month(month)), seal)):
            stream, first, last, of_seal, agent, since, until, hashes, signatures, leaves = row[:10]
            templates, counts, columns, kinds, bases, steps, widths, content = row[10:]
            roll = Roll(templates, counts, columns, kinds, bases, steps, widths, bytearray(content))
            archival = ArchivedRoll(
                stream, first, last, of_seal, agent, since, until, hashes[:HASH], signatures, roll
            )
            yield Candidate(archival, hashes, leaves)


def archive_roll(raw: Raw, archive: Archive, group: int, row: Sequence[Any]) -> None:
    """Take a roll out of the database, as its file gave it (`row_of`).

    Raises:
        psycopg.errors.CheckViolation: it is not what stands there.
    """
    raw.execute(_ARCHIVE, (archive.month, archive.part, group, *row))


def lend_rolls(raw: Raw, rows: Iterable[Sequence[Any]], now: datetime) -> None:
    """Have archived rolls in the database for some days.

    Raises:
        psycopg.errors.CheckViolation: one is not what was archived.
    """
    for row in rows:
        raw.execute(_LEND, (*row, now))


def day_to_pack(raw: Raw, month: date) -> date | None:
    """Return the first day up to the month's end of which windows wait to be packed."""
    (day,) = raw.execute(_DAY, (next_month(month),)).fetchone() or (None,)
    return day


def read_on(raw: Raw, month: date) -> None:
    """Have every day of a month read into stretches and holds."""
    raw.execute("SELECT read_days(%s)", (month,))


def months_to_archive(raw: Raw, today: date, months: int) -> list[date]:
    """Return the sealed months that are over for so many months and may have something left."""
    return [month for (month,) in raw.execute(_MONTHS, {"today": today, "months": months})]


def is_over(month: date, today: date) -> bool:
    """Whether a whole month has passed since this one ended."""
    return today >= next_month(next_month(month))
