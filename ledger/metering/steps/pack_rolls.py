"""Pack the batches of closed days: many of a stream become one row, to the byte the same.

What repeats from batch to batch is kept once (`rules/rolls.py`); `pack_batches` (48_rolls) reads
the roll back and compares it with the rows before they go, in one transaction for each roll. The
view `kept_batches` shows batches in both forms. Those that are not sealed stay rows, those of which
windows wait in quarantine, those of witnesses and of jobs' sources, and any that no key signed or
that is not written as agents write it.
"""

from collections.abc import Callable, Generator
from datetime import datetime
from uuid import UUID

import psycopg
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from sqlmodel import Session

from ledger.metering.queries import rolls
from ledger.metering.queries.windows import raw_connection
from ledger.metering.rules.rolls import Said, Span, Unpackable, previous_of, roll_of, spans
from ledger.metering.steps.pack import KEPT_WHOLE
from ledger.units import beijing_day, midnight

Sessions = Callable[[], Session]


def pack_rolls(session: Sessions, now: datetime) -> Generator[int]:
    """Pack batches received before the last two days, once for each day whose windows are packed.

    `session` opens a session, which is committed after each roll; yields how many batches each
    took.
    """
    before = midnight(beijing_day(now - KEPT_WHOLE))
    with session() as db, db.begin():
        raw = raw_connection(db)
        day = rolls.day_to_pack(raw)
        streams = rolls.streams(raw) if day else []
    if day is None:
        return
    for stream in streams:
        yield from _pack_stream(session, stream, before)
    with session() as db, db.begin():
        rolls.close_day(raw_connection(db), day)


def _pack_stream(session: Sessions, stream: UUID, before: datetime) -> Generator[int]:
    after = None
    while True:
        with session() as db, db.begin():
            raw = raw_connection(db)
            after = rolls.end_of_rolls(raw, stream) if after is None else after
            candidates = rolls.candidates(raw, stream, after, before)
        for span in spans(stream, candidates):
            yield _pack(session, span)
        if len(candidates) < rolls.AT_ONCE:
            return
        after = candidates[-1].number


def _pack(session: Sessions, span: Span) -> int:
    """Pack a span; where it cannot be, its halves, so that one batch keeps no other from it."""
    try:
        with session() as db, db.begin():
            raw = raw_connection(db)
            batches = rolls.batches_of(raw, span)
            if not batches:
                return 0  # another server packed them
            _check_signatures(batches)
            previous = previous_of(batches[0].body)
            rolls.keep_roll(raw, span, previous, roll_of(batches, previous))
    except (Unpackable, psycopg.errors.CheckViolation):
        if span.first == span.last:
            return 0
        middle = (span.first + span.last) // 2
        halves = span._replace(last=middle), span._replace(first=middle + 1)
        return sum(_pack(session, half) for half in halves)
    return len(batches)


def _check_signatures(batches: list[Said]) -> None:
    for batch in batches:
        try:
            VerifyKey(batch.public_key).verify(batch.hash, batch.signature)
        except (BadSignatureError, ValueError) as error:
            raise Unpackable from error
