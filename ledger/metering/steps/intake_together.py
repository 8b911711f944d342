"""Take batches of many agents in one transaction: small ones wait for the commit together.

What nearly every batch is, the next of its stream with windows that all count and that nobody said
before, is stored with the others of its kind by one statement for each table. Any other is taken by
itself, behind a savepoint: what is wrong with one batch is its own matter. Whoever calls commits,
and answers nobody before.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
from sqlmodel import Session

from ledger.errors import LedgerError
from ledger.metering.queries import quarantine
from ledger.metering.queries.quarantine import Registered
from ledger.metering.queries.shares import Share, Use, spend
from ledger.metering.queries.streams import AnsweredBatch, Head, advance, lock_streams
from ledger.metering.queries.windows import KeptWindow, Origin, Raw, keep_fresh, raw_connection
from ledger.metering.queries.witnesses.sightings import WITNESS
from ledger.metering.steps.intake import (
    JOB_SOURCES,
    Judge,
    Outcome,
    Receipt,
    Submission,
    take_batch,
)
from ledger.units import beijing_day


@dataclass(frozen=True)
class Arrival:
    """A batch with a valid signature, when it came, and what is left of its agent's share."""

    submission: Submission
    now: datetime
    share: Share

    @property
    def use(self) -> Use:
        """What it takes of its agent's day, where nothing of it is set aside."""
        return Use(len(self.submission.batch.body))


def take_batches(
    db: Session, arrivals: Sequence[Arrival], late_after: timedelta | None = None
) -> list[Outcome | Exception]:
    """Store batches, of each agent at most one; what became of each, or why it was not taken."""
    raw = raw_connection(db)
    outcomes: dict[int, Outcome | Exception] = {**_take_plain(raw, arrivals, late_after)}
    for place, arrival in enumerate(arrivals):
        if place not in outcomes:
            outcomes[place] = _take_alone(db, arrival, late_after)
    return [outcomes[place] for place in range(len(arrivals))]


def _take_alone(db: Session, arrival: Arrival, late_after: timedelta | None) -> Outcome | Exception:
    try:
        with raw_connection(db).transaction():
            return take_batch(db, arrival.submission, arrival.now, late_after, arrival.share)
    except (LedgerError, psycopg.Error) as error:
        return error


def _take_plain(
    raw: Raw, arrivals: Sequence[Arrival], late_after: timedelta | None
) -> dict[int, Receipt]:
    """Take those that need nobody's attention, by their place; none, if one only seemed to."""
    heads = lock_streams(raw, {a.submission.batch.stream for a in arrivals})
    gpus = {w.gpu for a in arrivals for _, w in a.submission.windows}
    places = quarantine.places(raw, gpus) if gpus else {}
    plain: dict[int, Arrival] = {}
    streams: set[UUID] = set()
    keys: set[tuple[datetime, str]] = set()
    for place, arrival in enumerate(arrivals):
        batch, windows = arrival.submission.batch, arrival.submission.windows
        own_keys = {(w.start, w.gpu) for _, w in windows}
        is_apart = len(own_keys) == len(windows) and keys.isdisjoint(own_keys)
        head = heads.get(batch.stream) or Head(batch.agent, 0, b"")
        is_apart = is_apart and batch.stream not in streams
        if is_apart and _is_plain(arrival, head, places, late_after):
            plain[place] = arrival
            streams.add(batch.stream)
            keys |= own_keys
    try:
        with raw.transaction():
            return _store(raw, plain)
    except psycopg.errors.UniqueViolation:  # somebody said one of them before
        return {}


def _is_plain(
    arrival: Arrival, head: Head, places: dict[str, Registered], late_after: timedelta | None
) -> bool:
    submission, batch = arrival.submission, arrival.submission.batch
    if submission.sightings or submission.reporter.source in JOB_SOURCES | {WITNESS}:
        return False
    if (batch.agent, batch.number, submission.previous) != (head.agent, head.number + 1, head.hash):
        return False
    if arrival.share.today.plus(arrival.use).exceeds(arrival.share.most):
        return False
    judge = Judge(submission.reporter, places, arrival.now, late_after)
    return all(judge.why_not(window) is None for _, window in submission.windows)


def _store(raw: Raw, plain: dict[int, Arrival]) -> dict[int, Receipt]:
    batches: list[tuple[Origin, list[KeptWindow]]] = []
    rows: list[AnsweredBatch] = []
    uses: list[tuple[UUID, date, Use]] = []
    receipts: dict[int, Receipt] = {}
    for place, arrival in plain.items():
        submission, batch = arrival.submission, arrival.submission.batch
        reporter = submission.reporter
        origin = Origin(reporter.cluster, reporter.source, batch.stream, batch.number)
        batches.append((origin, [window for _, window in submission.windows]))
        refused = tuple(sorted(submission.refused))
        receipts[place] = Receipt(kept=len(submission.windows), known=0, refused=refused)
        rows.append(AnsweredBatch(batch, asdict(receipts[place]), arrival.now))
        uses.append((batch.agent, beijing_day(arrival.now), arrival.use))
    if not plain:
        return {}
    keep_fresh(raw, batches)
    with raw.pipeline():  # it has nothing to tell us
        advance(raw, rows)
        spend(raw, uses)
    return receipts
