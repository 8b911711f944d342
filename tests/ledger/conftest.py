"""Fixtures of the ledger's tests."""

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support.town import Town


@pytest.fixture
def town(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Town:
    """A small town with a project, a price and a voucher, and nothing used yet."""
    return Town(database, engine, owner)
