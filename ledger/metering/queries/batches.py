"""Read batches as they were signed: the exact bytes, and what of them is stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.errors import NotFound

# Of a stream, or of a cluster's agents.
_ASKED = """
    (CAST(:stream AS uuid) IS NULL OR b.stream = :stream)
    AND (CAST(:cluster AS text) IS NULL OR b.agent_id IN (
        SELECT a.id FROM agents a JOIN clusters c ON c.id = a.cluster_id WHERE c.name = :cluster))
"""
# As many rows and rolls as a page could need, and of these the page's batches alone are opened.
_BATCHES = text(f"""
    SELECT b.stream, b.number, b.hash, b.agent_id AS agent, a.node, c.name AS cluster, a.source,
           b.received_at, octet_length(b.bytes) AS size
    FROM (
        SELECT k.stream, k.number FROM (
            (SELECT stream, number AS first, number AS last FROM batches b WHERE {_ASKED}
             ORDER BY stream DESC, number DESC LIMIT :limit + :offset)
            UNION ALL
            (SELECT stream, first, last FROM roll_spans b WHERE {_ASKED}
             ORDER BY stream DESC, first DESC LIMIT :limit + :offset)
        ) r CROSS JOIN LATERAL (SELECT r.stream, generate_series(r.first, r.last) AS number) k
        ORDER BY k.stream DESC, k.number DESC LIMIT :limit OFFSET :offset
    ) k CROSS JOIN LATERAL kept_batch(k.stream, k.number) b
    JOIN agents a ON a.id = b.agent_id JOIN clusters c ON c.id = a.cluster_id
    ORDER BY b.stream DESC, b.number DESC
""")
_BATCH = text("""
    SELECT b.stream, b.number, b.hash, b.signature, b.agent_id AS agent, a.node, c.name AS cluster,
           a.source, a.public_key, b.received_at, octet_length(b.bytes) AS size, b.bytes, b.answer
    FROM kept_batch(:stream, :number) b JOIN agents a ON a.id = b.agent_id
    JOIN clusters c ON c.id = a.cluster_id
""")
_STORED = text("""
    SELECT gpu, start, body
    FROM kept_windows(:gpus, :low, CAST(:high AS timestamptz) + interval '1 minute')
    WHERE stream = :stream AND number = :number ORDER BY start, gpu
""")


def batches(
    db: Session,
    *,
    stream: UUID | None = None,
    cluster: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Return batches without their bytes, stream by stream, of each the newest first."""
    params = {"stream": stream, "cluster": cluster, "limit": limit, "offset": offset}
    return db.execute(_BATCHES, params).all()


def batch(db: Session, stream: UUID, number: int) -> Row[Any]:
    """Return a batch with its bytes, its signature and the key that is to have made it.

    Raises:
        NotFound: there is no such batch (`batch`).
    """
    row = db.execute(_BATCH, {"stream": stream, "number": number}).one_or_none()
    if row is None:
        raise NotFound("batch", stream=str(stream), number=number)
    return row


def stored_windows(
    db: Session, stream: UUID, number: int, gpus: Sequence[str], span: tuple[datetime, datetime]
) -> Sequence[Row[Any]]:
    """Return the windows that were stored of a batch, of these GPUs, from one start to another."""
    low, high = span
    params = {"stream": stream, "number": number, "gpus": gpus, "low": low, "high": high}
    return db.execute(_STORED, params).all()
