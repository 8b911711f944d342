"""All servers of a database have its clock, whatever their own ones say (with `faketime`)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres import clock as module
from ledger.postgres.clock import DatabaseClock, moment_of
from ledger.postgres.database import Database
from tests.support.people import FAR, let_everybody_act
from tests.support.postgres import TEMPLATE, Server
from tests.support.processes import PATIENCE_S, SUANQUAN, until
from tests.support.simulation import Node, gpu_id, held
from tests.support.town import Town

AHEAD, BEHIND = "+3d", "-3d"
DAYS = timedelta(days=3)
ROUNDS = """
import sys
from pathlib import Path
from api.server import background
from api.settings import Settings
from ledger.postgres.database import Database
engine = Database("", sys.argv[1]).engine(pool_size=2)
for _, rounds in background._rounds(engine, Settings(seal_key=Path(sys.argv[2]))):
    for each in rounds:
        background._try(engine, each)
"""


def under(shift: str, *command: str, **variables: str) -> dict[str, Any]:
    """How a process is started whose clock is so far off."""
    program = shutil.which("faketime")
    if program is None:
        pytest.skip("faketime is not installed")
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    return {"args": [program, "-f", shift, *command], "env": {**rest, **variables}}


@pytest.fixture
def real(servers: Callable[[str], Server]) -> Iterator[tuple[Database, Node, str]]:
    """A database that is no drill, where things happen now; a node of it, and a clerk's token."""
    server = servers("embedded")
    name = f"real_{next(server.numbers)}"
    database = server.create(name, TEMPLATE)
    engine = database.engine()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        let_everybody_act(owner)
        town = Town(database, engine, owner)
        with Session(database.owner_engine()) as db, db.begin():
            clerk = issue_token(
                db, role=Role.CLERK, person="李四", actor="machine:test",
                now=datetime.now(UTC), expires_at=FAR,
            )  # fmt: skip
        owner.execute("ALTER TABLE drill DISABLE TRIGGER stays")
        owner.execute("DELETE FROM drill")
        owner.execute("ALTER TABLE drill ENABLE TRIGGER stays")
    engine.dispose()
    yield database, town.node, clerk
    server.drop(name)


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        return owner.execute(statement.encode()).fetchall()


def minute_of(moment: datetime, gpu: int = 0) -> wire.Window:
    start = moment.replace(second=0, microsecond=0)
    return wire.Window(gpu_id(gpu), "H100", start, 60_000, (held("team-a"),), ())


def test_two_servers_whose_clocks_are_days_apart_have_one_present(
    real: tuple[Database, Node, str], tmp_path: Path
) -> None:
    database, node, clerk = real
    began = datetime.now(UTC)
    with ExitStack() as stack:
        urls = []
        for shift in (AHEAD, BEHIND):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                port = str(listener.getsockname()[1])
            how = under(
                shift, *SUANQUAN, "serve", SUANQUAN_DATABASE_URL=database.app_url,
                SUANQUAN_PORT=port,
            )  # fmt: skip
            log = stack.enter_context((tmp_path / shift).open("wb"))
            process = subprocess.Popen(**how, stderr=log, start_new_session=True)
            stack.enter_context(process)
            stack.callback(
                os.killpg, process.pid, signal.SIGTERM
            )  # faketime has the server as child
            urls.append(f"http://127.0.0.1:{port}")
        for url in urls:
            until("an answer", lambda url=url: answers(f"{url}/readyz"))
        for number, url in enumerate(urls):
            body = node.batch([minute_of(began - timedelta(minutes=10 + number))])
            answer = httpx2.post(
                f"{url}/api/v1/batches",
                content=body,
                headers=node.headers(body),
                timeout=PATIENCE_S,
            )
            assert answer.status_code == 200, answer.text
            assert answer.json()["kept"] == 1, answer.text
        with httpx2.Client(headers={"Accept": "text/html"}, timeout=PATIENCE_S) as browser:
            browser.post(f"{urls[0]}/sign-in", data={"token": clerk})
            assert [browser.get(f"{url}/desk").status_code for url in urls] == [200, 200]
    moments = [
        moment
        for (moment,) in rows(
            database,
            "SELECT received_at FROM batches UNION ALL SELECT created_at FROM sessions"
            " UNION ALL SELECT seen_at FROM sessions",
        )
    ]
    assert len(moments) == 4
    assert all(abs(moment - began) < timedelta(hours=1) for moment in moments)


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("shift", [AHEAD, BEHIND])
def test_every_round_goes_by_the_database_s_clock(
    real: tuple[Database, Node, str], tmp_path: Path, shift: str
) -> None:
    database, node, _ = real
    engine = database.engine()
    now = moment_of(engine)
    take(engine, node, [minute_of(now - timedelta(hours=1)), minute_of(now + timedelta(hours=9))])
    how = under(shift, sys.executable, "-c", ROUNDS, database.app_url, str(tmp_path / "key"))
    done = subprocess.run(**how, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert "failed" not in done.stdout + done.stderr
    moments = rows(
        database,
        "SELECT 'round', finished_at FROM rounds UNION ALL SELECT 'seal', sealed_at FROM seals"
        " UNION ALL SELECT 'charge', computed_at FROM charges"
        " UNION ALL SELECT 'memo', computed_at FROM accruals"
        " UNION ALL SELECT 'event', at FROM events",
    )
    assert {"round", "seal", "charge", "memo", "event"} == {name for name, _ in moments}
    assert all(now <= moment <= moment_of(engine) for _, moment in moments)
    # What is of the future stays aside, and a day that is not over by the database is not packed.
    assert rows(database, "SELECT reason FROM quarantine WHERE released_at IS NULL") == [
        ("future",)
    ]
    assert rows(database, "SELECT DISTINCT state FROM window_days") == [("open",)]
    engine.dispose()


def take(engine: sa.Engine, node: Node, windows: list[wire.Window]) -> None:
    with Session(engine) as db, db.begin():
        assert isinstance(
            take_batch(db, node.read(node.batch(windows)), moment_of(engine)), Receipt
        )


def test_a_clock_that_is_set_while_a_server_runs_changes_nothing(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DatabaseClock(engine)
    clock.ask()
    before = moment_of(engine)

    class Jumped(datetime):
        """A clock that was set."""

        @classmethod
        def now(cls, tz: Any = None) -> "Jumped":
            return cls.fromtimestamp(time.time() + 600, tz)

    monkeypatch.setattr(module, "datetime", Jumped)
    assert abs(clock() - before) < timedelta(minutes=5)


def test_it_is_asked_again_and_the_last_answer_goes_on_without_the_database(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([moment_of(engine), moment_of(engine) + DAYS])

    def answer(_: sa.Engine) -> datetime:
        try:
            return next(answers)
        except StopIteration:
            raise sa.exc.OperationalError("SELECT", None, Exception("away")) from None

    monkeypatch.setattr(module, "moment_of", answer)
    clock = DatabaseClock(engine)
    first = clock()  # by this machine's: nobody asked yet
    clock.ask()
    assert abs(clock() - first) < DAYS / 2
    monkeypatch.setattr(module, "ASK_EVERY_S", 0.0)
    clock._ask_at = 0.0
    until("the second answer", lambda: clock() - first > DAYS / 2)
    assert clock() - first > DAYS / 2
