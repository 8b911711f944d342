"""How much and how often: the size of a body before it is read, the time it may take, and the rate.

A body is taken in whole here, within its time and the limit that its route declares, so no route
ever waits for a slow sender while it holds the database. Wrong sign-ins and enrolment codes are
counted by address and soon turned away; everything else has a wide limit for each caller, so that
one program gone wild does not starve the others. The counts live in this process.
"""

import asyncio
import time
from hashlib import sha256

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.wire import AGENT_HEADER
from api.door.middleware import SESSION_COOKIE
from api.door.problems import Problem, respond
from api.door.route_table import RouteTable

BODY_SECONDS = 30.0

GUESSES = parse("20/minute")  # refused sign-ins and codes, for each address
CALLS = parse("18000/minute")  # for each token, browser session, agent or address


class Limits:
    """The layer inside the gate."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: RouteTable | None = None,
        seconds: float = BODY_SECONDS,
        calls: RateLimitItem = CALLS,
        guesses: RateLimitItem = GUESSES,
    ) -> None:
        self.app = app
        self._routes = routes or RouteTable()
        self._seconds, self._calls, self._guesses = seconds, calls, guesses
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or say which limit it meets."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        outcome = self._too_often(request) or await self._take(request, receive)
        if isinstance(outcome, Problem):
            await respond(request, outcome)(scope, receive, send)
        elif outcome is not None:
            await self.app(scope, _again(outcome, receive), self._counting(request, send))

    def _too_often(self, request: Request) -> Problem | None:
        limits = self._routes.limits(request.method, request.url.path)
        if not limits.counts:
            return None
        if limits.guesses and not self._counts.test(self._guesses, _address(request)):
            return self._wait(self._guesses, _address(request))
        if not self._counts.hit(self._calls, _caller(request)):
            return self._wait(self._calls, _caller(request))
        return None

    def _wait(self, limit: RateLimitItem, key: str) -> Problem:
        reset = self._counts.get_window_stats(limit, key).reset_time
        seconds = max(1, round(reset - time.time()))
        return Problem(429, "too_often", {"seconds": seconds}, {"Retry-After": str(seconds)})

    def _counting(self, request: Request, send: Send) -> Send:
        """Count a refusal where it may have been a guess."""
        if not self._routes.limits(request.method, request.url.path).guesses:
            return send

        async def send_counting(message: Message) -> None:
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:  # noqa: PLR2004
                self._counts.hit(self._guesses, _address(request))
            await send(message)

        return send_counting

    async def _take(self, request: Request, receive: Receive) -> bytes | Problem | None:
        """The whole body; a problem; or None when the sender went away."""
        limit = self._routes.limits(request.method, request.url.path).body
        too_large = Problem(413, "too_large", {"limit": limit})
        content_length = request.headers.get("content-length", "0")
        if content_length.isdecimal() and int(content_length) > limit:
            return too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        return too_large
                    more = message.get("more_body", False)
        except TimeoutError:
            return Problem(408, "too_slow", {"seconds": self._seconds}, {"Connection": "close"})
        return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand the taken body on, then whatever else the server says (that the client left)."""
    is_read = False

    async def once() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _address(request: Request) -> str:
    return request.client.host if request.client else "-"


def _caller(request: Request) -> str:
    """A digest of what the caller shows, so that no secret is kept here; else its address."""
    headers = request.headers
    credential = headers.get("authorization") or headers.get(AGENT_HEADER)
    credential = credential or request.cookies.get(SESSION_COOKIE)
    return sha256(credential.encode()).hexdigest() if credential else _address(request)
