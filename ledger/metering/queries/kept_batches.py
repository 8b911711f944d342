"""Read batches whole, in whatever form they are kept: as rows, or many in a roll.

Whoever needs the bytes of batches, their signatures or answers reads them here or by the view
`kept_batches` and the function `kept_batch` (07_batches), on which this rests.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row

from ledger.errors import NotFound
from ledger.metering.queries.windows import Raw

_AT_ONCE = 200  # rows fetched: a batch has up to a mebibyte

_BETWEEN = """
    SELECT b.stream, b.number, b.hash, b.bytes AS body, b.signature, b.agent_id AS agent,
           b.received_at, b.answer
    FROM (
        SELECT * FROM batches
        UNION ALL
        SELECT o.* FROM roll_spans s CROSS JOIN LATERAL roll_at(s.stream, s.first) r
        CROSS JOIN LATERAL open_roll(r) o
        WHERE s.received && tstzrange(%(since)s, %(until)s)
    ) b
    WHERE b.received_at >= %(since)s AND b.received_at < %(until)s ORDER BY b.stream, b.number
"""
_ONE = """
    SELECT stream, number, hash, bytes AS body, signature, agent_id AS agent, received_at, answer
    FROM kept_batch(%s, %s)
"""


class KeptBatch(NamedTuple):
    """A batch as it came: `hash` is the SHA-256 of `body`, which the agent signed.

    `answer` is what it was answered, as intake keeps it (kept, known, conflicts, quarantined,
    refused).
    """

    stream: UUID
    number: int
    hash: bytes
    body: bytes
    signature: bytes
    agent: UUID
    received_at: datetime
    answer: dict[str, Any]


def kept_batches(raw: Raw, since: datetime, until: datetime) -> Iterator[KeptBatch]:
    """Return the batches received from `since` and before `until`, by stream and number.

    Memory stays as it is, however many there are: they come through a cursor of the server's, so
    the caller is in a transaction and reads them all within it.
    """
    name = f"kept_batches_{uuid4().hex}"
    with raw.cursor(name, row_factory=class_row(KeptBatch)) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_BETWEEN, {"since": since, "until": until})
        yield from cursor


def kept_batch(raw: Raw, stream: UUID, number: int) -> KeptBatch:
    """Return one batch.

    Raises:
        NotFound: there is no such batch (`batch`).
    """
    with raw.cursor(row_factory=class_row(KeptBatch)) as cursor:
        batch = cursor.execute(_ONE, (stream, number)).fetchone()
    if batch is None:
        raise NotFound("batch", stream=str(stream), number=number)
    return batch
