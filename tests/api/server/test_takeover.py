"""A server dies in the middle of a round, by SIGKILL; another one does it whole, nothing twice.

Each round of the server's is done three times from the same state: without any death, and then by
a second server after the first one died at a step of it. Both end with the same rows and balances.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.server import background
from api.server.background import Round
from api.server.seals.rounds import seal_round
from api.settings import Settings
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.steps import events
from ledger.postgres.database import Database
from ledger.seals.queries.verify import verify
from tests.support.agents.mortal import each_wait, in_a_process
from tests.support.people import let_everybody_act
from tests.support.postgres import TEMPLATE, Server, open_folder
from tests.support.processes import until
from tests.support.servers.collector import Collector, collecting
from tests.support.simulation import minute, window
from tests.support.town import NOW, Town

STATE = "takeover"
LONG = {"archive"}  # takes sealed months; tests/ledger/archive/steps/test_month.py kills it
DEATHS = 4  # of each round, spread over its steps
EARLY = minute(100)
SEALED = minute(50_000)
_TABLES = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
"""
_BALANCES = "SELECT book_id, role, balance FROM accounts ORDER BY book_id, role"
_OURS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def settings_of(folder: Path, port: int = 1) -> Settings:
    """Those of a server that does every round there is."""
    return Settings(seal_key=folder / "seal.key", events_to=f"json+tcp://127.0.0.1:{port}")


def rounds(engine: sa.Engine, settings: Settings) -> dict[str, Round]:
    """All rounds of a server, by name."""
    return {r.name: r for _, of in background._rounds(engine, settings) for r in of}


NAMES = tuple(
    name
    for name in rounds(sa.create_engine("postgresql+psycopg://"), settings_of(Path()))
    if name not in LONG
)


@dataclass
class Stage:
    """A state of which copies are made, and where events go."""

    server: Server
    settings: Settings
    collector: Collector

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """A database in this state."""
        name = f"{STATE}_{next(self.server.numbers)}"
        yield self.server.create(name, STATE)
        self.server.drop(name)

    def do(self, database: Database, name: str) -> None:
        """The round, by a server of its own."""
        engine = database.engine(pool_size=2)
        rounds(engine, self.settings)[name].do(NOW)
        engine.dispose()


@pytest.fixture(scope="module")
def stage(servers: Callable[[str], Server]) -> Iterator[Stage]:
    """Usage to charge and to pack, a window of the future, events, and a seal that is due."""
    server = servers("embedded")
    database = server.create(STATE, TEMPLATE)
    with open_folder() as folder, collecting() as collector:
        settings = settings_of(folder, collector.port)
        engine = database.engine()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            let_everybody_act(owner)
            town = Town(database, engine, owner)
        for windows in ([window(0, 0), window(1, 0), window(0, 120)], [window(1, 60)]):
            report(town, windows)
        assert seal_round(engine, settings, SEALED)
        with Session(engine) as db, db.begin():
            for number in range(3):
                events.record_own(db, "server", "round seal", "seals", str(number))
        assert background.link_round(engine)
        with Session(engine) as db, db.begin():
            events.record_own(db, "server", "round seal", "seals", "4")
        engine.dispose()
        yield Stage(server, settings, collector)
    server.drop(STATE)


def report(town: Town, windows: list[Any]) -> None:
    """The windows arrive early: that of a later minute is of the future."""
    with Session(town.engine) as db, db.begin():
        batch = town.node.read(town.node.batch(windows))
        assert isinstance(take_batch(db, batch, EARLY), Receipt)


def look(database: Database) -> tuple[dict[str, int], list[Any]]:
    """How many rows each table has, and the balances; all books and proofs are right."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        names = [name for (name,) in owner.execute(_TABLES.encode())]
        counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        assert not verify(owner).faults
        balances = owner.execute(_BALANCES.encode()).fetchall()
        return dict(owner.execute(counts.encode()).fetchall()), balances


@pytest.mark.parametrize("name", NAMES)
def test_another_server_does_the_round_whole(stage: Stage, name: str) -> None:
    with stage.copy() as untouched:
        before = look(untouched)
    steps: Counter[str] = Counter()
    with stage.copy() as quiet:
        with each_wait(lambda: steps.update([name])):
            stage.do(quiet, name)
        expected = look(quiet)
    assert expected != before, "the round had nothing to do"
    count = steps[name]
    for step in sorted({1 + (count - 1) * death // (DEATHS - 1) for death in range(DEATHS)}):
        with stage.copy() as database:
            take_over(stage, database, name, step)
            assert look(database) == expected, f"after a death at step {step} of {count}"


def take_over(stage: Stage, database: Database, name: str, step: int) -> None:
    """One server dies at this step of the round, and another does it."""

    def die(countdown: Callable[[], None]) -> None:
        with each_wait(countdown):
            stage.do(database, name)

    assert not in_a_process(die, step)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        until("the end of its sessions", lambda: not owner.execute(_OURS.encode()).fetchall())
    stage.do(database, name)
