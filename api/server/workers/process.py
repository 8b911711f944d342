"""A worker: one of the processes that answer, told by its parent what to be.

It is started as `python -m api.server.workers.process` with its orders on standard input, which
stays open for as long as the parent lives: at its end the worker finishes what is under way, and
ends. So a parent that was killed leaves nobody behind.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from api.app import create_app, settle
from api.door import logs
from api.server import background
from api.server.connections import GRACE_S, configuration
from api.server.workers import counters
from api.server.workers.handover import Receiver
from api.settings import Settings
from ledger.postgres.database import databases_from

log = structlog.get_logger("suanquan.worker")

AGENTS_NICE = 5


@dataclass(frozen=True)
class Orders:
    """What a worker is to be.

    Args:
        number: its own, from 1; it stands in every line of its log.
        database: the application's URL.
        settings: the server's settings, as JSON.
        counters: the folder of the counters of all.
        rounds: whether it does the rounds in the background, which are one process's.
        listener: the number of the open socket on which it listens; None: it is handed connections.
        giver: the number of the socket by which it is handed connections.
    """

    number: int
    database: str
    settings: dict[str, Any]
    counters: str
    rounds: bool = False
    listener: int | None = None
    giver: int | None = None

    def line(self) -> bytes:
        """As they are told."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @property
    def sockets(self) -> tuple[int, ...]:
        """The open sockets that it needs."""
        return tuple(fd for fd in (self.listener, self.giver) if fd is not None)


class WorkerServer(uvicorn.Server):
    """Uvicorn, on a socket that others share, or on connections that it is handed."""

    def __init__(self, config: uvicorn.Config, giver: socket.socket | None) -> None:
        super().__init__(config)
        self._giver = giver

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does; then take connections."""
        await super().startup(sockets)
        if self._giver is not None and self.started:
            Receiver(self, self._giver).start()
        log.info("ready")


def stand_back() -> None:
    """Let who waits for a page go first on this machine: a batch may wait a moment."""
    os.nice(AGENTS_NICE)


def main() -> None:
    """Serve until the parent ends, or says so by SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = Orders(**json.loads(sys.stdin.buffer.readline()))
    logs.configure(worker=orders.number)
    folder = Path(orders.counters)
    registry, counts = counters.share(folder, orders.number), counters.counts_of_callers(folder)
    settings = Settings(**orders.settings)
    is_pooled = settings.database_pooled
    engine = databases_from(orders.database, None, is_pooled=is_pooled).engine()
    lifespan = background.lifespan if orders.rounds else None
    app = create_app(engine, settings, lifespan=lifespan, counters=registry, counts=counts)
    settle(app)
    if orders.giver is not None:  # it is handed agents' connections alone
        stand_back()
    giver = None if orders.giver is None else socket.socket(fileno=orders.giver)
    server = WorkerServer(configuration(app), giver)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    listeners = [] if orders.listener is None else [socket.socket(fileno=orders.listener)]
    try:
        server.run(sockets=listeners)
    finally:
        engine.dispose()


def _end_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True
    time.sleep(2 * GRACE_S)
    os._exit(1)  # something hangs, and nobody is there to wait for it


if __name__ == "__main__":
    main()
