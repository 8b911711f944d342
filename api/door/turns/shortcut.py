"""The innermost layer: what comes very often goes to its endpoint without the framework.

Finding the route and working out its parameters takes FastAPI longer than a small batch takes us.
So an endpoint may say of a request that it can answer it directly. Whatever is unusual about one,
a wrong head, a parameter, a drill's clock, still goes to the route, which says what is wrong with
it. All layers outside this one see both alike.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Answer = Callable[[Request], Awaitable[Response | None]]


class Direct(NamedTuple):
    """A route, and how it answers a usual request; None of one that is not."""

    route: APIRoute
    answer: Answer

    @classmethod
    def of(cls, router: APIRouter, endpoint: Callable[..., Any], answer: Answer) -> "Direct":
        """That of an endpoint of this router."""
        routes = [route for route in router.routes if isinstance(route, APIRoute)]
        return cls(next(route for route in routes if route.endpoint is endpoint), answer)


class Shortcut:
    """The layer inside the turns.

    Args:
        app: the framework.
        prefix: under which the routes stand.
        directs: those that this server has.
    """

    def __init__(self, app: ASGIApp, *, prefix: str, directs: Iterable[Direct]) -> None:
        self.app = app
        self._directs = {
            (method, prefix + direct.route.path): direct
            for direct in directs
            for method in direct.route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a usual request; hand on any other."""
        response = await self._answer(scope, receive) if scope["type"] == "http" else None
        await (response or self.app)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        direct = self._directs.get((scope["method"], scope["path"]))
        if direct is None:
            return None
        scope["route"] = direct.route  # which the log and the counters name
        return await direct.answer(Request(scope, receive))
