"""The server's own rounds: one server at a time, and no failure ends them."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from api import background

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_of_two_servers_one_does_the_round(engine: sa.Engine) -> None:
    with engine.begin() as other:
        assert other.scalar(background._MINE)
        assert not background.accrue_round(engine, NOW)
    assert background.accrue_round(engine, NOW)


def test_a_round_that_fails_is_followed_by_the_next(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []

    def fail(*_: object) -> bool:
        rounds.append(1)
        raise sa.exc.OperationalError("SELECT", None, Exception("the database went away"))

    monkeypatch.setattr(background, "accrue_round", fail)
    monkeypatch.setattr(background, "EVERY_S", 0.001)

    async def run() -> None:
        app = FastAPI()
        app.state.engine = engine
        async with background.lifespan(app):
            while len(rounds) < 3:
                await asyncio.sleep(0.001)

    asyncio.run(run())
    assert len(rounds) >= 3
