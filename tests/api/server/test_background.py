"""The server's own rounds: one server at a time, and no failure ends them."""

import asyncio
import queue
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from api.door.disk import Disk
from api.server import background
from api.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_of_two_servers_one_does_the_round(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(background._MINE)
        assert not background.accrue_round(engine, NOW)
    assert background.accrue_round(engine, NOW)


def test_a_round_that_fails_is_followed_by_the_next(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: queue.Queue[datetime] = queue.Queue()

    def fail(_: sa.Engine, now: datetime) -> bool:
        rounds.put(now)
        raise sa.exc.OperationalError("SELECT", None, Exception("the database went away"))

    monkeypatch.setattr(background, "accrue_round", fail)
    monkeypatch.setattr(background, "EVERY_S", 0.001)

    async def three_rounds() -> list[datetime]:
        app = FastAPI()
        app.state.engine, app.state.disk = engine, Disk((), 0)
        app.state.settings = Settings()
        async with background.lifespan(app):
            return [await asyncio.to_thread(rounds.get, timeout=60) for _ in range(3)]

    moments = asyncio.run(three_rounds())
    assert moments == sorted(moments)
