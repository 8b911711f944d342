"""Intake: keep each batch's bytes for ever, each window once, and fold it into the day's totals.

One batch is one transaction. Its number must be the next of its stream; a known number with the
same bytes gets the same answer again; anything else is an answer too (a fork is kept as evidence,
a batch that is ahead is told what is expected). A window that cannot count yet is quarantined, a
second body for a kept window is a conflict: both are kept aside, and the batch is never refused
for them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlmodel import Session

from ledger.books.windows import Kept, Origin, Raw, fold, keep, raw_connection

FUTURE_TOLERANCE = timedelta(seconds=60)
"""A window may end this much after our clock before it is taken for one from the future."""

JOB_SOURCES = frozenset({"slurm", "import"})
"""Sources that report jobs, not GPUs (`job/<cluster>/…`)."""

LONGEST = timedelta(hours=1)  # no window is longer
WRONG_SOURCE = "wrong_source"


@dataclass(frozen=True, order=True)
class Item:
    """A window that was not simply kept: its place in the batch, why, and what exactly."""

    index: int
    reason: str
    detail: str = ""


class Reporter(NamedTuple):
    """Who signed: an enrolled agent, and where it may report from."""

    agent: UUID
    cluster: int
    cluster_name: str
    node: str
    source: str


@dataclass(frozen=True)
class Sent:
    """A batch whose signature is good. `refused` are the items that the door could not read."""

    reporter: Reporter
    stream: UUID
    number: int
    previous: bytes
    sent_at: datetime
    body: bytes
    signature: bytes
    windows: Sequence[tuple[int, Kept]]
    refused: Sequence[Item] = ()

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the exact bytes, to which the next batch is chained."""
        return sha256(self.body).digest()


@dataclass(frozen=True)
class Receipt:
    """What became of a batch's windows; the same for every repetition."""

    kept: int
    known: int
    conflicts: tuple[Item, ...] = ()
    quarantined: tuple[Item, ...] = ()
    refused: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Forked:
    """This number, or this place of the chain, is known with other bytes; kept as evidence."""

    number: int


@dataclass(frozen=True)
class Ahead:
    """The batch is not the next one of its stream."""

    expected: int


def take_batch(db: Session, sent: Sent, now: datetime) -> Receipt | Forked | Ahead:
    """Keep a batch. The caller commits whatever the outcome: a fork's evidence must stay."""
    raw = raw_connection(db)
    raw.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(sent.stream),))
    row = raw.execute(
        "SELECT agent, number, hash FROM streams WHERE stream = %s", (sent.stream,)
    ).fetchone()
    agent, last, head = row or (sent.reporter.agent, 0, b"")
    if sent.number > last + 1:
        return Ahead(last + 1)
    if agent != sent.reporter.agent:
        return _keep_fork(raw, sent, now)
    if sent.number <= last:
        return _known(raw, sent) or _keep_fork(raw, sent, now)
    if sent.previous != head:
        return _keep_fork(raw, sent, now)
    receipt = _keep_windows(raw, sent, now)
    with raw.pipeline():  # none of these has anything to tell us
        _advance(raw, sent, receipt, now)
    return receipt


def _keep_windows(raw: Raw, sent: Sent, now: datetime) -> Receipt:
    reporter = sent.reporter
    origin = Origin(reporter.cluster, reporter.source, sent.stream, sent.number)
    judge = Judge(reporter, _places(raw, sent.windows), now)
    countable: list[Kept] = []
    refused = list(sent.refused)
    quarantined: list[Item] = []
    aside: list[tuple[str, Kept]] = []
    for index, window in sent.windows:
        reason = judge.why_not(window)
        if reason is None:
            countable.append(window)
        elif reason == WRONG_SOURCE:
            refused.append(Item(index, reason, f"{reporter.source}: {window.gpu}"))
        else:
            quarantined.append(Item(index, reason, window.gpu))
            aside.append((reason, window))
    outcome = keep(raw, countable, origin)
    fold(raw, outcome.fresh, origin)
    _keep_conflicts(raw, outcome.conflicting, origin, now)
    _quarantine(raw, aside, origin, reporter.node, now)
    conflicting = {id(window) for window in outcome.conflicting}
    conflicts = [
        Item(index, "conflict", f"{w.gpu} {w.start.isoformat()}")
        for index, w in sent.windows
        if id(w) in conflicting
    ]
    return Receipt(
        kept=len(outcome.fresh),
        known=len(outcome.known),
        conflicts=tuple(conflicts),
        quarantined=tuple(quarantined),
        refused=tuple(sorted(refused)),
    )


class Judge:
    """Whether well-formed windows of one reporter may count now, and if not, why."""

    def __init__(
        self, reporter: Reporter, places: Mapping[str, tuple[int, str]], now: datetime
    ) -> None:
        self._reports_jobs = reporter.source in JOB_SOURCES
        self._own_jobs = f"job/{reporter.cluster_name}/"
        self._here = (reporter.cluster, reporter.node)
        self._places = places
        self._latest_end = now + FUTURE_TOLERANCE
        self._surely_past = self._latest_end - LONGEST

    def why_not(self, window: Kept) -> str | None:
        """A code, or None when it counts."""
        gpu, start = window.gpu, window.start
        is_job = gpu.startswith("job/")
        if is_job != self._reports_jobs:
            return WRONG_SOURCE
        if start > self._surely_past and start + _length(window) > self._latest_end:
            return "future"
        if is_job:
            return None if gpu.startswith(self._own_jobs) else "other_cluster"
        place = self._places.get(gpu)
        if place == self._here:
            return None
        if place is None:
            return "unknown_gpu"
        return "other_node" if place[0] == self._here[0] else "other_cluster"


def _length(window: Kept) -> timedelta:
    return timedelta(milliseconds=window.window_ms)


def _places(raw: Raw, windows: Iterable[tuple[int, Kept]]) -> dict[str, tuple[int, str]]:
    """Where each registered GPU among these stands: (cluster, node)."""
    gpus = list({w.gpu for _, w in windows})
    rows = raw.execute("SELECT gpu, cluster, node FROM gpus WHERE gpu = ANY(%s)", (gpus,))
    return {gpu: (cluster, node) for gpu, cluster, node in rows}


def _known(raw: Raw, sent: Sent) -> Receipt | None:
    row = raw.execute(
        "SELECT hash, answer FROM batches WHERE stream = %s AND number = %s",
        (sent.stream, sent.number),
    ).fetchone()
    if row is None or row[0] != sent.hash:
        return None
    answer: dict[str, Any] = row[1]
    aside = {
        name: tuple(Item(**item) for item in answer[name])
        for name in ("conflicts", "quarantined", "refused")
    }
    return Receipt(answer["kept"], answer["known"], **aside)


def _keep_fork(raw: Raw, sent: Sent, now: datetime) -> Forked:
    raw.execute(
        "INSERT INTO forks (stream, number, hash, agent, received_at, bytes)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (sent.stream, sent.number, sent.hash, sent.reporter.agent, now, sent.body),
    )
    return Forked(sent.number)


def _advance(raw: Raw, sent: Sent, receipt: Receipt, now: datetime) -> None:
    answer = {
        "kept": receipt.kept,
        "known": receipt.known,
        "conflicts": [asdict(item) for item in receipt.conflicts],
        "quarantined": [asdict(item) for item in receipt.quarantined],
        "refused": [asdict(item) for item in receipt.refused],
    }
    agent = sent.reporter.agent
    raw.execute(
        "INSERT INTO batches (stream, number, hash, signature, agent, received_at, answer, bytes)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %b)",
        (
            sent.stream,
            sent.number,
            sent.hash,
            sent.signature,
            agent,
            now,
            Jsonb(answer),
            sent.body,
        ),
    )
    raw.execute(
        "INSERT INTO streams (stream, agent, number, hash, sent_at, received_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (stream) DO UPDATE SET"
        " number = excluded.number, hash = excluded.hash, sent_at = excluded.sent_at,"
        " received_at = excluded.received_at",
        (sent.stream, agent, sent.number, sent.hash, sent.sent_at, now),
    )


def _keep_conflicts(raw: Raw, windows: Sequence[Kept], origin: Origin, now: datetime) -> None:
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


def _quarantine(
    raw: Raw, aside: Sequence[tuple[str, Kept]], origin: Origin, node: str, now: datetime
) -> None:
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
_WAITING = """
    SELECT q.gpu, q.start, q.hash, q.cluster, q.node, q.body, q.source, q.stream, q.number, c.name
    FROM quarantine q JOIN clusters c ON c.id = q.cluster
    LEFT JOIN gpus g ON g.gpu = q.gpu AND g.cluster = q.cluster AND g.node = q.node
    WHERE q.released_at IS NULL AND (%(cluster)s::bigint IS NULL OR q.cluster = %(cluster)s)
        AND (g.gpu IS NOT NULL OR starts_with(q.gpu, 'job/' || c.name || '/'))
        AND q.start <= %(latest_start)s
    ORDER BY q.cluster, q.source, q.stream, q.number, q.gpu, q.start
"""


def release(
    db: Session, read: Callable[[Any], Kept], now: datetime, cluster: int | None = None
) -> int:
    """Look again at what is quarantined, and keep what may count by now; returns how many.

    `read` makes a window of a kept body again: the door's reader, so that there is only one.
    """
    raw = raw_connection(db)
    raw.execute("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.release', 0))")
    asked = {"cluster": cluster, "latest_start": now + FUTURE_TOLERANCE}
    rows = raw.execute(_WAITING, asked).fetchall()
    places = {
        gpu: (where, node)
        for gpu, where, node in raw.execute("SELECT gpu, cluster, node FROM gpus")
    }
    released = 0
    for (cluster_id, node, source, stream, number, name), group in groupby(
        rows, key=lambda r: (r[3], r[4], *r[6:])
    ):
        reporter = Reporter(stream, cluster_id, name, node, source)
        judge = Judge(reporter, places, now)
        waiting = [(row[:5], read(row[5])) for row in group]
        ready = [(key, window) for key, window in waiting if not judge.why_not(window)]
        origin = Origin(cluster_id, source, stream, number)
        outcome = keep(raw, [w for _, w in ready], origin)
        fold(raw, outcome.fresh, origin)
        _keep_conflicts(raw, outcome.conflicting, origin, now)
        released += _mark_released(raw, [k for k, _ in ready], now)
    return released


def _mark_released(raw: Raw, keys: Sequence[tuple[Any, ...]], now: datetime) -> int:
    with raw.cursor() as cursor:
        cursor.executemany(
            "UPDATE quarantine SET released_at = %s"
            " WHERE gpu = %s AND start = %s AND hash = %s AND cluster = %s AND node = %s",
            [(now, *key) for key in keys],
        )
    return len(keys)
