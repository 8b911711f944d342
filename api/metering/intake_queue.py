"""Batches wait together: those of many agents are committed once, and each has its own answer.

While one group is taken the next one gathers, so a quiet server takes each batch at once and a busy
one takes many in a transaction. Nobody is answered before the commit. Where a group cannot be
committed each of its batches is taken alone, so none suffers for another.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from uuid import UUID

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from agents.parcels import Parcel
from api.door.archive.bring_back import bring_back
from api.door.batch_decoder import read_batch, verify
from api.door.problems import Refusal
from api.settings import MIB, Settings
from ledger.archive.queries.parts import missing_rolls
from ledger.errors import LedgerError
from ledger.metering.queries.reporters import ReporterRow, lock_reporters
from ledger.metering.queries.shares import Share, Use
from ledger.metering.queries.streams import RelayQueue, SignedBatch, keep_relay
from ledger.metering.queries.windows import Raw, raw_connection
from ledger.metering.steps.intake import Outcome, Reporter
from ledger.metering.steps.intake_together import Arrival, take_batches
from ledger.units import beijing_day

GROUP_MAX, GROUP_BYTES = 64, MIB
"""So many batches are committed together at most, and so many bytes, but for a single batch."""


ARCHIVED_MAX = 10
"""How often one batch may meet something more that is archived."""


@dataclass(frozen=True)
class Asking:
    """A batch as it came: its bytes and signature, the agent's word, and the relays on its way."""

    parcel: Parcel
    agent: UUID
    date: str
    now: datetime
    queues: Sequence[RelayQueue] = ()


Answer = tuple[SignedBatch, Outcome] | Exception
"""What became of a batch, or why it was not taken."""


class IntakeQueue:
    """The batches that come to one application.

    Args:
        at_once: groups that are taken at a time; more use a processor better, and people who ask
            the same process wait longer.
    """

    def __init__(self, engine: Engine, settings: Callable[[], Settings], at_once: int = 1) -> None:
        self._engine, self._settings, self._at_once = engine, settings, at_once
        self._waiting: deque[tuple[Asking, Future[Answer]]] = deque()
        self._lock, self._active = Lock(), 0
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="intake")

    async def take(self, asking: Asking) -> Answer:
        """Take a batch with those that wait; return when it is committed."""
        answer: Future[Answer] = Future()
        with self._lock:
            self._waiting.append((asking, answer))
            if is_needed := self._active < self._at_once:
                self._active += 1
        if is_needed:
            self._threads.submit(self._work)
        return await asyncio.wrap_future(answer)

    def take_together(self, askings: Sequence[Asking]) -> list[Answer]:
        """Take batches of different agents; those that cannot be committed together each alone."""
        answers: list[Answer] = []
        if len(askings) > 1:
            with suppress(psycopg.Error, SQLAlchemyError):
                answers = self._take(askings)
        answers = answers or [self._take_one(asking) for asking in askings]
        return [self._with_archive(*pair) for pair in zip(askings, answers, strict=True)]

    def _with_archive(self, asking: Asking, answer: Answer) -> Answer:
        """Take a batch again that met something archived, once that is brought back."""
        for _ in range(ARCHIVED_MAX):
            if not (away_keys := missing_rolls(answer)):
                break
            try:
                bring_back(self._engine, away_keys, asking.now)
            except (LedgerError, OSError) as error:
                return error
            answer = self._take_one(asking)
        return answer

    def _work(self) -> None:
        while group := self._next_group():
            try:
                answers = self.take_together([asking for asking, _ in group])
            except BaseException as error:  # noqa: BLE001 - who waits hears of it
                for _, answer in group:
                    answer.set_exception(error)
            else:
                for (_, answer), outcome in zip(group, answers, strict=True):
                    answer.set_result(outcome)

    def _next_group(self) -> list[tuple[Asking, Future[Answer]]]:
        """The first that wait, of each agent one; where nobody waits, we are no longer active."""
        group: list[tuple[Asking, Future[Answer]]] = []
        later: list[tuple[Asking, Future[Answer]]] = []
        agents: set[UUID] = set()
        size = 0
        with self._lock:
            while self._waiting and len(group) < GROUP_MAX:
                asking, answer = self._waiting.popleft()
                size += len(asking.parcel.body)
                if group and size > GROUP_BYTES:
                    self._waiting.appendleft((asking, answer))
                    break
                if asking.agent in agents:
                    later.append((asking, answer))
                elif answer.set_running_or_notify_cancel():  # else the agent went away
                    agents.add(asking.agent)
                    group.append((asking, answer))
            self._waiting.extendleft(reversed(later))
            if not group:
                self._active -= 1
        return group

    def _take_one(self, asking: Asking) -> Answer:
        try:
            return self._take([asking])[0]
        except Exception as error:  # noqa: BLE001 - told to whoever sent it
            return error

    def _take(self, askings: Sequence[Asking]) -> list[Answer]:
        """Take them in one transaction, which is committed when this returns."""
        answers: dict[int, Answer] = {}
        arrivals: dict[int, Arrival] = {}
        with Session(self._engine) as db:
            raw = raw_connection(db)
            rows = lock_reporters(raw, {asking.agent for asking in askings})
            for place, asking in enumerate(askings):
                try:
                    arrivals[place] = self._read(rows.get(asking.agent), asking)
                except (Refusal, LedgerError) as error:
                    answers[place] = error
            late_after = timedelta(days=self._settings().late_days)
            outcomes = take_batches(db, [*arrivals.values()], late_after)
            for (place, arrival), outcome in zip(arrivals.items(), outcomes, strict=True):
                batch = arrival.submission.batch
                answers[place] = outcome if isinstance(outcome, Exception) else (batch, outcome)
            _keep_relays(raw, [asking for place, asking in enumerate(askings) if place in arrivals])
            db.commit()
        return [answers[place] for place in range(len(askings))]

    def _read(self, row: ReporterRow | None, asking: Asking) -> Arrival:
        if row is None:
            raise Refusal(401, "unknown_agent")
        if row.revoked_at is not None:
            raise Refusal(401, "revoked", {"node": row.node})
        body = asking.parcel.body
        digest = sha256(body).digest()
        signature = verify(row.public_key, digest, asking.parcel.signature)
        reporter = Reporter(
            row.id, row.cluster, row.cluster_name, row.node, row.source,
            row.enrolled_at, row.history_from, row.is_approved,
        )  # fmt: skip
        submission = read_batch(body, digest, reporter, signature, asking.date)
        return Arrival(submission, asking.now, self._share(row, asking.now))

    def _share(self, row: ReporterRow, now: datetime) -> Share:
        """What this agent may take today; all sources but one speak for their whole cluster."""
        of_day = self._settings()
        most = Use(of_day.agent_mib * MIB, of_day.agent_aside, of_day.agent_conflicts)
        node = row.node if row.source == "nvml" else None
        return Share(most, row.use(beijing_day(now)), row.cluster, node)


def _keep_relays(raw: Raw, askings: Sequence[Asking]) -> None:
    """Last: whoever writes a relay's row holds it until the commit; in one order, as all do."""
    words = [(queue, asking) for asking in askings for queue in asking.queues]
    words.sort(key=lambda word: (word[0].name, str(word[0].relay)))
    with raw.pipeline():
        for queue, asking in words:
            keep_relay(raw, asking.agent, queue, asking.now)
