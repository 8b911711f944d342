"""The real application on a real database, with a small town."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.app import create_app
from api.door import logs
from api.door.guarantees.watch import Guarantees
from api.settings import Settings
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from tests.support.api import city
from tests.support.api.city import Site, open_city
from tests.support.api.command_line import Desk
from tests.support.api.town import NOW, Town, settle
from tests.support.people import FAR
from tests.support.postgres import Server
from tests.support.servers.serving import serving


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """The server's log, as it is written."""
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def looks_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The town's money has no causes (`ask_no_cause`), and a server that looks would not write.

    Those that look have tests in `door/guarantees`; servers in processes of their own look too.
    """
    if request.path.parent.name != "guarantees":
        monkeypatch.setattr(Guarantees, "look", lambda _: None)


@pytest.fixture
def app(engine: sa.Engine) -> FastAPI:
    app = create_app(engine, Settings(token_days=36_500))
    app.state.wall_clock = lambda: NOW
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def desk(town: Town) -> Iterator[Desk]:
    with serving(town.app) as url:
        yield Desk(url, town)


@pytest.fixture
def ground(ground: str, request: pytest.FixtureRequest, postgres: Server) -> str:
    """With the town on it, for those who are in it."""
    return postgres.lay("api_town", ground, settle) if "town" in request.fixturenames else ground


@pytest.fixture
def town(app: FastAPI, client: TestClient, postgres: Server) -> Town:
    """The town, in a copy of its database."""
    return Town.of(app, client, postgres.grounds["api_town"])


@pytest.fixture(scope="session")
def site(servers: Callable[[str], Server]) -> Iterator[Site]:
    """The small city, made once a session and only looked at."""
    with open_city(servers("embedded")) as site:
        yield site


@pytest.fixture
def empty(database: Database, engine: sa.Engine, tmp_path: Path) -> Site:
    """A site on which nothing was registered yet."""
    with Session(database.owner_engine()) as db, db.begin():
        token = issue_token(
            db, role="auditor", person="赵六", actor="machine:test", now=city.NOW, expires_at=FAR
        )
    return Site("", create_app(engine, Settings(data=tmp_path)), {"auditor": token})
