"""A site with a small server or the real one, and the page in which each fault has its row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.settings import Settings
from ledger.postgres.database import Database
from tests.support.agents.fake_driver import FakeDriver
from tests.support.agents.tiny_server import TinyServer
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import Site, Tiny, Verdict
from tests.support.faults.faults_page import PAGE, ROWS, line, page, row_line, written
from tests.support.servers.serving import serving
from tests.support.simulation import START, place


@pytest.fixture
def check_row(request: pytest.FixtureRequest) -> Tell:
    """Holds a fault's row to what was measured."""

    def tell(key: str, verdict: Verdict) -> None:
        page_line = line(verdict, f"{request.path.name}::{request.node.originalname}")
        text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if request.config.getoption("--renew-faults"):
            text = page({**written(text), key: page_line})
            PAGE.write_text(text, encoding="utf-8")
        for expectation in row_line(ROWS[key], page_line):
            assert expectation in text.splitlines(), (
                "docs/faults.md says something else; if that is meant: "
                "pytest --renew-faults --engine=embedded tests/agents/faults"
            )

    return tell


@pytest.fixture
def site(tmp_path: Path, driver: FakeDriver, server: TinyServer) -> Iterator[Site]:
    site = Site(tmp_path, driver, Tiny(server))
    yield site
    for life in list(site.lives):
        life.kill()


@pytest.fixture
def books(engine: sa.Engine, database: Database, owner: psycopg.Connection) -> Iterator[Books]:
    books = Books(engine, database.owner_engine(), owner, place(owner, gpus=2))
    app = create_app(engine, Settings(late_days=36_500))
    app.state.wall_clock = books.now
    with serving(app) as books.url:
        yield books


@pytest.fixture
def real(tmp_path: Path, driver: FakeDriver, books: Books) -> Iterator[tuple[Site, Books]]:
    """A site that reports to the real server."""
    assert START is not None
    books.site = Site(tmp_path, driver, books)
    yield books.site, books
    for life in list(books.site.lives):
        life.kill()
