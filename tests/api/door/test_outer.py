"""The doors, route by route: what is there, for whom, and what is not."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.door.outer import admits
from api.settings import Door as Part
from api.settings import Settings
from ledger.people.codes import Role
from tests.support.api.doors import DOORS
from tests.support.api.doors.door import SCOPED, Door
from tests.support.api.town import NOW, Town

HEALTH = {"GET /healthz", "GET /readyz", "GET /metrics"}
AGENTS = {"POST /api/v1/batches", "POST /api/v1/agents"}
LIKE_ANOTHER = {"GET /registry/file", "GET /registry/{section}/new"}  # `file` is no section


def application(engine: sa.Engine, part: Part) -> FastAPI:
    app = create_app(engine, Settings(door=part))
    app.state.wall_clock = lambda: NOW
    return app


@pytest.fixture
def outside(town: Town, engine: sa.Engine) -> Iterator[TestClient]:
    app = application(engine, Part.OUTER)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def agents(town: Town, engine: sa.Engine) -> Iterator[TestClient]:
    app = application(engine, Part.AGENTS)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def people(town: Town, engine: sa.Engine) -> Iterator[TestClient]:
    app = application(engine, Part.PEOPLE)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def is_outer(door: Door) -> bool:
    return door.roles is None or bool(door.roles & SCOPED)


def status(client: TestClient, town: Town, name: str, role: Role | None) -> tuple[int, str]:
    ask = DOORS[name].ask(town, "mine")
    method = name.split(maxsplit=1)[0].replace("*", "GET")
    answer = client.request(method, **ask, headers=town.headers(role))
    kind = answer.headers.get("content-type", "")
    return answer.status_code, answer.json().get("code", "") if "problem+json" in kind else ""


def names(*, outer: bool) -> list[str]:
    return [name for name, door in DOORS.items() if is_outer(door) is outer]


def test_there_are_both_kinds() -> None:
    assert len(names(outer=True)) > 40
    assert len(names(outer=False)) > 40


def test_the_bureaus_routes_are_not_there(outside: TestClient, town: Town) -> None:
    """By a path or a method that is not there, 404 or 405; at most another route refuses."""
    wrong = []
    for name in names(outer=False):
        answer = status(outside, town, name, Role.OPERATOR)
        absent = (403, 404, 405, 422) if name in LIKE_ANOTHER else (404, 405)
        if answer[0] not in absent:
            wrong.append(f"{name}: {answer}")
    assert not wrong


def test_builders_and_centres_find_what_they_find_at_the_inner_one(
    outside: TestClient, town: Town
) -> None:
    wrong = []
    for name in names(outer=True):
        door = DOORS[name]
        want = door.yes if isinstance(door.yes, tuple) else (door.yes,)
        role = Role.OPERATOR if door.roles and Role.BUILDER not in door.roles else Role.BUILDER
        if role in door.absent:
            want = (404,)
        if (answer := status(outside, town, name, role))[0] not in want:
            wrong.append(f"{name}: {answer}, not {want}")
    assert not wrong


@pytest.mark.parametrize("role", [*Role])
def test_a_role_comes_in_by_its_door(role: Role) -> None:
    assert admits(Part.ALL, role)
    assert admits(Part.OUTER, role) is (role in SCOPED)
    assert admits(Part.PEOPLE, role)
    assert not admits(Part.AGENTS, role)


def test_a_token_of_the_bureau_opens_nothing(outside: TestClient, town: Town) -> None:
    public = {name for name, door in DOORS.items() if door.roles is None}
    wrong = []
    for name in DOORS:
        code, problem = status(outside, town, name, Role.CLERK)
        if name in public:
            continue
        is_absent = code in (404, 405) and not is_outer(DOORS[name])  # or as if it were another one
        if not is_absent and (code, problem) != (403, "other_door"):
            wrong.append(f"{name}: {code} {problem}")
    assert not wrong


def test_the_bureau_cannot_sign_in_and_its_session_counts_for_nothing(
    outside: TestClient, town: Town
) -> None:
    inside = TestClient(town.app, follow_redirects=False)
    secret = town.headers(Role.CLERK)["Authorization"].removeprefix("Bearer ")
    answer = outside.post("/sign-in", data={"token": secret})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "内网" in answer.text
    signed_in = inside.post("/sign-in", data={"token": secret})
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    assert inside.get("/projects", headers={"Cookie": cookie}).status_code == 200
    assert outside.get("/projects", headers={"Cookie": cookie}).status_code in (303, 401)
    builder = town.headers(Role.BUILDER)["Authorization"].removeprefix("Bearer ")
    assert outside.post("/sign-in", data={"token": builder}).status_code == 303


def test_a_route_that_is_not_there_takes_no_large_body(outside: TestClient) -> None:
    answer = outside.post("/payments/returns", content=b"x" * 70_000)
    assert answer.status_code == 413


def test_the_agents_door_has_their_routes_and_names_the_others(
    agents: TestClient, town: Town
) -> None:
    wrong = []
    for name in DOORS:
        code, problem = status(agents, town, name, Role.CLERK)
        is_here = name in AGENTS | HEALTH or name.endswith("/static")
        if (code == 421) is is_here or (code == 421) is not (problem == "other_server"):
            wrong.append(f"{name}: {code} {problem}")
    assert not wrong
    assert agents.get("/nothing").status_code == 404


def test_the_peoples_door_has_everything_else(people: TestClient, town: Town) -> None:
    wrong = []
    for name in DOORS:
        code, problem = status(people, town, name, Role.CLERK)
        if (code, problem == "other_server") != (421, True) and name in AGENTS:
            wrong.append(f"{name}: {code} {problem}")
        if code == 421 and name not in AGENTS:
            wrong.append(f"{name}: {code} {problem}")
    assert not wrong


def test_a_batch_at_the_peoples_door_is_not_read(people: TestClient) -> None:
    """However large it is: what a load balancer sent wrong hears that, and not another limit."""
    answer = people.post("/api/v1/batches", content=b"x" * 500_000)
    assert (answer.status_code, answer.json()["code"]) == (421, "other_server")
    page = people.post("/api/v1/batches", headers={"Accept-Language": "en"})
    assert "another door" in page.json()["detail"]


def test_the_agents_door_takes_a_batch(agents: TestClient, town: Town) -> None:
    answer = agents.post("/api/v1/batches", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_without_the_setting_everything_is_there() -> None:
    assert Settings().door is Part.ALL
