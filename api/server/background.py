"""What the server does by itself: price, accrue and end reservations every few seconds; seal.

What was reported before its minute was over counts once it is, for clocks differ by a little. New
usage is priced, what decided months were billed too much moves to it, the vouchers are accrued, and
a reservation whose day is over ends. The figures are absolute, so a round that is left out or done
twice changes nothing. Where several servers share a database one of them does the round and the
others pass; its lock ends with its transaction, so another does the next one where it dies. The
moment is that of the database's clock. A round takes at most a tenth of the time, however large the
database has grown.

Windows of days that are over for two days are packed, an hour of them at a time.

Where there is a store (`SUANQUAN_BACKUP`), WAL goes there each minute and a base each day, and a
restoration is tried each week where the read key is here.

Evidence of months that were sealed long ago goes to the archive, where one is set
(`SUANQUAN_ARCHIVE`), a part at a time.

Each hour (`SUANQUAN_SEAL_MINUTES`) what is new is sealed, each month once it is over, and once
more when its books are closed, where the server has the bureau's key. A time stamping authority,
where one is set (`SUANQUAN_TSA`), stamps the last head.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain

import structlog
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlmodel import Session

from api.door.archive.bring_back import bring_back
from api.door.batch_decoder import read_kept
from api.people.events.sender import Receiver, send_round
from api.server.archive.rounds import archive_round
from api.server.backup.rounds import base_round, drill_round, wal_round
from api.server.seals.rounds import seal_round, stamp_round
from api.settings import Settings
from ledger.archive.queries.parts import missing_rolls
from ledger.charging.steps import charge, record_round
from ledger.errors import LedgerError
from ledger.metering.codes import QuarantineReason
from ledger.metering.steps.intake import release
from ledger.metering.steps.pack import pack_day
from ledger.metering.steps.pack_rolls import pack_rolls
from ledger.payment.steps.recover import settle_recoveries
from ledger.people.steps import events
from ledger.postgres.clock import moment_of
from ledger.reconciliation.steps.excess import move_excess
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.reserve import expire

EVERY_S = 10.0
SEAL_LOOK_S = 60.0
ARCHIVE_LOOK_S = 600.0
BASE_LOOK_S, DRILL_LOOK_S = 600.0, 3600.0
PACK_LOOK_S, PACK_FOR_S = 60.0, 5.0
ACTOR = "server"
_SHARE = 10
_MINE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('suanquan.background', 0))")

log = structlog.get_logger("suanquan.background")


@dataclass(frozen=True)
class Round:
    """What is done again and again, by its name in the log."""

    name: str
    do: Callable[[datetime], object]
    even_full: bool = False
    """Also while nothing may be written: it lets the database drop WAL."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Accrue, seal, pack and keep the event log for as long as the application runs."""
    engine, settings = app.state.engine, app.state.settings
    disk, guarantees = app.state.disk, app.state.guarantees
    tasks = [
        asyncio.create_task(
            _repeat(engine, rounds, every_s, lambda: disk.is_full or bool(guarantees.lacks))
        )
        for every_s, rounds in _rounds(engine, settings)
    ]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _rounds(engine: Engine, settings: Settings) -> Iterator[tuple[float, list[Round]]]:
    """After how many seconds which rounds are done, one after another."""
    yield (
        EVERY_S,
        [
            Round("release", lambda now: release_round(engine, now)),
            Round("accrue", lambda now: accrue_round(engine, now)),
        ],
    )
    log_rounds = [Round("chain events", lambda _: link_round(engine))]
    if settings.events_to:
        receiver = Receiver(settings.events_to, settings.events_ca)
        log_rounds.append(Round("send events", lambda _: send_round(engine, receiver)))
    yield EVERY_S, log_rounds
    yield PACK_LOOK_S, [Round("pack", lambda now: pack_round(engine, now))]
    yield ARCHIVE_LOOK_S, [Round("archive", lambda now: archive_round(engine, settings, now))]
    yield from _backup_rounds(engine, settings)
    if settings.seal_key is not None:
        yield SEAL_LOOK_S, [Round("seal", lambda now: seal_round(engine, settings, now))]
    if settings.tsa is not None:
        yield SEAL_LOOK_S, [Round("stamp", lambda now: stamp_round(engine, settings, now))]


def _backup_rounds(engine: Engine, settings: Settings) -> Iterator[tuple[float, list[Round]]]:
    """Where there is a store: each in a loop of its own, for none waits for another."""
    if settings.backup is None:
        return
    store = Round("store WAL", lambda _: wal_round(engine, settings), even_full=True)
    yield settings.backup_seconds, [store]
    yield BASE_LOOK_S, [Round("back up", lambda now: base_round(engine, settings, now))]
    if settings.backup_read_key is not None:
        yield DRILL_LOOK_S, [Round("drill", lambda now: drill_round(engine, settings, now))]


async def _repeat(
    engine: Engine, rounds: Sequence[Round], every_s: float, is_closed: Callable[[], bool]
) -> None:
    """Do them for ever, at most a tenth of the time, and not while nothing may be written."""
    pause = every_s
    while True:
        await asyncio.sleep(pause)
        if is_closed() and not all(this_round.even_full for this_round in rounds):
            continue
        began = time.monotonic()
        for this_round in rounds:
            await asyncio.to_thread(_try, engine, this_round)
        pause = max(every_s, _SHARE * (time.monotonic() - began))


def _try(engine: Engine, this_round: Round) -> None:
    try:
        this_round.do(moment_of(engine))
    except (LedgerError, OSError) as error:
        log.warning("a round has to wait", round=this_round.name, why=str(error))
    except Exception as error:
        if away_keys := missing_rolls(error):  # the next one finds it
            _try(engine, Round("bring back", lambda now: bring_back(engine, away_keys, now)))
        else:
            log.exception("a round failed; the next one starts afresh", round=this_round.name)


def release_round(engine: Engine, now: datetime) -> int:
    """Let what came from the future count once it is past; return how many windows."""
    with Session(engine) as db, db.begin():
        if not db.scalar(_MINE):
            return 0
        count = release(db, read_kept, now, reason=QuarantineReason.FUTURE)
        if count:
            events.record_own(db, ACTOR, "round release", "quarantine")
        return count


def accrue_round(engine: Engine, now: datetime) -> bool:
    """One round, in one transaction; False where another server is at it."""
    with Session(engine) as db:
        if not db.scalar(_MINE):
            return False
        began = time.monotonic()
        charges = charge(db, now)
        move_excess(db, ACTOR, now)
        accrue_all(db, ACTOR, now)
        settle_recoveries(db, now)
        expire(db, actor=ACTOR, now=now)  # after all books are locked, in their order
        took_ms = round((time.monotonic() - began) * 1000)
        record_round(db, now, took_ms, charges.unpriced_ms)
        db.commit()
        return True


def link_round(engine: Engine) -> int:
    """Give every new event its place in the chain; return the last place."""
    with Session(engine) as db:
        place = events.link(db)
        db.commit()
        return place


def pack_round(engine: Engine, now: datetime) -> int:
    """Pack windows of a closed day, then batches, for some seconds; return how many."""
    began, total = time.monotonic(), 0
    session = partial(Session, engine)
    for count in chain(pack_day(session, now), pack_rolls(session, now)):
        total += count
        if total and time.monotonic() - began > PACK_FOR_S:
            break
    return total
