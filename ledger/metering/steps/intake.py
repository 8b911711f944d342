"""Intake: store each batch's bytes, each window once, and fold it into day totals.

One batch is one transaction. Its number must be the next of its stream; a known number with the
same bytes gets the same answer again; a fork is stored as evidence, and a batch that is ahead is
told the expected number. A window that cannot count yet is quarantined, a second body of a stored
window is a conflict: both are stored aside, and the batch is never refused for them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session

from ledger.metering.queries import quarantine
from ledger.metering.queries.quarantine import Place
from ledger.metering.queries.streams import (
    Head,
    SignedBatch,
    advance,
    answer_of,
    keep_fork,
    lock_stream,
)
from ledger.metering.queries.windows import KeptWindow, Origin, Raw, fold, keep, raw_connection

FUTURE_TOLERANCE = timedelta(seconds=60)
"""A window may end this much after our clock before it is taken for one from the future."""

JOB_SOURCES = frozenset({"slurm", "import"})
"""Sources that report jobs, not GPUs (`job/<cluster>/…`)."""

LONGEST = timedelta(hours=1)  # no window is longer
WRONG_SOURCE = "wrong_source"


@dataclass(frozen=True, order=True)
class Item:
    """A window that was not simply stored: its index in the batch, the reason, details."""

    index: int
    reason: str
    detail: str = ""


class Reporter(NamedTuple):
    """The signer: an enrolled agent, and where it may report from."""

    agent: UUID
    cluster: int
    cluster_name: str
    node: str
    source: str

    @property
    def place(self) -> Place:
        """Where its GPUs must be registered."""
        return self.cluster, self.node


@dataclass(frozen=True)
class Submission:
    """A batch with a valid signature; `refused` are items that could not be decoded."""

    reporter: Reporter
    batch: SignedBatch
    previous: bytes  # the hash to which it is chained
    windows: Sequence[tuple[int, KeptWindow]]
    refused: Sequence[Item] = ()


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
    """This number, or this place of the chain, is known with other bytes; stored as evidence."""

    number: int


@dataclass(frozen=True)
class Ahead:
    """The batch is not the next one of its stream."""

    expected: int


def take_batch(db: Session, submission: Submission, now: datetime) -> Receipt | Forked | Ahead:
    """Store a batch. The caller commits in any case, so that evidence of forks stays."""
    raw, batch = raw_connection(db), submission.batch
    head = lock_stream(raw, batch.stream) or Head(batch.agent, 0, b"")
    if batch.number > head.number + 1:
        return Ahead(head.number + 1)
    if batch.agent == head.agent:
        if batch.number <= head.number and (earlier := _earlier_receipt(raw, batch)):
            return earlier
        if batch.number == head.number + 1 and submission.previous == head.hash:
            receipt = _keep_windows(raw, submission, now)
            with raw.pipeline():  # it has nothing to tell us
                advance(raw, batch, asdict(receipt), now)
            return receipt
    keep_fork(raw, batch, now)
    return Forked(batch.number)


def _keep_windows(raw: Raw, submission: Submission, now: datetime) -> Receipt:
    reporter = submission.reporter
    origin = Origin(
        reporter.cluster, reporter.source, submission.batch.stream, submission.batch.number
    )
    places = quarantine.places(raw, {w.gpu for _, w in submission.windows})
    judge = Judge(reporter.source, reporter.cluster_name, reporter.place, places, now)
    countable: list[KeptWindow] = []
    refused = list(submission.refused)
    quarantined: list[Item] = []
    kept_aside: list[tuple[str, KeptWindow]] = []
    for index, window in submission.windows:
        reason = judge.why_not(window)
        if reason is None:
            countable.append(window)
        elif reason == WRONG_SOURCE:
            refused.append(Item(index, reason, f"{reporter.source}: {window.gpu}"))
        else:
            quarantined.append(Item(index, reason, window.gpu))
            kept_aside.append((reason, window))
    outcome = keep(raw, countable, origin)
    fold(raw, outcome.fresh, origin)
    quarantine.keep_conflicts(raw, outcome.conflicting, origin, now)
    quarantine.quarantine(raw, kept_aside, origin, reporter.node, now)
    conflict_ids = {id(window) for window in outcome.conflicting}
    conflicts = [
        Item(index, "conflict", f"{w.gpu} {w.start.isoformat()}")
        for index, w in submission.windows
        if id(w) in conflict_ids
    ]
    return Receipt(
        kept=len(outcome.fresh),
        known=len(outcome.known),
        conflicts=tuple(conflicts),
        quarantined=tuple(quarantined),
        refused=tuple(sorted(refused)),
    )


class Judge:
    """Decide whether well-formed windows of one place may count now."""

    def __init__(
        self,
        source: str,
        cluster_name: str,
        location: Place,
        places: Mapping[str, Place],
        now: datetime,
    ) -> None:
        self._reports_jobs = source in JOB_SOURCES
        self._own_jobs = f"job/{cluster_name}/"
        self._location = location
        self._places = places
        self._latest_end = now + FUTURE_TOLERANCE
        self._surely_past = self._latest_end - LONGEST

    def why_not(self, window: KeptWindow) -> str | None:
        """Return the code of the obstacle; None if the window counts."""
        gpu, start = window.gpu, window.start
        is_job = gpu.startswith("job/")
        if is_job != self._reports_jobs:
            return WRONG_SOURCE
        if start > self._surely_past and start + _length(window) > self._latest_end:
            return "future"
        if is_job:
            return None if gpu.startswith(self._own_jobs) else "other_cluster"
        place = self._places.get(gpu)
        if place == self._location:
            return None
        if place is None:
            return "unknown_gpu"
        return "other_node" if place[0] == self._location[0] else "other_cluster"


def _length(window: KeptWindow) -> timedelta:
    return timedelta(milliseconds=window.window_ms)


def _earlier_receipt(raw: Raw, batch: SignedBatch) -> Receipt | None:
    answer = answer_of(raw, batch)
    if answer is None:
        return None
    items = {
        name: tuple(Item(**item) for item in answer[name])
        for name in ("conflicts", "quarantined", "refused")
    }
    return Receipt(answer["kept"], answer["known"], **items)


def release(
    db: Session, read: Callable[[Any], KeptWindow], now: datetime, cluster: int | None = None
) -> int:
    """Check the quarantine again, and store what may count by now; return how many.

    `read` makes a window of a kept body again: the door's reader, so that there is only one.
    """
    raw = raw_connection(db)
    raw.execute("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.release', 0))")
    rows = quarantine.quarantined_windows(raw, cluster, now + FUTURE_TOLERANCE)
    places = quarantine.places(raw, {row[0] for row in rows})
    released = 0
    for (cluster_id, node, source, stream, number, name), group in groupby(
        rows, key=lambda r: (r[3], r[4], *r[6:])
    ):
        judge = Judge(source, name, (cluster_id, node), places, now)
        windows = [(row[:5], read(row[5])) for row in group]
        ready = [(key, window) for key, window in windows if not judge.why_not(window)]
        origin = Origin(cluster_id, source, stream, number)
        outcome = keep(raw, [w for _, w in ready], origin)
        fold(raw, outcome.fresh, origin)
        quarantine.keep_conflicts(raw, outcome.conflicting, origin, now)
        released += quarantine.mark_released(raw, [k for k, _ in ready], now)
    return released
