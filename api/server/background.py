"""What the server does by itself: price, accrue and end reservations every few seconds; seal.

What was reported before its minute was over counts once it is, for clocks differ by a little. New
usage is priced, what decided months were billed too much moves to it, the vouchers are accrued, and
a reservation whose day is over ends. The figures are absolute, so a round that is left out or done
twice changes nothing. Where several servers share a database one of them does the round and the
others pass. A round takes at most a tenth of the time, however large the database has grown.

Windows of days that are over for two days are packed, an hour of them at a time, for at most a
tenth of the time.

Each hour (`SUANQUAN_SEAL_MINUTES`) what is new is sealed, and each month once it is over, where the
server has the bureau's key.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlmodel import Session

from api.door.batch_decoder import read_kept
from api.door.disk import Disk
from api.people.events.sender import Receiver, send_round
from api.settings import Settings
from ledger.charging.steps import charge, record_round
from ledger.errors import Busy, LedgerError
from ledger.metering.codes import QuarantineReason
from ledger.metering.steps.intake import release
from ledger.metering.steps.pack import pack_day
from ledger.payment.steps.recover import settle_recoveries
from ledger.people.steps import events
from ledger.reconciliation.steps.excess import move_excess
from ledger.seals.queries.seals import last_seal
from ledger.seals.rules.occasions import due
from ledger.seals.steps.bureau_key import bureau_key
from ledger.seals.steps.seal import seal
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.reserve import expire

EVERY_S = 10.0
SEAL_LOOK_S = 60.0
PACK_LOOK_S = 600.0
ACTOR = "server"
_SHARE = 10
_MINE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('suanquan.background', 0))")

log = structlog.get_logger("suanquan.background")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Accrue, seal, pack and keep the event log for as long as the application runs."""
    engine, disk, settings = app.state.engine, app.state.disk, app.state.settings
    tasks = [
        asyncio.create_task(_accrue_regularly(engine, disk)),
        asyncio.create_task(_seal_regularly(engine, disk, settings)),
        asyncio.create_task(_keep_log(engine, disk, settings)),
        asyncio.create_task(_pack_regularly(engine, disk)),
    ]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def release_round(engine: Engine, now: datetime) -> int:
    """Let what came from the future count once it is past; return how many windows."""
    with Session(engine) as db, db.begin():
        return release(db, read_kept, now, reason=QuarantineReason.FUTURE)


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


async def _keep_log(engine: Engine, disk: Disk, settings: Settings) -> None:
    """Chain the new events, and send them where the settings say."""
    to = settings.events_to
    receiver = Receiver(to, settings.events_ca) if to else None
    while True:
        await asyncio.sleep(EVERY_S)
        if disk.is_full:
            continue
        try:
            await asyncio.to_thread(link_round, engine)
            if receiver:
                await asyncio.to_thread(send_round, engine, receiver)
        except OSError as error:
            log.warning("events wait for their receiver", receiver=to, why=str(error))
        except Exception:
            log.exception("events were not chained or sent; the next round goes on")


def seal_round(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Seal where that is due; False where it is not, or where another server is at it."""
    with Session(engine) as db:
        last = last_seal(db)
        last_at = last.sealed_at if last else None
        occasion = due(last_at, now, timedelta(minutes=settings.seal_minutes))
        if occasion is None:
            return False
        key = bureau_key(db, settings.bureau_key)
    try:
        with Session(engine) as db, db.begin():
            seal(db, key, ACTOR, now, occasion=occasion, algorithm=settings.seal_hash)
    except Busy:
        return False
    return True


async def _accrue_regularly(engine: Engine, disk: Disk) -> None:
    pause = EVERY_S
    while True:
        await asyncio.sleep(pause)
        began = time.monotonic()
        if disk.is_full:
            continue
        for one_round in (release_round, accrue_round):
            try:
                await asyncio.to_thread(one_round, engine, datetime.now(UTC))
            except Exception:
                log.exception(
                    "a round failed; the next one starts afresh", round=one_round.__name__
                )
        pause = max(EVERY_S, _SHARE * (time.monotonic() - began))


async def _seal_regularly(engine: Engine, disk: Disk, settings: Settings) -> None:
    while settings.seal_key is not None:
        await asyncio.sleep(SEAL_LOOK_S)
        if disk.is_full:
            continue
        try:
            await asyncio.to_thread(seal_round, engine, settings, datetime.now(UTC))
        except LedgerError as error:
            log.error("nothing was sealed", code=error.code, why=str(error))  # noqa: TRY400
        except Exception:
            log.exception("nothing was sealed; the next round starts afresh")


async def _pack_regularly(engine: Engine, disk: Disk) -> None:
    """Pack a day of windows where one waits, hour by hour."""
    while True:
        await asyncio.sleep(PACK_LOOK_S)
        if disk.is_full:
            continue
        try:
            hours = pack_day(partial(Session, engine), datetime.now(UTC))
            while True:
                began = time.monotonic()
                if await asyncio.to_thread(next, hours, None) is None:
                    break
                await asyncio.sleep(_SHARE * (time.monotonic() - began))
        except Exception:
            log.exception("windows were not packed; the next round goes on")
