"""Pack the batches of closed days: many of a stream become one row, to the byte the same.

What repeats from batch to batch is kept once (`rules/runs.py`); `pack_batches` (48_runs) reads the
run back and compares it with the rows before they go, in one transaction for each run. `kept_batches`
reads batches in both forms. Those that are not sealed yet stay, those of which windows wait in
quarantine, those of witnesses and of jobs' sources, and any that is not written as agents write it.
"""

from collections.abc import Callable, Generator
from datetime import datetime

import psycopg
from sqlmodel import Session

from ledger.metering.queries.runs import Span, keep_run, said, spans
from ledger.metering.queries.windows import raw_connection
from ledger.metering.rules.runs import Unpackable, previous_of, run_of
from ledger.metering.steps.pack import KEPT_WHOLE
from ledger.units import beijing_day, midnight

BYTES_MAX = 4 * 1024 * 1024
"""Of batches in a run: as long as one is opened within some tens of milliseconds."""


def pack_runs(session: Callable[[], Session], now: datetime) -> Generator[int]:
    """Pack what can be packed of closed days; yield how many batches each run took.

    `session` opens a session, which is committed after each run.
    """
    before = midnight(beijing_day(now - KEPT_WHOLE))
    with session() as db, db.begin():
        waiting = spans(raw_connection(db), before, BYTES_MAX)
    for span in waiting:
        yield _pack(session, span)


def _pack(session: Callable[[], Session], span: Span) -> int:
    """Pack a span; where it cannot be, its halves, so that one batch keeps no other from it."""
    try:
        with session() as db, db.begin():
            raw = raw_connection(db)
            batches = said(raw, span)
            previous = previous_of(batches[0].body)
            keep_run(raw, span, previous, run_of(batches, previous))
    except (Unpackable, psycopg.errors.CheckViolation):
        if span.first == span.last:
            return 0
        middle = (span.first + span.last) // 2
        halves = span._replace(last=middle), span._replace(first=middle + 1)
        return sum(_pack(session, half) for half in halves)
    return len(batches)
