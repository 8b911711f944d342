"""Streams of batches: the next number, the answers given, the exact bytes, and relays on the way.

A batch's bytes and signature are stored for ever, with its answer; another body under a known
number, or one that does not follow its predecessor, is stored as evidence.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlmodel import Session

from ledger.metering.queries.windows import Raw

FORKS_MAX = 100
"""Of an agent: they prove that a node was cloned, and more of them prove no more."""

RELAYS_MAX = 32
"""Of a cluster, that told something within `RELAY_KEPT`: anybody on the way could make up names."""

RELAY_KEPT = timedelta(days=7)
"""A relay that told nothing for so long is gone."""

_BY_NAME = UUID("5e1f0d0e-0000-5000-8000-000000000000")
"""Of relays that say nothing but their name: those of one name are one."""

RELAY_LATE = timedelta(minutes=10)
"""What waits longer in a relay is a matter for its operator."""


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


def lock_streams(raw: Raw, streams: Collection[UUID]) -> dict[UUID, Head]:
    """Lock streams, in one order whoever asks, and return their heads; a new stream has none."""
    with raw.cursor() as cursor, raw.pipeline():
        raw.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(stream, 1))"
            " FROM unnest(%s::text[]) AS stream",
            (sorted(map(str, streams)),),
        )
        cursor.execute(
            "SELECT stream, agent_id, number, hash FROM streams WHERE stream = ANY(%s)",
            ([*streams],),
        )
        return {stream: Head(*head) for stream, *head in cursor.fetchall()}


def answer_of(raw: Raw, batch: SignedBatch) -> dict[str, Any] | None:
    """Return the answer given to these bytes; None if the number has other bytes."""
    row = raw.execute(
        "SELECT answer FROM kept_batch(%s, %s) WHERE hash = %s",
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


class AnsweredBatch(NamedTuple):
    """A batch that is taken, the answer to it, and when it came."""

    batch: SignedBatch
    answer: dict[str, Any]
    now: datetime


_KEEP_BATCHES = """
    INSERT INTO batches (stream, number, hash, signature, agent_id, received_at, answer, bytes)
    SELECT * FROM unnest(%s::uuid[], %s::bigint[], %b::bytea[], %b::bytea[], %s::uuid[],
                         %s::timestamptz[], %s::jsonb[], %b::bytea[])
"""
_MOVE_HEADS = """
    INSERT INTO streams (stream, agent_id, number, hash, sent_at, received_at)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %b::bytea[], %s::timestamptz[],
                         %s::timestamptz[])
    ON CONFLICT (stream) DO UPDATE SET number = excluded.number, hash = excluded.hash,
        sent_at = excluded.sent_at, received_at = excluded.received_at
"""


def advance(raw: Raw, batches: Sequence[AnsweredBatch]) -> None:
    """Store the next batches of streams, of each one, with their answers; they become the heads."""
    moments = [now for _, _, now in batches]
    answers = [Jsonb(answer) for _, answer, _ in batches]
    agents, streams, numbers, hashes, bodies, signatures, sending_times = (
        list(column) for column in zip(*(batch for batch, _, _ in batches), strict=True)
    )
    raw.execute(
        _KEEP_BATCHES,
        (streams, numbers, hashes, signatures, agents, moments, answers, bodies),
    )
    raw.execute(_MOVE_HEADS, (streams, agents, numbers, hashes, sending_times, moments))


class RelayQueue(NamedTuple):
    """What a relay said of its queue: how many batches wait, since when, bytes of its disk.

    `relay` tells it from others of its name; older ones say none, and share their name's.
    """

    name: str
    batches: int
    oldest: timedelta
    bytes: int
    bytes_max: int
    relay: UUID | None = None


@dataclass(frozen=True)
class RelayStatus:
    """The queue of a relay, as it told last; `bytes` of `bytes_max` of its disk are in use."""

    cluster: str
    name: str
    relay: UUID
    batches: int
    waiting_since: datetime | None
    bytes: int
    bytes_max: int
    told_at: datetime

    def waits(self, now: datetime) -> timedelta:
        """How long its oldest batch has waited; nothing if none waits."""
        return timedelta(0) if self.waiting_since is None else now - self.waiting_since

    def is_late(self, now: datetime) -> bool:
        """Whether its oldest batch has waited too long."""
        return self.waits(now) > RELAY_LATE


def keep_relay(raw: Raw, agent: UUID, queue: RelayQueue, now: datetime) -> None:
    """Store what a relay said beside a batch of this agent, for as many relays as may be."""
    since = now - queue.oldest if queue.batches else None
    raw.execute(
        "INSERT INTO relays (cluster_id, relay, name, batches, waiting_since, bytes, bytes_max,"
        "     told_at)"
        " SELECT a.cluster_id, %(relay)s, %(name)s, %(batches)s, %(since)s, %(bytes)s,"
        "     %(bytes_max)s, %(now)s"
        " FROM agents a WHERE a.id = %(agent)s AND (SELECT count(*) FROM relays r"
        "     WHERE r.cluster_id = a.cluster_id AND r.relay <> %(relay)s AND r.told_at > %(kept)s)"
        "     < %(most)s"
        " ON CONFLICT (cluster_id, relay) DO UPDATE SET name = excluded.name,"
        " batches = excluded.batches,"
        " waiting_since = excluded.waiting_since, bytes = excluded.bytes,"
        " bytes_max = excluded.bytes_max, told_at = excluded.told_at",
        {
            "agent": agent, "relay": queue.relay or uuid5(_BY_NAME, queue.name), "name": queue.name,
            "batches": queue.batches, "since": since,
            "bytes": queue.bytes, "bytes_max": queue.bytes_max, "now": now,
            "kept": now - RELAY_KEPT, "most": RELAYS_MAX,
        },
    )  # fmt: skip


_RELAYS = text("""
    SELECT c.name AS cluster, r.name, r.relay, r.batches, r.waiting_since, r.bytes, r.bytes_max,
           r.told_at
    FROM relays r JOIN clusters c ON c.id = r.cluster_id
    WHERE r.told_at > :kept AND (CAST(:centre AS bigint) IS NULL OR c.centre_id = :centre)
    ORDER BY c.name, r.name, r.relay
""")


def relays(db: Session, centre: int | None, now: datetime) -> Sequence[RelayStatus]:
    """Return the relays of a centre's clusters, or of all, but for those that are gone."""
    rows = db.execute(_RELAYS, {"centre": centre, "kept": now - RELAY_KEPT})
    return [RelayStatus(**row._mapping) for row in rows]  # noqa: SLF001
