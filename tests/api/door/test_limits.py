"""How much, how slowly and how often: each limit answers clearly and keeps nobody else out."""

import asyncio
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from uuid import UUID

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from limits import parse
from starlette.types import Message

from agents.wire import AGENT_HEADER
from api.app import ROUTERS
from api.door.limits import GUESSES, Limits
from api.door.route_table import BODY_MAX, RouteTable
from api.door.turns.callers import BATCHES, Caller, Callers, Kind, Sign
from ledger.people.codes import Role
from tests.support.api.asks import WRONG_CODE, code_for
from tests.support.api.town import Town

ROUTES = RouteTable(ROUTERS)
BODY_MAX_OF = {path: limited.body for path, limited in ROUTES.special_limits.items()}
MIB = 1024 * 1024
KNOWN = {"Authorization": "Bearer sq_1"}


def test_routes_that_take_more_than_a_small_body() -> None:
    assert {path: size for path, size in BODY_MAX_OF.items() if size != BODY_MAX} == {
        "/api/v1/batches": MIB,
        "/api/v1/vouchers": MIB,
        "/projects/vouchers": MIB,
        "/api/v1/persons": MIB,
        "/people/workbook": MIB,
        "/api/v1/registry": 8 * MIB,
        "/api/v1/registry/preview": 8 * MIB,
        "/api/v1/bank-returns": 8 * MIB,
        "/api/v1/evaluations": 2 * MIB,
        "/api/v1/cost-documents": 20 * MIB + BODY_MAX,
        "/api/v1/cost-documents/keyed": 20 * MIB + BODY_MAX,
        "/api/v1/cost-documents/list": 20 * MIB + BODY_MAX,
        "/api/v1/cost-documents/{document}/receipts": 20 * MIB + BODY_MAX,
        "/api/v1/cost-documents/{document}/lookups": 20 * MIB + BODY_MAX,
        "/api/v1/claims/{number}/files": 20 * MIB + BODY_MAX,
        "/api/v1/deductions/{deduction}/consent": 20 * MIB + BODY_MAX,
        "/deductions/{deduction}/consent": 20 * MIB + BODY_MAX,
        "/api/v1/incidents": 20 * MIB + BODY_MAX,
        "/evidence/incidents": 20 * MIB + BODY_MAX,
        "/courier": 20 * MIB + BODY_MAX,
        "/registry/file": 20 * MIB + BODY_MAX,
        "/documents": 20 * MIB + BODY_MAX,
        "/documents/new": 20 * MIB + BODY_MAX,
        "/documents/{document}/receipts": 20 * MIB + BODY_MAX,
        "/documents/{document}/lookups": 20 * MIB + BODY_MAX,
        "/claims/files": 20 * MIB + BODY_MAX,
        "/payments/returns": 20 * MIB + BODY_MAX,
    }


class Directory(Callers):
    """Knows everybody who shows anything, and without a database."""

    def _look_up(self, sign: Sign) -> Caller:
        return Caller(Kind.PERSON, f"person:{sign}")


def small(**limits: object) -> FastAPI:
    """A server whose one route says how long the body was."""
    app = FastAPI()
    callers = Directory(None)  # type: ignore[arg-type]
    app.add_middleware(Limits, callers=callers, routes=ROUTES, **limits)  # type: ignore[arg-type]

    @app.post("/{path:path}")
    async def length(path: str, request: Request) -> int:
        return len(await request.body())

    @app.get("/{path:path}")
    async def hello(path: str) -> str:
        return "hello"

    return app


@pytest.mark.parametrize("path", ["/anything", *BODY_MAX_OF])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_measured_before_it_is_taken(*, path: str, chunked: bool) -> None:
    limit = BODY_MAX_OF.get(path, BODY_MAX)

    def body(size: int) -> bytes | Iterator[bytes]:
        return (b"x" * part for part in (limit, size - limit)) if chunked else b"x" * size

    client = TestClient(small(), headers=KNOWN)
    assert client.post(path, content=body(limit)).json() == limit
    answer = client.post(path, content=body(limit + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["limit"] == limit


def test_a_body_that_lies_about_its_size_is_counted() -> None:
    def parts() -> Iterator[bytes]:
        yield b"x" * (BODY_MAX + 1)

    client = TestClient(small(), headers=KNOWN)
    answer = client.post("/", content=parts(), headers={"Content-Length": "5"})
    assert answer.status_code == 413


SIGNED = [(b"authorization", b"Bearer sq_1"), (b"transfer-encoding", b"chunked")]


def ask_slowly(
    receive: Callable[[], object],
    *,
    headers: list[tuple[bytes, bytes]] = SIGNED,
    **limits: object,
) -> list[Message]:
    """What the server says to a sender that is not as tame as a test's."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"",
        "headers": headers,
        "client": ("10.0.0.1", 1), "server": ("x", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(small(**limits)(scope, receive, send))  # type: ignore[arg-type]
    return messages


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    began = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def trickle() -> Message:
        for message in began:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    start, body = ask_slowly(trickle, seconds=0.01)
    assert start["status"] == 408
    assert json.loads(body["body"])["code"] == "too_slow"


def test_a_sender_that_goes_away_is_forgotten() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert ask_slowly(gone) == []


def test_guessing_is_stopped_and_only_guessing(town: Town) -> None:
    """Wrong codes and sign-ins are counted together, by address."""
    code = town.client.post(**code_for(town, "mine"), headers=town.headers(Role.SYSTEM_ADMIN))
    right = {"code": code.json()["code"], "public_key": "ab" * 32, "node": "n9"}
    for number in range(GUESSES.amount):
        if number % 2:
            answer = town.client.post("/sign-in", data={"token": f"sq_{number}"})
        else:
            answer = town.client.post("/api/v1/agents", json=WRONG_CODE)
        assert answer.status_code == 403
    for wish in (WRONG_CODE, right):
        refusal = town.client.post("/api/v1/agents", json=wish)
        assert (refusal.status_code, refusal.json()["code"]) == (429, "too_often")
        assert 1 <= int(refusal.headers["retry-after"]) <= 60
    assert town.client.get("/sign-in").status_code == 200
    assert town.client.get("/api/v1/usage", headers=town.headers(Role.BUILDER)).status_code == 200
    elsewhere = TestClient(town.app, client=("10.0.0.2", 1))
    assert elsewhere.post("/api/v1/agents", json=right).status_code == 201


def test_who_guesses_keeps_nobody_out_who_came_in_from_there_before(town: Town) -> None:
    hers, stranger = (TestClient(town.app, follow_redirects=False) for _ in range(2))

    def enter(client: TestClient, token: str) -> int:
        return client.post("/sign-in", data={"token": token}).status_code

    right = town.tokens[Role.AUDITOR]
    assert enter(hers, right) == 303
    assert {enter(stranger, "sq_x") for _ in range(GUESSES.amount)} == {403}
    assert enter(stranger, right) == 429
    assert enter(hers, right) == 303
    assert {enter(hers, "sq_x") for _ in range(GUESSES.amount)} == {403}
    assert enter(hers, right) == 429, "her own guesses are counted too"


def test_who_guesses_right_is_not_counted(town: Town) -> None:
    for _ in range(GUESSES.amount + 1):
        answer = town.client.post("/sign-in", data={"token": town.tokens[Role.AUDITOR]})
        assert answer.status_code == 303


@pytest.mark.parametrize(
    ("header", "own", "other"),
    [
        ("Authorization", "Bearer mine", "Bearer yours"),
        (AGENT_HEADER, str(UUID(int=1)), str(UUID(int=2))),
    ],
)
def test_one_callers_rate_is_its_own(header: str, own: str, other: str) -> None:
    client = TestClient(small(calls=parse("3/minute")))
    own_header, other_header = {header: own}, {header: other}
    answers = [client.get(BATCHES, headers=own_header).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert client.get(BATCHES, headers=other_header).status_code == 200
    assert [client.get(BATCHES).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/healthz").status_code == 200


def test_a_caller_is_remembered_by_a_digest_alone() -> None:
    app = small()
    client = TestClient(app)
    client.get("/", headers={"Authorization": "Bearer sq_secret"})
    layer = app.middleware_stack
    while not isinstance(layer, Limits):
        layer = layer.app  # type: ignore[union-attr]
    memory = str(vars(layer._callers)) + str(vars(layer._counts.storage))
    assert str(sha256(b"sq_secret").digest()) in memory
    assert "sq_secret" not in memory


def test_the_body_of_who_is_not_known_is_never_read() -> None:
    async def send_on() -> Message:
        raise AssertionError

    start, _body = ask_slowly(send_on, headers=[(b"content-length", b"9")])
    assert start["status"] == 200
