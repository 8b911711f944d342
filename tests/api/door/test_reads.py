"""What only looks may be answered by a copy that takes no changes: every GET of pages and programs.

The copy is this database by a transaction that may only read; a real standby is read in
`tests/api/server/test_replica.py`.
"""

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.door.dependencies import looking, session
from ledger.people.codes import Role
from tests.support.api.doors import DOORS
from tests.support.api.doors.door import SCOPED, Door
from tests.support.api.town import Town
from tests.support.servers.read_only import ReadOnly
from tests.support.simulation import enrolled

OF_EVIDENCE = {
    "/api/v1/evidence", "/api/v1/incidents/unexplained", "/api/v1/nodes/{cluster}/{node}/witness",
    "/api/v1/sources", "/evidence", "/sources",
}  # fmt: skip
"""Evidence is compared and kept when somebody asks for it, so the primary is read."""

OF_STRANGERS = {
    "/api/v1/publications", "/api/v1/seals", "/api/v1/seals/{number}",
    *(f"/api/v1/certificates/{{number}}{file}"
      for file in ("", "/certificate.json", "/certificate.pdf")),
}  # fmt: skip
"""They ask nobody who he is; the copy is read once that is known."""

OF_SIGN_IN = {"/sign-in", "/sign-in/oidc", "/sign-in/oidc/callback", "/invitation", "/password"}


@pytest.fixture
def witnessed_town(town: Town, owner: psycopg.Connection) -> Town:
    """One whose witnesses have evidence to keep."""
    row = owner.execute("SELECT id FROM clusters WHERE name = 'c-mine'").fetchone()
    assert row
    enrolled(owner, row[0], node="witness", source="witness")
    return town


def test_who_only_looks_is_answered_by_a_copy(witnessed_town: Town) -> None:
    town, copy = witnessed_town, ReadOnly(witnessed_town.app.state.engine)
    town.app.state.replica = copy
    wrong = []
    for name, door in DOORS.items():
        method, _, path = name.partition(" ")
        if method != "GET":
            continue
        answer = town.client.get(**door.ask(town, "mine"), headers=town.headers(reader_of(door)))
        yes = door.yes if isinstance(door.yes, tuple) else (door.yes,)
        if answer.status_code not in yes:
            wrong.append(f"{path}: {answer.status_code} {answer.text[:200]}")
    assert copy.is_asked
    assert not wrong


def reader_of(door: Door) -> Role | None:
    """Somebody to whom a door opens."""
    if door.roles is None:
        return None
    return min(door.roles - door.absent - SCOPED or door.roles - door.absent, default=None)


def test_what_only_looks_reads_the_copy(app: FastAPI) -> None:
    """A route that looks at the primary has to say why."""
    primary = {
        context.path
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
        and "GET" in (route.methods or ())
        and session in (calls := [d.call for d in route.dependant.dependencies])
        and looking not in calls
    }
    assert primary == OF_EVIDENCE | OF_STRANGERS | OF_SIGN_IN
