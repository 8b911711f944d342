"""How much and how often: the size of a body before it is read, the time it may take, and the rate.

A body is taken in whole here, within its time and the limit that its route declares, so no route
ever waits for a slow sender while it holds the database. It is taken of callers that are known, and
for signing in and enrolling; anybody else's stays unread, and the route answers as to an empty one:
that it knows nobody. All bodies together fit into so many bytes, of which each caller has a share.

Wrong sign-ins and enrolment codes are counted by address and soon turned away; a browser at which
somebody signed in before then has a count of its own, so whoever guesses keeps his neighbours out
of nothing. Everything else has a wide limit for each caller, so that one program gone wild does not
starve the others. The processes of a server count together (`api/door/turns/shared_counts.py`).
"""

import asyncio
import time

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door.disk import SIGNING, Disk
from api.door.guarantees.watch import Guarantees
from api.door.problems import Problem, respond
from api.door.route_table import FORM_MAX, KIB, SAFE, Limited, RouteTable
from api.door.turns.callers import Caller, Callers, Kind, address
from api.door.turns.own_counts import OwnCounts
from api.door.turns.shares import Shares

BODY_SECONDS = 30.0
MIB = KIB * KIB
BYTES_OF = {
    Kind.PERSON: (192 * MIB, 2 * FORM_MAX),
    Kind.PROGRAM: (64 * MIB, FORM_MAX),
    Kind.AGENT: (64 * MIB, 2 * MIB),
    Kind.STRANGER: (4 * MIB, 256 * KIB),
}
"""Of each kind of caller: bytes of bodies altogether, and of one."""

GUESSES = parse("20/minute")  # refused sign-ins and codes, for each address
CALLS = parse("18000/minute")  # for each caller


class Limits:
    """The layer inside the gate."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        callers: Callers,
        routes: RouteTable | None = None,
        disk: Disk | None = None,
        guarantees: Guarantees | None = None,
        seconds: float = BODY_SECONDS,
        calls: RateLimitItem = CALLS,
        guesses: RateLimitItem = GUESSES,
        storage: Storage | None = None,
    ) -> None:
        self.app = app
        self._callers, self._routes = callers, routes or RouteTable()
        self._disk, self._guarantees = disk or Disk((), 0), guarantees
        self._seconds, self._calls, self._guesses = seconds, calls, guesses
        self._counts = FixedWindowRateLimiter(storage or OwnCounts())
        self._bytes = {kind: Shares(*shares) for kind, shares in BYTES_OF.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or say which limit it meets."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        limits = self._routes.limits(request.method, request.scope["path"])
        if not limits.counts:  # whether we live is told to everybody, and no body belongs to it
            await self.app(scope, _again(b"", receive), send)
            return
        problem = await self._too_often(request, limits) or _too_large(request, limits.body)
        if problem is not None:
            await respond(request, problem)(scope, receive, send)
            return
        if request.method not in SAFE and request.scope["path"] not in SIGNING:
            self._disk.refuse_full()
            if self._guarantees:
                self._guarantees.refuse_lacking()
        caller: Caller = request.state.caller
        is_taken = caller.is_known or limits.names_inside
        size = _size(request, limits.body) if is_taken else 0
        sending = self._counting(request, send) if limits.guesses else send
        if not size:
            await self.app(scope, _again(b"", receive), sending)
            return
        async with self._bytes[caller.kind].hold(caller.key, size):
            body = await self._take(receive, limits.body)
            if isinstance(body, Problem):
                await respond(request, body)(scope, receive, send)
            elif body is not None:
                await self.app(scope, _again(body, receive), sending)

    async def _too_often(self, request: Request, limits: Limited) -> Problem | None:
        """What speaks against one more request; else note who is calling."""
        at = address(request)
        if limits.guesses:
            request.state.guesser = await self._guesser(request)
            if not self._counts.test(self._guesses, request.state.guesser):
                return self._wait(self._guesses, request.state.guesser)
        caller = self._callers.remembered(request)
        if caller is None and not self._counts.test(self._calls, f"at:{at}"):
            return self._wait(self._calls, f"at:{at}")
        caller = request.state.caller = caller or await self._callers.of(request)
        if not self._counts.hit(self._calls, caller.key):
            return self._wait(self._calls, caller.key)
        return None

    async def _guesser(self, request: Request) -> str:
        """Whose guesses count: everybody's at an address; after too many, a known browser's own."""
        at = address(request)
        if self._counts.test(self._guesses, at):
            return at
        return await self._callers.device(request) or at

    def _wait(self, limit: RateLimitItem, key: str) -> Problem:
        reset = self._counts.get_window_stats(limit, key).reset_time
        seconds = max(1, round(reset - time.time()))
        return Problem(429, "too_often", {"seconds": seconds}, {"Retry-After": str(seconds)})

    def _counting(self, request: Request, send: Send) -> Send:
        """Count a refusal: it may have been a guess."""

        async def send_counting(message: Message) -> None:
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:  # noqa: PLR2004
                self._counts.hit(self._guesses, request.state.guesser)
            await send(message)

        return send_counting

    async def _take(self, receive: Receive, limit: int) -> bytes | Problem | None:
        """The whole body; a problem; or None when the sender went away."""
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
                        return Problem(413, "too_large", {"limit": limit})
                    more = message.get("more_body", False)
        except TimeoutError:
            return Problem(408, "too_slow", {"seconds": self._seconds}, {"Connection": "close"})
        return bytes(body)


def _too_large(request: Request, limit: int) -> Problem | None:
    return Problem(413, "too_large", {"limit": limit}) if _length(request) > limit else None


def _size(request: Request, limit: int) -> int:
    """How many bytes a body may turn out to have; 0: the request has none."""
    return limit if "transfer-encoding" in request.headers else _length(request)


def _length(request: Request) -> int:
    content_length = request.headers.get("content-length", "0")
    return int(content_length) if content_length.isdecimal() else 0


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
