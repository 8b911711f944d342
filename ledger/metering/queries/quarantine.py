"""Conflicts and the quarantine, and release from it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from ledger.metering.queries.windows import KeptWindow, Origin, Raw

Place = tuple[int, str]  # cluster and node


def places(raw: Raw, gpus: Iterable[str]) -> dict[str, Place]:
    """Return the places of those of these GPUs that are registered."""
    rows = raw.execute("SELECT gpu, cluster, node FROM gpus WHERE gpu = ANY(%s)", (list(gpus),))
    return {gpu: (cluster, node) for gpu, cluster, node in rows}


def keep_conflicts(raw: Raw, windows: Sequence[KeptWindow], origin: Origin, now: datetime) -> None:
    """Store second bodies of kept windows; the first ones stand, a person decides."""
    if not windows:
        return
    with raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO conflicts (gpu, start, hash, cluster, stream, number, received_at, body)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::text::jsonb) ON CONFLICT DO NOTHING",
            [
                (
                    w.gpu,
                    w.start,
                    sha256(w.body).digest(),
                    origin.cluster,
                    origin.stream,
                    origin.number,
                    now,
                    w.body.decode(),
                )
                for w in windows
            ],
        )


def quarantine(
    raw: Raw, aside: Sequence[tuple[str, KeptWindow]], origin: Origin, node: str, now: datetime
) -> None:
    """Store windows that cannot count yet, each with its reason."""
    if not aside:
        return
    with raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quarantine (gpu, start, hash, reason, cluster, node, source, stream,"
            " number, received_at, body)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text::jsonb)"
            " ON CONFLICT DO NOTHING",
            [
                (
                    w.gpu,
                    w.start,
                    sha256(w.body).digest(),
                    reason,
                    origin.cluster,
                    node,
                    origin.source,
                    origin.stream,
                    origin.number,
                    now,
                    w.body.decode(),
                )
                for reason, w in aside
            ],
        )


# The judge has the last word; what cannot count by now need not be read, however much it is.
_QUARANTINED = """
    SELECT q.gpu, q.start, q.hash, q.cluster, q.node, q.body, q.source, q.stream, q.number, c.name
    FROM quarantine q JOIN clusters c ON c.id = q.cluster
    LEFT JOIN gpus g ON g.gpu = q.gpu AND g.cluster = q.cluster AND g.node = q.node
    WHERE q.released_at IS NULL AND (%(cluster)s::bigint IS NULL OR q.cluster = %(cluster)s)
        AND (g.gpu IS NOT NULL OR starts_with(q.gpu, 'job/' || c.name || '/'))
        AND q.start <= %(latest_start)s
    ORDER BY q.cluster, q.source, q.stream, q.number, q.gpu, q.start
"""


def quarantined_windows(
    raw: Raw, cluster: int | None, latest_start: datetime
) -> list[tuple[Any, ...]]:
    """Return what may count by now: key (5 columns), body, source, stream, number, cluster."""
    params = {"cluster": cluster, "latest_start": latest_start}
    return raw.execute(_QUARANTINED, params).fetchall()


def mark_released(raw: Raw, keys: Sequence[tuple[Any, ...]], now: datetime) -> int:
    """Mark these as kept, as windows or conflicts; return how many."""
    with raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE quarantine SET released_at = %s"
            " WHERE gpu = %s AND start = %s AND hash = %s AND cluster = %s AND node = %s",
            [(now, *key) for key in keys],
        )
    return len(keys)
