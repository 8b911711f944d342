"""Several servers as one address, each request answered by the next of them."""

from collections.abc import Sequence
from itertools import cycle

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send


class Balancer:
    """An ASGI application before others, which keep no state in common but their database."""

    def __init__(self, apps: Sequence[FastAPI]) -> None:
        self.apps = apps
        self._turns = cycle(apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the next server answer."""
        await next(self._turns)(scope, receive, send)
