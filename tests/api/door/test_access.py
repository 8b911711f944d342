"""Who may do what: every route asked by every role, for its own things and for those of others.

A route that is not in the table fails the test, so nobody opens a door without saying to whom.
"""

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.door.route_table import SAFE
from ledger.people.codes import Role
from tests.support.api.asks import DAY
from tests.support.api.doors import DOORS
from tests.support.api.doors.door import BUILDER, OPERATOR, SCOPED, Door
from tests.support.api.events import events, newest
from tests.support.api.town import Town


def expected(door: Door, role: Role | None, whose: str) -> int | tuple[int, ...]:
    if door.roles is None:
        return door.yes
    if role is None:
        return 401
    if role not in door.roles:
        return 403
    if role in door.absent:
        return 404
    return 404 if door.scoped and whose == "theirs" and role in SCOPED else door.yes


@pytest.mark.parametrize("role", [None, *Role])
def test_every_door_opens_to_its_roles_alone(
    town: Town, owner: psycopg.Connection, role: Role | None
) -> None:
    """And whoever knocked at one that changes something stands in the event log, and once."""
    wrong = []
    for name, door in DOORS.items():
        method = name.split(maxsplit=1)[0].replace("*", "GET")
        for whose in ("theirs", "mine") if door.scoped else ("mine",):
            ask, before = door.ask(town, whose), newest(owner)
            answer = town.client.request(method, **ask, headers=town.headers(role))
            want = expected(door, role, whose)
            if answer.status_code not in (want if isinstance(want, tuple) else (want,)):
                wrong.append(f"{name} {whose}: {answer.status_code}, not {want}: {answer.text}")
            acts = [event["act"] for event in events(owner, before)]
            if method not in SAFE and acts != recorded(name, answer.is_success):
                wrong.append(f"{name} {whose}: {acts} in the log")
    assert not wrong


def recorded(door: str, is_success: bool) -> list[str]:
    """What the event log has of a door: an agent's batch is its own record, looking is none."""
    is_look = is_success and door.endswith(("/evaluations", "/preview"))
    return [] if is_look or door == "POST /api/v1/batches" else [door]


def test_every_door_is_in_the_table(app: FastAPI) -> None:
    doors = {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in (getattr(route, "methods", None) or {"*"})
    }
    assert doors == set(DOORS)


def test_what_is_anothers_looks_like_what_is_not_there(town: Town) -> None:
    builder, operator = town.headers(BUILDER), town.headers(OPERATOR)
    for path in ("", "/quota", "/days", f"/days/{DAY}/windows"):
        foreign = town.client.get(f"/api/v1/projects/p-theirs{path}", headers=builder).json()
        absent = town.client.get(f"/api/v1/projects/p-nobody{path}", headers=builder).json()
        assert foreign["detail"].replace("p-theirs", "p-nobody") == absent["detail"]
        assert foreign["code"] == absent["code"] == "project"
    codes = [
        town.client.post(
            "/api/v1/enrolment-codes", json={"cluster": cluster, "source": "nvml"}, headers=operator
        ).json()
        for cluster in ("c-theirs", "c-nobody")
    ]
    assert codes[0]["detail"].replace("c-theirs", "c-nobody") == codes[1]["detail"]


def test_lists_hold_ones_own(town: Town) -> None:
    def listed(role: Role, path: str, key: str) -> list[str]:
        answer = town.client.get(f"/api/v1/{path}", headers=town.headers(role))
        assert answer.status_code == 200, answer.text
        return sorted(row[key] for row in answer.json())

    both = ["p-mine", "p-theirs"]
    assert listed(BUILDER, "projects", "code") == ["p-mine"]
    assert listed(Role.AUDITOR, "projects", "code") == both
    assert listed(BUILDER, "usage", "project") == ["p-mine"]
    assert listed(OPERATOR, "usage", "project") == ["p-mine"]
    assert listed(Role.FINANCE, "usage", "project") == both
    assert listed(OPERATOR, "agents", "cluster") == ["c-mine"]
    assert listed(Role.CLERK, "agents", "cluster") == ["c-mine", "c-theirs"]
    silent = "findings?kind=silent&limit=1000"
    assert set(listed(OPERATOR, silent, "cluster")) == {"c-mine"}
    assert set(listed(Role.APPROVER, silent, "cluster")) == {"c-mine", "c-theirs"}


def test_an_operator_sees_anothers_project_only_where_it_ran_at_home(town: Town) -> None:
    """What p-theirs used at c-theirs is no figure of this operator's."""
    answer = town.client.get("/api/v1/usage", headers=town.headers(OPERATOR)).json()
    all_ = town.client.get("/api/v1/usage", headers=town.headers(Role.AUDITOR)).json()
    assert answer == [{"project": "p-mine", "device_ms": 120_000}]
    assert all_ == [*answer, {"project": "p-theirs", "device_ms": 120_000}]
