"""Whose turn it is: so many requests are answered at once, and of each kind and caller so many.

A turn begins when the body is here and ends when the answer begins, so nobody's slow line holds
one. There is a connection to the database for each turn: programs, agents and strangers, however
many they are, leave those of people free.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door.route_table import RouteTable
from api.door.turns.callers import Caller, Kind
from api.door.turns.shares import Shares
from ledger.formats.bounded_call import working_for

AT_ONCE: Mapping[Kind, tuple[int, int, int]] = MappingProxyType(
    {
        Kind.PERSON: (4, 2, 64),
        Kind.PROGRAM: (2, 1, 64),
        Kind.AGENT: (2, 1, 8),
        Kind.STRANGER: (2, 1, 64),
    }
)
"""Of each kind: turns altogether, of one caller, and how many more of one caller may wait."""

GATHERING = 64, 1, 8
"""The same of agents' calls that gather: they share one (`api/metering/intake_queue.py`)."""


class Turns:
    """The layer inside the limits, which know the caller."""

    def __init__(self, app: ASGIApp, *, routes: RouteTable) -> None:
        self.app = app
        self._routes = routes
        self._gathering = Shares(*GATHERING)
        self._shares = {kind: Shares(*shares) for kind, shares in AT_ONCE.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in its turn; whether we live is asked out of turn."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        limits = self._routes.limits(request.method, request.scope["path"])
        if not limits.counts:
            await self.app(scope, receive, send)
            return
        caller: Caller = request.state.caller
        is_gathering = limits.gathers and caller.kind is Kind.AGENT
        shares = self._gathering if is_gathering else self._shares[caller.kind]
        turn = _Turn(shares, caller.key, send)
        await turn.begin()
        try:
            with working_for(caller.key):
                await self.app(scope, receive, turn.send)
        finally:
            turn.end()


class _Turn:
    """One request's turn."""

    def __init__(self, shares: Shares, key: str, send: Send) -> None:
        self._shares, self._key, self._send = shares, key, send
        self._is_held = False

    async def begin(self) -> None:
        await self._shares.take(self._key)
        self._is_held = True

    def end(self) -> None:
        if self._is_held:
            self._shares.release(self._key)
        self._is_held = False

    async def send(self, message: Message) -> None:
        self.end()
        await self._send(message)
