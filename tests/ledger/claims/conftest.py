"""Fixtures of the tests of claims."""

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.claims import Office
from tests.support.town import Town


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """A voucher that has earned, and whose firm has a bank account."""
    office = Office(engine, owner, town.project)
    office.earn(10_700_053)
    office.account()
    return office
