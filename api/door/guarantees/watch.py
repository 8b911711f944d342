"""Watch whether the database is as this program made it; nothing is written while it is not.

The catalogue is compared at the start and once a minute, with the application's login. What is
lacking stands in the log; callers get a 503 for whatever changes anything, as with a full disk, and
it passes by itself once the database is whole again. `suanquan db check` says all of it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress

import structlog
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Lifespan

from api.door.problems import RETRY_S, Refusal
from ledger.postgres.guarantees.catalogue import find_lacks
from ledger.postgres.guarantees.mechanisms import Mechanism

LOOK_S = 60.0

log = structlog.get_logger("suanquan.guarantees")


class Guarantees:
    """What a server's database lacks, as of the last look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.lacks: Sequence[Mechanism] = ()

    def look(self) -> None:
        """Compare the database; where it cannot be asked, what was known stands."""
        try:
            with self._engine.connect() as connection:
                lacks = find_lacks(connection)
        except SQLAlchemyError as error:
            log.warning("the database cannot be compared", why=str(error))
            return
        if lacks != list(self.lacks):
            names = [f"{lack.kind} {lack.name} {lack.table}".strip() for lack in lacks]
            log.error("guarantees are lacking: nothing is written", lacks=names)
        self.lacks = lacks

    def refuse_lacking(self) -> None:
        """Raise Refusal where nothing may be written (`guarantee_missing`, 503)."""
        if self.lacks:
            params = {"count": len(self.lacks)}
            raise Refusal(503, "guarantee_missing", params, {"Retry-After": str(RETRY_S)})


def with_watch(lifespan: Lifespan[FastAPI] | None) -> Lifespan[FastAPI]:
    """Look before the application serves, and again and again, beside what else it does."""

    @asynccontextmanager
    async def watch(app: FastAPI) -> AsyncIterator[None]:
        guarantees: Guarantees = app.state.guarantees
        await asyncio.to_thread(guarantees.look)
        task = asyncio.create_task(_repeat(guarantees))
        async with lifespan(app) if lifespan else nullcontext():
            yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return watch


async def _repeat(guarantees: Guarantees) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        await asyncio.to_thread(guarantees.look)
