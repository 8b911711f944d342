"""Streams of batches: the next number, the answers given, and the exact bytes.

A batch's bytes and signature are stored for ever, with its answer; another body under a known
number, or one that does not follow its predecessor, is stored as evidence.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from ledger.metering.queries.windows import Raw

FORKS_MAX = 100
"""Of an agent: they prove that a node was cloned, and more of them prove no more."""


class Head(NamedTuple):
    """The newest batch of a stream: its agent, number and hash."""

    agent: UUID
    number: int
    hash: bytes


class SignedBatch(NamedTuple):
    """A batch as bytes, at its place in a stream; `hash` is the SHA-256 of `body`."""

    agent: UUID
    stream: UUID
    number: int
    hash: bytes
    body: bytes
    signature: bytes
    sent_at: datetime


def lock_stream(raw: Raw, stream: UUID) -> Head | None:
    """Lock a stream and return its head; None for a new stream."""
    raw.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(stream),))
    row = raw.execute(
        "SELECT agent_id, number, hash FROM streams WHERE stream = %s", (stream,)
    ).fetchone()
    return Head(*row) if row else None


def answer_of(raw: Raw, batch: SignedBatch) -> dict[str, Any] | None:
    """Return the answer given to these bytes; None if the number has other bytes."""
    row = raw.execute(
        "SELECT answer FROM batches WHERE stream = %s AND number = %s AND hash = %s",
        (batch.stream, batch.number, batch.hash),
    ).fetchone()
    return row[0] if row else None


def keep_fork(raw: Raw, batch: SignedBatch, now: datetime) -> None:
    """Store other bytes under a known number as evidence, once, and the first few of an agent."""
    raw.execute(
        "INSERT INTO forks (stream, number, hash, agent_id, received_at, bytes)"
        " SELECT %(stream)s, %(number)s, %(hash)s, %(agent)s, %(now)s, %(bytes)b"
        " WHERE (SELECT count(*) FROM forks WHERE agent_id = %(agent)s) < %(most)s"
        " ON CONFLICT DO NOTHING",
        {
            "stream": batch.stream, "number": batch.number, "hash": batch.hash,
            "agent": batch.agent, "now": now, "bytes": batch.body, "most": FORKS_MAX,
        },
    )  # fmt: skip


def advance(raw: Raw, batch: SignedBatch, answer: dict[str, Any], now: datetime) -> None:
    """Store the next batch of a stream with its answer, and make it the head."""
    raw.execute(
        "INSERT INTO batches (stream, number, hash, signature, agent_id, received_at, answer,"
        " bytes) VALUES (%s, %s, %s, %s, %s, %s, %s, %b)",
        (
            batch.stream,
            batch.number,
            batch.hash,
            batch.signature,
            batch.agent,
            now,
            Jsonb(answer),
            batch.body,
        ),
    )
    raw.execute(
        "INSERT INTO streams (stream, agent_id, number, hash, sent_at, received_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (stream) DO UPDATE SET"
        " number = excluded.number, hash = excluded.hash, sent_at = excluded.sent_at,"
        " received_at = excluded.received_at",
        (batch.stream, batch.agent, batch.number, batch.hash, batch.sent_at, now),
    )
