"""Connections: who keeps one open for nothing is cut, and nobody else."""

import socket
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request

from api.server import connections
from tests.support.servers.serving import serving

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """A server that reads a body when it is asked to, and answers without it else."""
    app = FastAPI()

    @app.api_route("/", methods=["GET", "POST"])
    async def answer(request: Request) -> int:
        return len(await request.body()) if request.headers.get("read") else 0

    with serving(app) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


def answer_to(connection: socket.socket, data: bytes = b"") -> bytes:
    """All that comes until the server closes; it is waited for as long as a test may last."""
    connection.settimeout(60)
    connection.sendall(data)
    answer = b""
    try:
        while part := connection.recv(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def test_an_answer_does_not_say_which_program_it_is(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        answer = answer_to(connection, HEAD + b"Connection: close\r\n\r\n")
    head = answer.lower().split(b"\r\n\r\n")[0]
    assert status(answer) == 200
    assert b"\r\nserver:" not in head


@pytest.mark.parametrize(
    ("data", "expected"), [(b"", 0), (HEAD, 408), (b"\r\n\r\n", 408), (HEAD + b"X: y", 408)]
)
def test_a_head_that_does_not_come_is_cut(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, data: bytes, expected: int
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    with socket.create_connection(address) as connection:
        assert status(answer_to(connection, data)) == expected


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X: y\r\n" * (connections.HEADERS_MAX + 1),
        HEAD + b"X: " + b"y" * connections.HEAD_BYTES,
        HEAD + b"X: " + b"y" * connections.HEAD_BYTES + b"\r\n\r\n",
        b"GET /" + b"y" * connections.HEAD_BYTES + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["many", "endless", "large", "address"],
)
def test_a_head_that_is_too_large_is_refused(address: tuple[str, int], head: bytes) -> None:
    with socket.create_connection(address) as connection:
        assert status(answer_to(connection, head)) == 431


def test_the_head_of_the_next_request_has_its_time_too(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(5) == b"HTTP/"
        monkeypatch.setattr(connections, "HEAD_S", 0.05)
        assert answer_to(connection, HEAD).count(b"HTTP/1.1 408") == 1


def test_the_rest_of_a_refused_body_is_not_waited_for(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_S", 0.05)
    unread = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"
    with socket.create_connection(address) as connection:
        assert status(answer_to(connection, unread)) == 200


def test_a_body_may_take_longer_than_a_head(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_connection(address) as connection:
        monkeypatch.setattr(connections, "HEAD_S", 0.0)
        request = b"POST / HTTP/1.1\r\nHost: x\r\nRead: 1\r\nConnection: close\r\n"
        connection.sendall(request + b"Content-Length: 2\r\n\r\n1")
        assert answer_to(connection, b"2").endswith(b"\r\n\r\n2")


def test_among_too_many_the_longest_waiting_gives_way(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 2)
    first, second, third = (socket.create_connection(address) for _ in range(3))
    with first, second, third:
        assert answer_to(first) == b""
        request = HEAD + b"Connection: close\r\n\r\n"
        assert [status(answer_to(connection, request)) for connection in (second, third)] == [
            200,
            200,
        ]
