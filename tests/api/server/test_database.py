"""What is done to the database before a server begins."""

import psycopg
import pytest

from api.server.database import renew
from api.settings import Settings
from ledger.errors import Unusable
from ledger.postgres.database import Database
from tests.support.people import promote
from tests.support.vouchers import place_project

CLOCK = "the secret of a drill's clock"


def test_a_database_with_real_projects_becomes_no_drill(
    database: Database, owner: psycopg.Connection
) -> None:
    promote(owner)
    place_project(owner, "p-1")
    owner.execute("UPDATE projects SET drill = false")
    with pytest.raises(Unusable, match="drill_of_real"):
        renew(database, Settings(drill_clock=CLOCK))
    assert owner.execute("TABLE drill").fetchall() == []
    owner.execute("UPDATE projects SET drill = true")
    renew(database, Settings(drill_clock=CLOCK))
    assert owner.execute("TABLE drill").fetchall() == [(True,)]
