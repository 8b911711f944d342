"""Fixtures of the tests of a month's reconciliation."""

import pytest

from tests.support.reconciliation import Desk
from tests.support.town import Town


@pytest.fixture
def desk(metered_town: Town) -> Desk:
    """The clerks of a month in which 100 GPU-minutes were metered."""
    return Desk(metered_town)
