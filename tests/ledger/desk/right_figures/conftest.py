"""The office of the cases in which a figure was wrong once."""

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support.months.office import Office


@pytest.fixture
def office(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """Two projects with a voucher and a contract each; nothing has a price, or was used yet."""
    return Office(database, engine, owner)
