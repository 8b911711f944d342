"""Starts the workers of a server, starts again whichever ends, and stops them.

One that dies soon after its start is started again later each time, up to half a minute.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

import structlog

from api.server.connections import GRACE_S
from api.server.workers.process import Orders

LOOK_S = 0.2
SOON_S = 10.0
PAUSE_S, PAUSE_MAX_S = 0.5, 30.0
STOP_S = GRACE_S + 10.0

log = structlog.get_logger("suanquan.workers")


@dataclass
class _Place:
    """A worker's place; `on_end` is called when who holds it has ended."""

    orders: Orders
    on_end: Callable[[], None]
    process: subprocess.Popen[bytes] | None = None
    begun_at: float = 0.0
    pause: float = 0.0
    due_at: float = 0.0


@dataclass
class Supervisor:
    """The workers; `lines` is given each line of their logs, else they share our standard error."""

    lines: Callable[[bytes], None] | None = None
    _places: list[_Place] = field(default_factory=list)
    _is_stopping: bool = False

    def add(self, orders: Orders, on_end: Callable[[], None] = lambda: None) -> None:
        """Have one more."""
        self._places.append(_Place(orders, on_end))

    def stop(self) -> None:
        """Let `run` end; may be called by a handler of a signal, so it takes no lock."""
        self._is_stopping = True

    def run(self) -> None:
        """Keep them running until we are stopped; return when the last has ended."""
        try:
            while not self._is_stopping:
                for place in self._places:
                    self._look_at(place)
                time.sleep(LOOK_S)
        finally:
            self._stop_all([place.process for place in self._places if place.process])

    def _look_at(self, place: _Place) -> None:
        now = time.monotonic()
        if place.process is not None and (status := place.process.poll()) is not None:
            place.on_end()
            place.process = None
            has_lasted = now - place.begun_at > SOON_S
            place.pause = 0.0 if has_lasted else min(PAUSE_MAX_S, max(PAUSE_S, 2 * place.pause))
            place.due_at = now + place.pause
            number = place.orders.number
            log.error("a worker ended", worker=number, status=status, again_s=place.pause)
        if place.process is None and now >= place.due_at:
            place.process, place.begun_at = self._start(place.orders), now

    def _start(self, orders: Orders) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.server.workers.process"],
            stdin=subprocess.PIPE,
            stderr=None if self.lines is None else subprocess.PIPE,
            pass_fds=orders.sockets,
            start_new_session=True,  # a Ctrl-C at the terminal is ours to hand on
        )
        if process.stderr is not None:
            threading.Thread(target=self._tell, args=(process.stderr,), daemon=True).start()
        with suppress(OSError):  # it ended at once, which is seen at the next look
            assert process.stdin  # noqa: S101 - it is a pipe
            process.stdin.write(orders.line())
            process.stdin.flush()
        return process

    def _tell(self, lines: IO[bytes]) -> None:
        assert self.lines  # noqa: S101 - else there is no pipe
        for line in lines:
            self.lines(line)

    def _stop_all(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            with suppress(OSError):
                assert process.stdin  # noqa: S101 - it is a pipe
                process.stdin.close()  # by which it knows
        until = time.monotonic() + STOP_S
        for process in processes:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
