"""Connections of agents are handed to a worker of theirs, so that people need not wait for them.

All come to one port. Whose first request is a batch is an agent's, or a relay's: its connection
goes, with the bytes that were read of it, through a socket to the worker, which answers whatever
comes by it from then on. Where that worker is not there, or too busy to be handed more, the server
answers itself, so nothing depends on it. A connection that was handed while the worker died waits
for the next one.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from api.server.connections import GuardedProtocol

BATCH = b"POST /api/v1/batches "
HEAD_MAX = 256 * 1024  # as much as is read of a connection at once
READY = b"ready"

Give = Callable[[int, bytes], bool]


class Giver:
    """The server's end, and the worker's, which stays open here for one that takes its place."""

    def __init__(self) -> None:
        self._own, self.of_worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._own.settimeout(0)
        self._own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * HEAD_MAX)
        self._is_ready = False

    def forget(self) -> None:
        """The worker ended: nothing is handed over until the next one is ready."""
        self._is_ready = False

    def give(self, connection: int, head: bytes) -> bool:
        """Hand a connection over with what was read of it; False where nobody takes it."""
        with suppress(BlockingIOError):
            while self._own.recv(len(READY)):
                self._is_ready = True
        if not self._is_ready:
            return False
        try:
            socket.send_fds(self._own, [head], [connection])
        except OSError:  # it takes no more, or so much not at once
            return False
        return True

    def close(self) -> None:
        """Close both ends."""
        self._own.close()
        self.of_worker.close()


def giving(give: Give) -> type[GuardedProtocol]:
    """How connections are held by a server that hands those of agents over."""

    class Giving(GuardedProtocol):
        """One connection, until it is known whose."""

        has_begun = False

        def data_received(self, data: bytes) -> None:
            """Hand it over at its first bytes, or read on."""
            is_first, self.has_begun = not self.has_begun, True
            if is_first and data.startswith(BATCH):
                connection = self.transport.get_extra_info("socket")
                if give(connection.fileno(), data):
                    self.transport.close()
                    return
            super().data_received(data)

    return Giving


class Receiver:
    """The worker's end."""

    def __init__(self, server: uvicorn.Server, giver: socket.socket) -> None:
        self._server, self._giver = server, giver
        self._giver.settimeout(0)
        self._openings: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take connections from here on, in the running loop."""
        self._giver.send(READY)
        asyncio.get_running_loop().add_reader(self._giver.fileno(), self._receive)

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            head, numbers, _, _ = socket.recv_fds(self._giver, HEAD_MAX, 1)
            for number in numbers:
                opening = asyncio.create_task(self._open(socket.socket(fileno=number), head))
                self._openings.add(opening)
                opening.add_done_callback(self._openings.discard)

    async def _open(self, connection: socket.socket, head: bytes) -> None:
        config, state = self._server.config, self._server.server_state

        class Received(GuardedProtocol):
            """A connection of which something was read before."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                self.data_received(head)

        loop = asyncio.get_running_loop()
        app_state = self._server.lifespan.state
        await loop.connect_accepted_socket(lambda: Received(config, state, app_state), connection)
