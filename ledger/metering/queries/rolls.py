"""Which batches may become a roll, and the making of one; the database compares them (48_rolls)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from ledger.metering.queries.windows import Raw
from ledger.metering.rules.rolls import Candidate, Roll, Said, Span

AT_ONCE = 500
"""Batches of a stream that are looked at in one step."""

_DAY = "SELECT max(day) FROM window_days WHERE state = 'batches'"
_STREAMS = """
    SELECT s.stream FROM streams s
    JOIN agents a ON a.id = s.agent_id AND a.source IN ('nvml', 'dcgm') ORDER BY s.stream
"""
# Those behind the last roll: what could not be packed with its neighbours stays as it is.
_BEHIND = """
    SELECT last FROM roll_spans WHERE stream = %s ORDER BY first DESC LIMIT 1
"""
_CANDIDATES = """
    SELECT b.number, octet_length(b.bytes), b.received_at,
           CASE WHEN NOT EXISTS (
                   SELECT FROM window_counts c
                   WHERE (c.stream, c.number) = (b.stream, b.number) AND c.waiting > 0)
               THEN (SELECT max(l.seal) FROM sealed_rows l WHERE l.relation = 'batches'
                         AND l.key = jsonb_build_array(b.stream, b.number)::text) END
    FROM batches b WHERE b.stream = %s AND b.number > %s ORDER BY b.number LIMIT %s
"""
_SAID = """
    SELECT b.number, b.bytes, b.hash, b.signature, a.public_key,
           (extract(epoch FROM b.received_at) * 1000000)::bigint, b.answer::text
    FROM batches b JOIN agents a ON a.id = b.agent_id
    WHERE b.stream = %s AND b.number BETWEEN %s AND %s ORDER BY b.number
"""
_PACK = """
    SELECT pack_batches(%s, %s, %s, %s, %s, %s::integer[], %s::smallint[], %s, %s::bigint[],
                        %s::bigint[], %s::smallint[], %s)
"""


def day_to_pack(raw: Raw) -> date | None:
    """Return the last Beijing day that was closed since batches were looked at."""
    (day,) = raw.execute(_DAY).fetchone() or (None,)
    return day


def close_day(raw: Raw, day: date) -> None:
    """Note that the batches were looked at since a day was closed."""
    raw.execute("SELECT close_batch_day(%s)", (day,))


def streams(raw: Raw) -> list[UUID]:
    """Return the streams whose batches may be packed."""
    return [stream for (stream,) in raw.execute(_STREAMS)]


def end_of_rolls(raw: Raw, stream: UUID) -> int:
    """Return the number of the last batch that is packed; 0, where none is."""
    (last,) = raw.execute(_BEHIND, (stream,)).fetchone() or (0,)
    return int(last)


def candidates(raw: Raw, stream: UUID, after: int, before: datetime) -> list[Candidate]:
    """Return the next batches of a stream behind a number, up to one received later than that."""
    rows = []
    for number, size, received_at, seal in raw.execute(_CANDIDATES, (stream, after, AT_ONCE)):
        if received_at >= before:
            break
        rows.append(Candidate(number, size, seal))
    return rows


def batches_of(raw: Raw, span: Span) -> list[Said]:
    """Return the batches of a span."""
    return [Said(*row) for row in raw.execute(_SAID, span)]


def keep_roll(raw: Raw, span: Span, previous: bytes, roll: Roll) -> None:
    """Have a roll stand for its batches.

    Raises:
        psycopg.errors.CheckViolation: it does not say the same, or some of them may not be packed.
    """
    columns: Sequence[object] = (
        roll.templates, roll.counts, roll.columns, roll.kinds, roll.bases, roll.steps, roll.widths,
        bytes(roll.content),
    )  # fmt: skip
    raw.execute(_PACK, (*span, previous, *columns))
