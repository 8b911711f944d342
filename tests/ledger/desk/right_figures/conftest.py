"""The bureau of the cases in which a figure was wrong once."""

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from tests.support.months.bureau import Bureau


@pytest.fixture
def bureau(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Bureau:
    """Two projects with a voucher and a contract each; nothing has a price, or was used yet."""
    return Bureau(database, engine, owner)
