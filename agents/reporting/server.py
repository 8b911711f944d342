"""HTTP client of the agent: one kept-alive connection, one request at a time.

No answer (no route, no name, a timeout, a broken connection) is `None`, never an exception: the
sending flow treats it as one more kind of answer and sends the batch again.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from agents.errors import SettingsError
from agents.reporting.line import Line

TIMEOUT_S = 15.0  # for each step of a request: connect, send, wait, read
_ANSWER_BYTES_MAX = 4 * 1024 * 1024  # an answer names at most 1,000 windows


@dataclass(frozen=True, slots=True)
class Request:
    """A POST of exactly these bytes to this path of the server."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Problem(msgspec.Struct):
    """The fields of a problem+json (RFC 9457) that the agent uses."""

    code: str = ""
    detail: str = ""
    expected: int = 0


def problem(response: Response) -> Problem:
    """Parse a problem+json; anything else gets an empty code."""
    try:
        return msgspec.json.decode(response.body, type=Problem)
    except msgspec.DecodeError:
        return Problem(detail=response.body[:200].decode("utf-8", "replace"))


class Server:
    """A kept-alive connection to `url` (http or https, with or without a path before /api).

    `line` says how to reach it; by default the environment does.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, line: Line | None = None) -> None:
        scheme, host, port, path = _address(url)
        self._prefix = path
        self._connection = (line or Line.read()).connect(scheme, host, port, timeout_s)
        self.fault = ""  # why the last request got no answer, for people

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        why: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._connection.close()

    def post(self, request: Request) -> Response | None:
        """Send a POST; None if no complete answer came."""
        return self._send("POST", request)

    def get(self, path: str) -> Response | None:
        """Send a GET; None if no complete answer came."""
        return self._send("GET", Request(path, b""))

    def _send(self, verb: str, request: Request) -> Response | None:
        was_open = self._connection.sock is not None
        answer = self._try(verb, request)
        if answer is None and was_open:  # the server may have closed the idle connection meanwhile
            answer = self._try(verb, request)
        return answer

    def _try(self, verb: str, request: Request) -> Response | None:
        headers = {"Content-Type": "application/json", **request.headers}
        try:
            self._connection.request(
                verb, self._prefix + request.path, body=request.body or None, headers=headers
            )
            answer = self._connection.getresponse()
            body = answer.read(_ANSWER_BYTES_MAX)
            if not answer.isclosed():  # longer than any answer of ours
                self._connection.close()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self.fault = str(error) or type(error).__name__
            return None
        return Response(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
        )


def _address(url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise SettingsError(
            f"服务器地址「{url}」不对：应形如 https://suanquan.example.cn",
            f"the server's address {url!r} is wrong: write it like https://suanquan.example.cn",
        )
    return parts.scheme, host, port, parts.path.rstrip("/")
