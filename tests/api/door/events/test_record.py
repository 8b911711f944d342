"""What an event says; that each door leaves one is in `tests/api/door/test_access.py`."""

import psycopg

from ledger.people.codes import Role
from tests.support.api.events import events
from tests.support.api.town import Town


def test_an_event_says_who_did_what_to_what(town: Town, owner: psycopg.Connection) -> None:
    answer = town.client.post(
        "/api/v1/tokens",
        json={"role": "auditor", "person": "新来的"},
        headers=town.headers(Role.SECURITY_ADMIN),
    )
    (event,) = events(owner, act="POST /api/v1/tokens")
    assert event["actor"].startswith("securityadmin:某securityadmin#")
    assert (event["noun"], event["number"]) == ("tokens", str(answer.json()["id"]))
    assert (event["result"], event["address"]) == ("done", "testclient")
    assert event["request"] == answer.headers["x-request-id"]
    assert abs(event["at"].timestamp() - _now(owner)) < 3600, "the database's clock, not a drill's"
    town.client.delete(
        f"/api/v1/tokens/{answer.json()['id']}", headers=town.headers(Role.SECURITY_ADMIN)
    )
    (event,) = events(owner, act="DELETE /api/v1/tokens/{token}")
    assert event["number"] == str(answer.json()["id"])


def _now(owner: psycopg.Connection) -> float:
    row = owner.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert row
    return float(row[0])
