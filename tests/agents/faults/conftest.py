"""A site with a small server or the real one, and the page in which each fault has its row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
import uvicorn
from sqlmodel import Session

from agents import wire
from api.app import create_app
from api.door import dependencies as deps
from api.settings import Settings
from ledger.desk.queries.findings import Kind, findings
from ledger.metering.steps.enrol import issue_code
from tests.support.fake_driver import FakeDriver
from tests.support.fault_site import Site, Tiny, Verdict
from tests.support.faults_page import PAGE, ROWS, line, page, row_line, written
from tests.support.simulation import START, place
from tests.support.tiny_server import TinyServer

Tell = Callable[[str, Verdict], None]


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Tell:
    """Holds a fault's row to what was measured."""

    def tell(key: str, verdict: Verdict) -> None:
        measured = line(verdict, f"{request.path.name}::{request.node.originalname}")
        text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if request.config.getoption("--renew-faults"):
            text = page({**written(text), key: measured})
            PAGE.write_text(text, encoding="utf-8")
        for wanted in row_line(ROWS[key], measured):
            assert wanted in text.splitlines(), (
                "docs/faults.md says something else; if that is meant: "
                "pytest --renew-faults --engine=embedded tests/agents/faults"
            )

    return tell


@pytest.fixture
def site(tmp_path: Path, driver: FakeDriver, server: TinyServer) -> Iterator[Site]:
    made = Site(tmp_path, driver, Tiny(server))
    yield made
    for life in list(made.lives):
        life.kill()


@dataclass
class Books:
    """The real application on a real PostgreSQL, listening."""

    engine: sa.Engine
    owner: psycopg.Connection
    cluster: int
    url: str = ""
    site: Site | None = None

    def now(self) -> Any:
        assert self.site is not None
        return self.site.real()

    def code(self) -> str:
        with Session(self.engine) as db, db.begin():
            now = self.now()
            return issue_code(db, cluster=self.cluster, source="nvml", actor="test", now=now)

    def kept(self) -> list[wire.Window]:
        rows = self.owner.execute("SELECT body FROM windows ORDER BY start, gpu").fetchall()
        kept = [msgspec.convert(row[0], wire.Window) for row in rows]
        self._check_totals(kept)
        return kept

    def _check_totals(self, kept: list[wire.Window]) -> None:
        """What is billed is what the windows say."""
        said = sum(
            part.to_ms - part.from_ms
            for window in kept
            for part in window.parts
            if isinstance(part.holder, wire.Pod)
        )
        query = "SELECT coalesce(sum(held), 0)::bigint FROM day_totals WHERE holder_kind = 'pod'"
        assert self.owner.execute(query).fetchone() == (said,)

    def count(self, table: str) -> int:
        row = self.owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row
        return int(row[0])

    def find(self, kind: Kind) -> list[dict[str, Any]]:
        with Session(self.engine) as db:
            return list(findings(db, kind, self.now()))


@pytest.fixture
def books(engine: sa.Engine, owner: psycopg.Connection) -> Iterator[Books]:
    made = Books(engine, owner, place(owner, gpus=2))
    app = create_app(engine, Settings())
    app.dependency_overrides[deps.moment] = made.now
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def real(tmp_path: Path, driver: FakeDriver, books: Books) -> Iterator[tuple[Site, Books]]:
    """A site that reports to the real server."""
    assert START is not None
    books.site = Site(tmp_path, driver, books)
    yield books.site, books
    for life in list(books.site.lives):
        life.kill()
