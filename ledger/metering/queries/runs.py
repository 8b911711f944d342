"""Which batches may become a run, and the making of one; the database compares them (48_runs)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger.metering.queries.windows import Raw
from ledger.metering.rules.runs import Run, Said

# Consecutive batches of a stream that one seal took, as much of them as one run holds.
_SPANS = """
    SELECT stream, min(number), max(number) FROM (
        SELECT b.stream, b.number, l.seal,
               b.number - row_number() OVER within AS island,
               sum(octet_length(b.bytes)) OVER within / %(bytes)s AS part
        FROM batches b JOIN agents a ON a.id = b.agent_id AND a.source IN ('nvml', 'dcgm')
        JOIN sealed_rows l ON l.relation = 'batches'
            AND l.key = jsonb_build_array(b.stream, b.number)::text
        WHERE b.received_at < %(before)s
            AND NOT EXISTS (SELECT FROM window_counts c
                            WHERE (c.stream, c.number) = (b.stream, b.number) AND c.waiting > 0)
        WINDOW within AS (PARTITION BY b.stream, l.seal ORDER BY b.number)
    ) b
    GROUP BY stream, seal, island, part ORDER BY stream, min(number)
"""
_SAID = """
    SELECT number, bytes, hash, (extract(epoch FROM received_at) * 1000000)::bigint, answer::text
    FROM batches WHERE stream = %s AND number BETWEEN %s AND %s ORDER BY number
"""
_PACK = """
    SELECT pack_batches(%s, %s, %s, %s, %s, %s::integer[], %s::smallint[], %s, %s::bigint[],
                        %s::bigint[], %s::smallint[], %s)
"""


class Span(NamedTuple):
    """Batches of a stream, from the first number to the last."""

    stream: UUID
    first: int
    last: int


def spans(raw: Raw, before: datetime, bytes_max: int) -> list[Span]:
    """Return what may be packed of what was received before a moment, as runs of so many bytes."""
    return [Span(*row) for row in raw.execute(_SPANS, {"before": before, "bytes": bytes_max})]


def said(raw: Raw, span: Span) -> list[Said]:
    """Return the batches of a span."""
    return [Said(*row) for row in raw.execute(_SAID, span)]


def keep_run(raw: Raw, span: Span, previous: bytes, run: Run) -> None:
    """Have a run stand for its batches.

    Raises:
        psycopg.errors.CheckViolation: it does not say the same, or some of them may not be packed.
    """
    columns: Sequence[object] = (
        run.templates, run.counts, run.columns, run.kinds, run.bases, run.steps, run.widths,
        bytes(run.content),
    )  # fmt: skip
    raw.execute(_PACK, (*span, previous, *columns))
