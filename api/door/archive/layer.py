"""Whoever asks for something that is archived waits until it is brought back, and is answered.

The database names what was met (`rolls_at_hand`, 07_batches), so no page need know which of what it
shows is archived. A change is not made twice by us: who asks for one is told to ask again.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door.archive.bring_back import bring_back
from api.door.route_table import SAFE
from ledger.archive.queries.parts import missing_rolls
from ledger.errors import Busy

TIMES_MAX = 100
"""How often one answer may meet something more: a page may read a day hour by hour."""


class Archived:
    """The innermost layer: it calls the routes again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as often as it takes.

        Raises:
            Busy: what a change met was archived, and is at hand now (`batch_archived`); or the
                archive is not there (`archive_away`).
            Refused: a file of the archive is away or not what it was (`archive_file`).
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        before, state_before = dict(scope), dict(scope.get("state", {}))
        for _ in range(TIMES_MAX):
            answer = _Answer(send)
            try:
                await self.app(scope, receive, answer.send)
            except Exception as error:
                away_keys = missing_rolls(error)
                if answer.is_begun or not away_keys:
                    raise
                request = Request(scope)
                engine, now = request.app.state.engine, request.app.state.wall_clock()
                await run_in_threadpool(bring_back, engine, away_keys, now)
                if scope["method"] not in SAFE:
                    raise Busy("batch_archived") from error
            else:
                return
            scope.clear()
            scope.update(before)
            scope["state"].clear()
            scope["state"].update(state_before)
        raise Busy("batch_archived")


class _Answer:
    """The way out, and whether something went out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_begun = False

    async def send(self, message: Message) -> None:
        self.is_begun = True
        await self._send(message)
