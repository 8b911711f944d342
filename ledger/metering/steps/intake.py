"""Intake: store each batch's bytes, and each window once; the database folds it into day totals.

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

from ledger.metering.codes import OF_ITS_DAY, QuarantineReason
from ledger.metering.queries import quarantine
from ledger.metering.queries.quarantine import Place, Registered
from ledger.metering.queries.shares import Share, Use, spend
from ledger.metering.queries.streams import (
    AnsweredBatch,
    Head,
    SignedBatch,
    advance,
    answer_of,
    keep_fork,
    lock_streams,
)
from ledger.metering.queries.windows import (
    KeptWindow,
    Origin,
    Raw,
    keep,
    kept_keys,
    raw_connection,
)
from ledger.metering.queries.witnesses.partitions import SLURM, keep_partitions
from ledger.metering.queries.witnesses.sightings import WITNESS, KeptSighting, keep_sightings
from ledger.units import beijing_day

FUTURE_TOLERANCE = timedelta(seconds=60)
"""A window may end this much after our clock before it is taken for one from the future."""

JOB_SOURCES = frozenset({"slurm", "import"})
CLUSTER_SOURCES = frozenset({"dcgm"})  # one agent reads the exporters of all nodes of its cluster
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
    """The signer: an enrolled agent, where it may report from, and since when it may.

    What it measured before it was enrolled counts from `history_from` on, if that is set.
    """

    agent: UUID
    cluster: int
    cluster_name: str
    node: str
    source: str
    enrolled_at: datetime
    history_from: datetime | None
    is_approved: bool

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
    sightings: Sequence[tuple[int, KeptSighting]] = ()


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


Outcome = Receipt | Forked | Ahead


def take_batch(
    db: Session,
    submission: Submission,
    now: datetime,
    late_after: timedelta | None = None,
    share: Share | None = None,
) -> Outcome:
    """Store a batch. The caller commits what is returned, so that evidence of forks stays.

    Windows that ended `late_after` ago are quarantined (None: however old they are).

    Raises:
        Spent: it is more than is left of the agent's `share` of the day; nothing of it is stored.
    """
    raw, batch = raw_connection(db), submission.batch
    head = lock_streams(raw, [batch.stream]).get(batch.stream) or Head(batch.agent, 0, b"")
    if batch.number > head.number + 1:
        return Ahead(head.number + 1)
    if batch.agent == head.agent:
        if batch.number <= head.number and (earlier := _earlier_receipt(raw, batch)):
            return earlier
        if batch.number == head.number + 1 and submission.previous == head.hash:
            receipt, use = _keep_windows(raw, submission, now, late_after, share)
            with raw.pipeline():  # it has nothing to tell us
                advance(raw, [AnsweredBatch(batch, asdict(receipt), now)])
                spend(raw, [(batch.agent, beijing_day(now), use)])
            return receipt
    keep_fork(raw, batch, now)
    return Forked(batch.number)


def _keep_windows(
    raw: Raw,
    submission: Submission,
    now: datetime,
    late_after: timedelta | None,
    share: Share | None,
) -> tuple[Receipt, Use]:
    reporter, length = submission.reporter, len(submission.batch.body)
    origin = Origin(
        reporter.cluster, reporter.source, submission.batch.stream, submission.batch.number
    )
    places = quarantine.places(raw, {w.gpu for _, w in submission.windows})
    judge = Judge(reporter, places, now, late_after)
    verdicts = [(i, window, judge.why_not(window)) for i, window in submission.windows]
    known_keys = _hours_of_jobs(raw, judge, verdicts)
    countable: list[KeptWindow] = []
    kept_sightings, refused_sightings = _judge_sightings(submission, now)
    refused = [*submission.refused, *refused_sightings]
    quarantined: list[Item] = []
    kept_aside: list[tuple[str, KeptWindow]] = []
    for index, window, reason in verdicts:
        if reason is None or (window.gpu, window.start) in known_keys:
            countable.append(window)
        elif reason == WRONG_SOURCE:
            refused.append(Item(index, reason, f"{reporter.source}: {window.gpu}"))
        else:
            quarantined.append(Item(index, reason, window.gpu))
            kept_aside.append((reason, window))
    if share:
        share.refuse_more(raw, Use(length, len(kept_aside)))  # before anything is written
    outcome = keep(raw, countable, origin)
    newer_words = quarantine.retellings(raw, outcome.known) if judge.reports_jobs else []
    use = Use(length, len(kept_aside), len(outcome.conflicting) + len(newer_words))
    if share and use.conflicts:
        share.refuse_more(raw, use)
    quarantine.keep_conflicts(raw, [*outcome.conflicting, *newer_words], origin, now)
    quarantine.quarantine(raw, kept_aside, origin, reporter.node, now)
    conflict_ids = {id(window) for window in outcome.conflicting}
    conflicts = [
        Item(index, "conflict", f"{w.gpu} {w.start.isoformat()}")
        for index, w in submission.windows
        if id(w) in conflict_ids
    ]
    changed = keep_partitions(raw, reporter.agent, [s for s in kept_sightings if s.is_slurm])
    changed += keep_sightings(raw, reporter.agent, [s for s in kept_sightings if not s.is_slurm])
    receipt = Receipt(
        kept=len(outcome.fresh) + changed,
        known=len(outcome.known) + len(kept_sightings) - changed,
        conflicts=tuple(conflicts),
        quarantined=tuple(quarantined),
        refused=tuple(sorted(refused)),
    )
    return receipt, use


def _hours_of_jobs(
    raw: Raw, judge: "Judge", verdicts: Sequence[tuple[int, KeptWindow, str | None]]
) -> set[tuple[str, datetime]]:
    """Return the keys of a job source's late hours of which something is kept already.

    Another word of such an hour counts only by two persons, so it need not wait in quarantine too.
    """
    if not judge.reports_jobs:
        return set()
    late = [window for _, window, reason in verdicts if reason in OF_ITS_DAY]
    return kept_keys(raw, late) if late else set()


def _judge_sightings(
    submission: Submission, now: datetime
) -> tuple[list[KeptSighting], list[Item]]:
    """Split sightings into those to keep and those refused: not this agent's, or of the future."""
    good_sightings: list[KeptSighting] = []
    refused: list[Item] = []
    source, latest = submission.reporter.source, now + FUTURE_TOLERANCE
    for index, sighting in submission.sightings:
        if source != (SLURM if sighting.is_slurm else WITNESS):
            refused.append(Item(index, WRONG_SOURCE, source))
        elif sighting.at > latest:
            refused.append(Item(index, QuarantineReason.FUTURE, sighting.at.isoformat()))
        else:
            good_sightings.append(sighting)
    return good_sightings, refused


class Judge:
    """Decide whether well-formed windows of one reporter may count now."""

    def __init__(
        self,
        reporter: Reporter,
        places: Mapping[str, Registered],
        now: datetime,
        late_after: timedelta | None = None,
        *,
        is_admitted: bool = False,
    ) -> None:
        self.reports_jobs = reporter.source in JOB_SOURCES
        self._reports_cluster = reporter.source in CLUSTER_SOURCES
        self._own_jobs = f"job/{reporter.cluster_name}/"
        self._reporter = reporter
        self._places = places
        self._latest_end = now + FUTURE_TOLERANCE
        self._surely_past = self._latest_end - LONGEST
        self.late_before = None if late_after is None else now - late_after
        self._is_admitted = is_admitted

    def why_not(self, window: KeptWindow) -> str | None:
        """Return the code of the obstacle; None if the window counts."""
        gpu, start = window.gpu, window.start
        is_job = gpu.startswith("job/")
        if is_job != self.reports_jobs or self._reporter.source == WITNESS:
            return WRONG_SOURCE
        if start > self._surely_past and start + _length(window) > self._latest_end:
            return QuarantineReason.FUTURE
        if (reason := self._why_not_here(gpu, is_job=is_job)) is not None:
            return reason
        if not self._reporter.is_approved:
            return QuarantineReason.UNAPPROVED_AGENT
        return None if self._is_admitted else self._why_not_then(gpu, start, window)

    def _why_not_here(self, gpu: str, *, is_job: bool) -> str | None:
        if is_job:
            is_own = gpu.startswith(self._own_jobs)
            return None if is_own else QuarantineReason.OTHER_CLUSTER
        place = self._places.get(gpu)
        if place is None:
            return QuarantineReason.UNKNOWN_GPU
        own_place, its_place = self._reporter.place, place.place
        is_near = own_place[0] == its_place[0]
        if own_place == its_place or (is_near and self._reports_cluster):
            return None
        return QuarantineReason.OTHER_NODE if is_near else QuarantineReason.OTHER_CLUSTER

    def _why_not_then(self, gpu: str, start: datetime, window: KeptWindow) -> str | None:
        """Return why its day is against it: only the bureau can admit it all the same.

        History is taken for as long after the enrolment as a window may be late.
        """
        reporter, late_before = self._reporter, self.late_before
        place, end = self._places.get(gpu), start + _length(window)
        if end <= reporter.enrolled_at:
            if reporter.history_from is None or end <= reporter.history_from:
                return QuarantineReason.BEFORE_ENROLMENT
            if late_before is not None and reporter.enrolled_at < late_before:
                return QuarantineReason.LATE
        elif late_before is not None and start < late_before:
            return QuarantineReason.LATE
        if place is not None and start < place.since:
            return QuarantineReason.BEFORE_REGISTRATION
        if place is not None and place.until is not None and start >= place.until:
            return QuarantineReason.RETIRED
        return None


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
    db: Session,
    read: Callable[[Any], KeptWindow],
    now: datetime,
    cluster: int | None = None,
    late_after: timedelta | None = None,
    *,
    reason: QuarantineReason | None = None,
) -> int:
    """Check the quarantine again, and store what may count by now; return how many.

    With a `reason`, only what waits for it is looked at.
    `read` makes a window of a kept body again: the door's reader, so that there is only one. A
    window is as late as it was when it came.
    """
    raw = raw_connection(db)
    raw.execute("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.release', 0))")
    rows = quarantine.quarantined_windows(raw, cluster, now + FUTURE_TOLERANCE, reason)
    places = quarantine.places(raw, {row[0] for row in rows})
    count = 0
    for batch, group in groupby(rows, key=_batch_of):
        judge = Judge(batch.reporter, places, now, is_admitted=batch.is_admitted)
        if late_after is not None:
            judge.late_before = batch.received_at - late_after
        verdicts = [(w, row, judge.why_not(w)) for row in group for w in [read(row[5])]]
        ready = [(row[:5], w) for w, row, reason in verdicts if reason is None]
        outcome = keep(raw, [w for _, w in ready], batch.origin)
        quarantine.keep_conflicts(raw, outcome.conflicting, batch.origin, now)
        quarantine.restate(raw, [(r, row[:5]) for _, row, r in verdicts if r and r != row[-2]])
        count += quarantine.mark_released(raw, [k for k, _ in ready], now)
    return count


class _Batch(NamedTuple):
    """Of whom, from where and when quarantined windows came, and whether the bureau admits them."""

    reporter: Reporter
    origin: Origin
    received_at: datetime
    is_admitted: bool


def _batch_of(row: tuple[Any, ...]) -> _Batch:
    cluster, node, source, stream, number, name = row[3], row[4], *row[6:10]
    agent, enrolled_at, history_from, is_approved, received_at, _, is_admitted = row[10:]
    reporter = Reporter(agent, cluster, name, node, source, enrolled_at, history_from, is_approved)
    return _Batch(reporter, Origin(cluster, source, stream, number), received_at, is_admitted)
