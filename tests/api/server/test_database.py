"""What is done to the database before a server begins."""

import psycopg
import pytest

from api.server.database import by_url, renew
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


def test_the_owner_does_not_go_through_the_pooler() -> None:
    settings = Settings(database_url="postgresql:///x", database_pooled=True)
    with pytest.raises(Unusable, match="pooled_owner"):
        by_url(settings)
    direct = settings.model_copy(update={"database_owner_url": "postgresql:///y"})
    assert by_url(direct) == Database("postgresql:///y", "postgresql:///x", is_pooled=True)
