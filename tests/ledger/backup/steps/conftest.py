"""A server for each module, and for each test a store of its own."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.postgres.binaries import find_binaries, system_binaries
from tests.support.backup.city import City, city
from tests.support.postgres import open_folder


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[City]:
    binaries = system_binaries()[0] if request.param == "system" else find_binaries()
    with open_folder() as place, city(place, binaries) as town:
        yield town


@pytest.fixture
def town(running: City, folder: Path) -> City:
    """The server, with an empty store of this test's own, and no slot."""
    with psycopg.connect(running.embedded.admin_url, autocommit=True) as admin:
        slots = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
        admin.execute(slots.encode())
    with psycopg.connect(running.embedded.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE acts")
    (folder / "store").mkdir()
    return City(running.embedded, folder, running.write, running.read)
