"""The real application on a real database, with a small town: two centres, two projects, a token
for everybody. What belongs to the first of each is `mine`, what belongs to the second `theirs`.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
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
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.api import city
from tests.support.api.city import Site, open_city
from tests.support.api.command_line import Desk
from tests.support.api.town import FACTS, NOW, POLICY, Town
from tests.support.people import FAR
from tests.support.postgres import Server
from tests.support.servers.serving import serving
from tests.support.simulation import START, enrolled, gpu_id, place, window
from tests.support.vouchers import ask_no_cause, place_project


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
def town(
    app: FastAPI,
    client: TestClient,
    engine: sa.Engine,
    owner: psycopg.Connection,
    database: Database,
) -> Town:
    clusters = {
        "mine": place(owner, gpus=1, cluster="c-mine", node="n-mine"),
        "theirs": place(owner, gpus=0, cluster="c-theirs", node="n-theirs"),
    }
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n-theirs', %s)",
        (gpu_id(1), clusters["theirs"], START),
    )
    with Session(database.owner_engine()) as db, db.begin():
        load_policies(db)
    projects = {whose: place_project(owner, f"p-{whose}") for whose in clusters}
    for whose, cluster in clusters.items():
        _bind(owner, cluster, projects[whose])
    ask_no_cause(owner)  # claims.draft puts money there
    new_town = Town(
        app,
        client,
        {whose: enrolled(owner, cluster, node=f"n-{whose}") for whose, cluster in clusters.items()},
    )
    centre = owner.execute("SELECT centre_id FROM clusters WHERE name = 'c-mine'").fetchone()
    assert centre
    with Session(database.owner_engine()) as db, db.begin():
        for role in Role:
            new_town.tokens[role] = issue_token(
                db,
                role=role,
                person=f"某{role}",
                project=projects["mine"] if role is Role.BUILDER else None,
                centre=centre[0] if role is Role.OPERATOR else None,
                actor="machine:test",
                now=NOW,
                expires_at=FAR,
            )
        new_town.second = issue_token(
            db, role=Role.SECURITY_ADMIN, person="另一名安全管理员", actor="machine:test", now=NOW,
            expires_at=FAR,
        )  # fmt: skip
    with Session(engine) as db, db.begin():
        for project in projects.values():
            open_voucher(
                db,
                project=project,
                clause="09-1",
                policy=POLICY,
                facts=FACTS,
                actor="test",
                now=NOW,
            )
    for number, node in enumerate(new_town.nodes.values()):
        new_town.report(node, window(number, 0), window(number, 1))
    return new_town


def _bind(owner: psycopg.Connection, cluster: int, project: int) -> None:
    owner.execute(
        "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
        " VALUES (%s, 'nvml', '[2026-01-01,)', %s, 'test')",
        (cluster, START),
    )
    owner.execute(
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,"
        " recorded_by) VALUES (%s, 'static', 'team-a', %s, '[2026-01-01,)', %s, 'test')",
        (cluster, project, START),
    )


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
