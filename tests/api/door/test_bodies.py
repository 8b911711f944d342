"""Who is asking is settled before a body is: nothing of it is read of somebody unknown, anywhere.

Signing in and enrolling excepted, for what they are known by stands in the body. And who has no
right is told that, whatever is wrong with the file that came along.
"""

import asyncio

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Message

from agents.wire import AGENT_HEADER
from api.door.files import upload
from api.door.middleware import SESSION_COOKIE
from api.door.outer import rights_of
from api.door.route_table import API, SAFE
from ledger.people.codes import Role
from tests.support.api.doors import DOORS
from tests.support.api.town import Town

BATCHES = f"POST {API}/batches"
NAMED_INSIDE = {
    "POST /sign-in", "POST /sign-in/once", "POST /sign-in/password", "POST /sign-in/drill",
    "POST /sign-in/oidc/logout", "POST /invitation", f"POST {API}/agents",
}  # fmt: skip


def changing(app: FastAPI) -> list[tuple[str, APIRoute]]:
    return [
        (f"{method} {route.path}", route.original_route)
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute)
        for method in sorted((route.methods or set()) - SAFE)
    ]


def send(town: Town, name: str, headers: dict[str, str]) -> tuple[int, bool]:
    """What a route answers to somebody, and whether it asked for the body."""
    method = name.split(maxsplit=1)[0]
    request = town.client.build_request(method, **DOORS[name].ask(town, "mine"))
    raw = [(b"host", b"testserver"), (b"content-length", b"9")]
    raw += [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    requests, answers = [], list[Message]()

    async def receive() -> Message:
        requests.append(not answers)
        return {"type": "http.disconnect"}

    async def take(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
        "path": request.url.path, "raw_path": request.url.raw_path,
        "query_string": request.url.query, "headers": raw, "root_path": "",
        "client": ("10.0.0.9", 1), "server": ("testserver", 80),
    }  # fmt: skip
    asyncio.run(town.app(scope, receive, take))
    return (answers[0]["status"] if answers else 0), any(requests)


@pytest.fixture
def strangers(town: Town, owner: psycopg.Connection) -> dict[str, dict[str, str]]:
    """Everybody who is not known, by what she shows."""
    token = town.tokens[Role.BUILDER]
    owner.execute(
        "UPDATE tokens SET revoked_at = now(), revoked_by = 'x' WHERE hash = sha256(%s)",
        (token.encode(),),
    )
    return {
        "nothing": {},
        "a wrong token": {"Authorization": "Bearer sq_wrong"},
        "a wrong session": {"Cookie": f"{SESSION_COOKIE}=wrong"},
        "an ended token": {"Authorization": f"Bearer {token}"},
        "an agent's number": {AGENT_HEADER: str(town.nodes["mine"].reporter.agent)},
    }


def test_nothing_is_read_of_somebody_unknown(
    town: Town, strangers: dict[str, dict[str, str]]
) -> None:
    wrong = []
    for name, _ in changing(town.app):
        for stranger, headers in strangers.items():
            if name in NAMED_INSIDE or (name == BATCHES and AGENT_HEADER in headers):
                continue
            status, is_read = send(town, name, headers)
            is_open = DOORS[name].roles is None
            if is_read or (not is_open and status not in {401, 403}):
                wrong.append((name, stranger, status, is_read))
    assert wrong == []


def test_who_may_not_is_told_so_whatever_the_file_is(town: Town) -> None:
    """A form with no file, of a role that has not the right: no word about the form."""
    wrong, count = [], 0
    for name, route in changing(town.app):
        if not any(part.call is upload for part in route.dependant.dependencies):
            continue
        assert rights_of(route)
        url = DOORS[name].ask(town, "mine")["url"]
        for role in set(Role) - (DOORS[name].roles or set()):
            answer = town.client.post(url, files={"other": b"x"}, headers=town.headers(role))
            count += 1
            if answer.status_code != 403:
                wrong.append((name, role, answer.status_code))
    assert wrong == []
    assert count > 10
