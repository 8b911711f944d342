"""Fixtures of the ledger's tests."""

from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support import reconciliation
from tests.support.archive.buckets import serve_bucket
from tests.support.postgres import Server
from tests.support.town import Town

Builder = Callable[[Database, sa.Engine, psycopg.Connection], Town]


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 bucket for the session: each test has a prefix of its own."""
    with serve_bucket(tmp_path_factory.mktemp("bucket")) as address:
        yield address


@pytest.fixture
def ground(ground: str, request: pytest.FixtureRequest, postgres: Server) -> str:
    """With a town on it, for those who are in one."""
    if "metered_town" in request.fixturenames:
        return postgres.lay("metered_town", ground, partial(_build, reconciliation.metered_town))
    if "town" in request.fixturenames:
        return postgres.lay("ledger_town", ground, partial(_build, Town))
    return ground


def _build(builder: Builder, database: Database) -> Town:
    engine = database.engine()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        town = builder(database, engine, owner)
    engine.dispose()
    return town


@pytest.fixture
def town(engine: sa.Engine, postgres: Server) -> Town:
    """A small town with a project, a price and a voucher, and nothing used yet."""
    prototype: Town = postgres.grounds["ledger_town"]
    return prototype.on(engine)


@pytest.fixture
def metered_town(engine: sa.Engine, postgres: Server) -> Town:
    """100 GPU-minutes in March, which nobody invoiced yet."""
    prototype: Town = postgres.grounds["metered_town"]
    return prototype.on(engine)
