"""Conflicts and the quarantine, and release from it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.metering.codes import OF_ITS_DAY, QuarantineReason
from ledger.metering.queries.windows import KeptWindow, Origin, Raw

Place = tuple[int, str]  # cluster and node


class Registered(NamedTuple):
    """Where a GPU is registered, and from when until when."""

    place: Place
    since: datetime
    until: datetime | None


def places(raw: Raw, gpus: Iterable[str]) -> dict[str, Registered]:
    """Return the places of those of these GPUs that are registered."""
    rows = raw.execute(
        "SELECT gpu, cluster_id, node, registered_from, retired_at FROM gpus WHERE gpu = ANY(%s)",
        (list(gpus),),
    )
    return {gpu: Registered((cluster, node), *days) for gpu, cluster, node, *days in rows}


# A word that is the newest of its window already is not stored once more.
_KEEP_CONFLICTS = """
    INSERT INTO conflicts (gpu, start, hash, cluster_id, stream, number, received_at, body)
    SELECT u.gpu, u.start, u.hash, %(cluster)s, %(stream)s, %(number)s, %(now)s, u.body::jsonb
    FROM unnest(%(gpus)s::text[], %(starts)s::timestamptz[], %(hashes)s::bytea[],
                %(bodies)s::text[]) AS u(gpu, start, hash, body)
    WHERE u.hash IS DISTINCT FROM (
        SELECT x.hash FROM conflicts x WHERE (x.gpu, x.start) = (u.gpu, u.start)
        ORDER BY x.received_at DESC, x.number DESC, x.hash LIMIT 1)
    ON CONFLICT DO NOTHING
"""


def keep_conflicts(raw: Raw, windows: Sequence[KeptWindow], origin: Origin, now: datetime) -> None:
    """Store later bodies of kept windows; the first ones stand, persons decide."""
    if not windows:
        return
    values = {
        "cluster": origin.cluster, "stream": origin.stream, "number": origin.number, "now": now,
        "gpus": [w.gpu for w in windows], "starts": [w.start for w in windows],
        "hashes": [sha256(w.body).digest() for w in windows],
        "bodies": [w.body.decode() for w in windows],
    }  # fmt: skip
    raw.execute(_KEEP_CONFLICTS, values)


def retellings(raw: Raw, windows: Sequence[KeptWindow]) -> list[KeptWindow]:
    """Return those of which something else was said before: this word is newer than that."""
    if not windows:
        return []
    rows = raw.execute(
        "SELECT DISTINCT x.gpu, x.start FROM conflicts x"
        " JOIN unnest(%s::text[], %s::timestamptz[]) AS u(gpu, start) USING (gpu, start)",
        ([w.gpu for w in windows], [w.start for w in windows]),
    )
    keys = set(rows.fetchall())
    return [w for w in windows if (w.gpu, w.start) in keys]


def quarantine(
    raw: Raw, aside: Sequence[tuple[str, KeptWindow]], origin: Origin, node: str, now: datetime
) -> None:
    """Store windows that cannot count yet, each with its reason."""
    if not aside:
        return
    with raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quarantine (gpu, start, hash, reason, cluster_id, node, source, stream,"
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
    SELECT q.gpu, q.start, q.hash, q.cluster_id, q.node, q.body, q.source, q.stream, q.number,
           c.name, a.id, a.enrolled_at, a.history_from, a.approved_at IS NOT NULL,
           q.received_at, q.reason, q.admitted_at IS NOT NULL
    FROM quarantine q JOIN clusters c ON c.id = q.cluster_id
    JOIN batches b ON b.stream = q.stream AND b.number = q.number
    JOIN agents a ON a.id = b.agent_id
    LEFT JOIN gpus g ON g.gpu = q.gpu AND g.cluster_id = q.cluster_id AND g.node = q.node
    WHERE q.released_at IS NULL AND (%(cluster)s::bigint IS NULL OR q.cluster_id = %(cluster)s)
        AND (g.gpu IS NOT NULL OR starts_with(q.gpu, 'job/' || c.name || '/'))
        AND q.start <= %(latest_start)s AND a.approved_at IS NOT NULL
        AND (q.admitted_at IS NOT NULL OR q.reason <> ALL(%(of_its_day)s))
        {and_reason}
    ORDER BY q.cluster_id, q.node, q.admitted_at IS NOT NULL, q.source, q.stream,
             q.number, q.gpu, q.start
"""


def quarantined_windows(
    raw: Raw, cluster: int | None, latest_start: datetime, reason: QuarantineReason | None = None
) -> list[tuple[Any, ...]]:
    """Return what may count by now, of all that waits or of what waits for this reason.

    Key (5 columns), body, source, stream, number, cluster; agent, enrolled, history from, approved;
    when received, the reason, whether the bureau admitted it in spite of its day.
    """
    params = {
        "cluster": cluster,
        "latest_start": latest_start,
        "of_its_day": [str(code) for code in OF_ITS_DAY],
    }
    # written out, so that the few that come from the future have an index of their own
    and_reason = "" if reason is None else f"AND q.reason = '{reason.value}'"
    return raw.execute(_QUARANTINED.format(and_reason=and_reason), params).fetchall()


def restate(raw: Raw, reasons: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
    """Write what is against these by now, where it is another reason than before."""
    with raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE quarantine SET reason = %s"
            " WHERE gpu = %s AND start = %s AND hash = %s AND cluster_id = %s AND node = %s",
            [(reason, *key) for reason, key in reasons],
        )


def mark_released(raw: Raw, keys: Sequence[tuple[Any, ...]], now: datetime) -> int:
    """Mark these as kept, as windows or conflicts; return how many."""
    with raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE quarantine SET released_at = %s"
            " WHERE gpu = %s AND start = %s AND hash = %s AND cluster_id = %s AND node = %s",
            [(now, *key) for key in keys],
        )
    return len(keys)
