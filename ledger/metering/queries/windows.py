"""Store each window once; the database folds new ones into day totals (`fold_windows`).

The next batch of a stream is nearly always new, so it is copied straight into the table inside a
savepoint; only if a key exists are its windows compared one by one. Rows are always written in the
order of their keys, so that two intakes cannot deadlock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb
from sqlmodel import Session

from ledger.units import beijing_day

Raw = psycopg.Connection[Any]


class KeptWindow(Struct, frozen=True, gc=False):
    """A window as stored: its key, its length, and its body (the wire's JSON)."""

    gpu: str
    start: datetime
    window_ms: int
    body: bytes


@dataclass(frozen=True)
class Origin:
    """The cluster, source and batch of windows."""

    cluster: int
    source: str
    stream: UUID
    number: int


@dataclass(frozen=True)
class Outcome:
    """Fresh windows were stored; known ones existed; conflicting ones have another body."""

    fresh: list[KeptWindow]
    known: list[KeptWindow]
    conflicting: list[KeptWindow]


def raw_connection(db: Session) -> Raw:
    """Return the psycopg connection of a session, inside its transaction."""
    raw = db.connection().connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the only driver there is
    if raw.info.transaction_status == TransactionStatus.IDLE:
        raw.execute("SELECT 1")  # so that raw.transaction() is a savepoint, not the transaction
    return raw


def keep(raw: Raw, windows: Iterable[KeptWindow], origin: Origin) -> Outcome:
    """Store new windows; the first body of a key stands."""
    first: dict[tuple[datetime, str], KeptWindow] = {}
    again = [w for w in windows if first.setdefault((w.start, w.gpu), w) is not w]
    if not first:
        return Outcome([], [], [])
    sorted_windows = [first[key] for key in sorted(first)]  # as agents send them: hardly any work
    _ensure_months(raw, {beijing_day(w.start).replace(day=1) for w in sorted_windows})
    try:
        with raw.transaction():
            _copy(raw, ((w, origin) for w in sorted_windows))
            outcome = Outcome(sorted_windows, [], [])
    except psycopg.errors.UniqueViolation:
        outcome = _insert_some(raw, sorted_windows, origin)
    _compare(raw, again, outcome)  # said twice in one batch: asked of what stands by now
    return outcome


def keep_fresh(raw: Raw, batches: Sequence[tuple[Origin, Sequence[KeptWindow]]]) -> None:
    """Store windows of several batches that nobody said before, of each key one.

    Raises psycopg's UniqueViolation where somebody did; the caller's savepoint goes with it.
    """
    rows = [(w.start, w.gpu, w, origin) for origin, windows in batches for w in windows]
    if rows:
        rows.sort(key=itemgetter(0, 1))
        _ensure_months(raw, {beijing_day(row[0]).replace(day=1) for row in rows})
        _copy(raw, ((w, origin) for *_, w, origin in rows))


def _ensure_months(raw: Raw, months: set[date]) -> None:
    raw.execute("SELECT ensure_month(day) FROM unnest(%s::date[]) AS day", (sorted(months),))


_COPY = (
    "COPY windows (gpu, start, cluster_id, source, stream, number, body) FROM STDIN (FORMAT binary)"
)
_TYPES = ("text", "timestamptz", "int8", "text", "uuid", "int8", "jsonb")


def _copy(raw: Raw, windows: Iterable[tuple[KeptWindow, Origin]]) -> None:
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for w, of in windows:
            body = Jsonb(w.body, dumps=_as_it_is)
            copy.write_row((w.gpu, w.start, of.cluster, of.source, of.stream, of.number, body))


def _as_it_is(body: bytes) -> bytes:
    return body


_INSERT = """
    INSERT INTO windows (gpu, start, cluster_id, source, stream, number, body)
    SELECT u.gpu, u.start, %(cluster)s, %(source)s, %(stream)s, %(number)s, u.body::jsonb
    FROM unnest(%(gpus)s::text[], %(starts)s::timestamptz[], %(bodies)s::text[])
        AS u(gpu, start, body)
    WHERE (u.gpu, u.start) NOT IN (
        SELECT gpu, start FROM packed_of(%(gpus)s::text[], %(starts)s::timestamptz[]))
    ORDER BY u.start, u.gpu
    ON CONFLICT DO NOTHING RETURNING gpu, start
"""
# OFFSET 0 keeps it a look by key in the one partition; a plain join reads every partition whole.
# Between the first start and the last: other months' partitions are neither planned nor locked.
_SAME = """
    SELECT u.place, w.body = u.body::jsonb
    FROM unnest(%(gpus)s::text[], %(starts)s::timestamptz[], %(bodies)s::text[])
        WITH ORDINALITY AS u(gpu, start, body, place)
    CROSS JOIN LATERAL (
        SELECT body FROM windows WHERE gpu = u.gpu AND start = u.start
            AND start BETWEEN %(first)s AND %(last)s OFFSET 0
    ) AS w
"""
_SAME_PACKED = """
    WITH asked AS MATERIALIZED (
        SELECT u.place AS asked, u.body, m.stream, m.number, m.place::integer AS place,
               row_number() OVER () AS at
        FROM unnest(%(gpus)s::text[], %(starts)s::timestamptz[], %(bodies)s::text[])
            WITH ORDINALITY AS u(gpu, start, body, place)
        JOIN packed_of(%(gpus)s::text[], %(starts)s::timestamptz[]) AS m USING (gpu, start)
    )
    SELECT a.asked, b.body = a.body::jsonb
    FROM (SELECT array_agg(stream ORDER BY at) AS streams, array_agg(number ORDER BY at) AS numbers,
                 array_agg(place ORDER BY at) AS places FROM asked) s
    CROSS JOIN LATERAL packed_bodies(s.streams, s.numbers, s.places) AS b
    JOIN asked a USING (at)
"""


def _insert_some(raw: Raw, windows: Sequence[KeptWindow], origin: Origin) -> Outcome:
    place = {
        "cluster": origin.cluster,
        "source": origin.source,
        "stream": origin.stream,
        "number": origin.number,
    }
    inserted = set(raw.execute(_INSERT, place | _arrays(windows)).fetchall())
    outcome = Outcome([w for w in windows if (w.gpu, w.start) in inserted], [], [])
    _compare(raw, [w for w in windows if (w.gpu, w.start) not in inserted], outcome)
    return outcome


_KEPT = """
    SELECT u.gpu, u.start FROM unnest(%(gpus)s::text[], %(starts)s::timestamptz[]) AS u(gpu, start)
    CROSS JOIN LATERAL (
        SELECT FROM windows WHERE gpu = u.gpu AND start = u.start
            AND start BETWEEN %(first)s AND %(last)s OFFSET 0
    ) AS w
"""


def kept_keys(raw: Raw, windows: Sequence[KeptWindow]) -> set[tuple[str, datetime]]:
    """Return the keys (GPU and start) of those of which something is kept."""
    starts = [w.start for w in windows]
    values = {"gpus": [w.gpu for w in windows], "starts": starts}
    span = {"first": min(starts), "last": max(starts)}
    return set(raw.execute(_KEPT, values | span).fetchall())


def _compare(raw: Raw, windows: Sequence[KeptWindow], outcome: Outcome) -> None:
    """Compare windows with the stored ones of the same keys."""
    if windows:
        span = {"first": min(w.start for w in windows), "last": max(w.start for w in windows)}
        values = span | _arrays(windows)
        same = dict(raw.execute(_SAME, values).fetchall())
        if len(same) < len(windows):
            same |= dict(raw.execute(_SAME_PACKED, values).fetchall())
        for place, window in enumerate(windows, 1):
            (outcome.known if same.get(place) else outcome.conflicting).append(window)


def _arrays(windows: Sequence[KeptWindow]) -> dict[str, list[Any]]:
    return {
        "gpus": [w.gpu for w in windows],
        "starts": [w.start for w in windows],
        "bodies": [w.body.decode() for w in windows],
    }
