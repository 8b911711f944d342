"""Fixtures of the ledger's tests."""

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support import reconciliation
from tests.support.town import Town


@pytest.fixture
def town(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Town:
    """A small town with a project, a price and a voucher, and nothing used yet."""
    return Town(database, engine, owner)


@pytest.fixture
def metered_town(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Town:
    """100 GPU-minutes in March, which nobody invoiced yet."""
    return reconciliation.metered_town(database, engine, owner)
