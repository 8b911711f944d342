"""A folder for a database, and each engine's programs."""

from pathlib import Path

import pytest

from tests.support.postgres import Server


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "data"


@pytest.fixture
def binaries(postgres: Server) -> Path:
    """Tests that ask for this run with the programs of each engine."""
    return postgres.binaries
