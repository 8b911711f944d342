"""The server's own rounds: one server at a time, and no failure ends them."""

import asyncio
import queue
import time
from datetime import UTC, datetime, tzinfo

import psycopg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import Session

from api.door.disk import Disk
from api.door.guarantees.watch import Guarantees
from api.server import background
from api.settings import Settings
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.postgres.database import Database
from tests.support.postgres import Server
from tests.support.servers.pgbouncer import pooler
from tests.support.simulation import enrolled, minute, place, window

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_of_two_servers_one_does_the_round(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(background._MINE)
        assert not background.accrue_round(engine, NOW)
    assert background.accrue_round(engine, NOW)


def test_where_the_server_of_a_round_dies_another_does_the_next(
    database: Database, engine: sa.Engine, postgres: Server
) -> None:
    with pooler(database) as through:  # a session's lock would stay with the pooler
        second = through.engine()
        with second.connect() as dying:
            assert dying.scalar(background._MINE)
            assert not background.accrue_round(engine, NOW)
            pid = dying.scalar(sa.text("SELECT pg_backend_pid()"))
            postgres.admin(f"SELECT pg_terminate_backend({pid}, 60000)")
            assert background.accrue_round(engine, NOW)
            dying.invalidate()
        second.dispose()


def test_of_servers_with_different_clocks_each_goes_by_the_database_s(
    engine: sa.Engine, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Jumped(datetime):
        """A clock that is ten minutes ahead."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Jumped":
            return cls.fromtimestamp(time.time() + 600, tz)

    monkeypatch.setattr(background, "datetime", Jumped)
    moments: list[datetime] = []
    before = owner.execute("SELECT clock_timestamp()").fetchone()
    background._try(engine, background.Round("look", moments.append))
    after = owner.execute("SELECT clock_timestamp()").fetchone()
    assert before
    assert after
    assert before[0] <= moments[0] <= after[0]


def test_what_came_from_the_future_counts_once_it_is_past(
    engine: sa.Engine, owner: psycopg.Connection
) -> None:
    node = enrolled(owner, place(owner))
    with Session(engine) as db, db.begin():
        receipt = take_batch(db, node.read(node.batch([window(0, 60), window(9, 0)])), minute(1))
    assert isinstance(receipt, Receipt)
    assert [item.reason for item in receipt.quarantined] == ["future", "unknown_gpu"]
    assert background.release_round(engine, minute(59)) == 0
    assert background.release_round(engine, minute(61)) == 1
    assert background.release_round(engine, minute(61)) == 0


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
        app.state.guarantees = Guarantees(engine)
        app.state.settings = Settings()
        async with background.lifespan(app):
            return [await asyncio.to_thread(rounds.get, timeout=60) for _ in range(3)]

    moments = asyncio.run(three_rounds())
    assert moments == sorted(moments)


def test_the_windows_of_closed_days_are_packed(
    engine: sa.Engine, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = enrolled(owner, place(owner))
    with Session(engine) as db, db.begin():
        batch = node.read(node.batch([window(0, 0), window(0, 60)]))
        assert isinstance(take_batch(db, batch, minute(100)), Receipt)
    assert background.pack_round(engine, minute(100)) == 0
    monkeypatch.setattr(background, "PACK_FOR_S", -1.0)
    assert background.pack_round(engine, minute(10_000)) == 1
    assert background.pack_round(engine, minute(10_000)) == 1
    assert background.pack_round(engine, minute(10_000)) == 0
