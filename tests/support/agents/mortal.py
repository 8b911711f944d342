"""Work in a child process that dies by SIGKILL before its n-th statement, request or answer."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from agents.reporting.server import Request, Response, Server


class Countdown:
    """Kills this process at the n-th call."""

    def __init__(self, remainder: int) -> None:
        self.left = remainder

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def each_wait(step: Callable[[], None]) -> Iterator[None]:
    """Take a step before and after each wait for PostgreSQL."""
    wait = psycopg.Connection.wait

    def stepping(self: Any, *args: Any, **more: Any) -> Any:
        step()
        answer = wait(self, *args, **more)
        step()
        return answer

    psycopg.Connection.wait = stepping  # type: ignore[method-assign]
    try:
        yield
    finally:
        psycopg.Connection.wait = wait  # type: ignore[method-assign]


def in_a_process(work: Callable[[Callable[[], None]], None], remainder: int) -> bool:
    """Do the work in a child that dies at the n-th step; whether it came to its end."""
    child = os.fork()
    if child == 0:
        countdown = Countdown(remainder)

        class Mortal(sqlite3.Connection):
            def execute(self, *args: Any) -> sqlite3.Cursor:
                countdown()
                return super().execute(*args)

            def executemany(self, *args: Any) -> sqlite3.Cursor:
                countdown()
                return super().executemany(*args)

        real_connect, real_post = sqlite3.connect, Server.post

        def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            return real_connect(*args, **kwargs, factory=Mortal)

        def post(self: Server, request: Request) -> Response | None:
            countdown()
            answer = real_post(self, request)
            countdown()
            return answer

        try:
            sqlite3.connect = connect  # type: ignore[assignment]
            Server.post = post  # type: ignore[method-assign]
            work(countdown)
        except BaseException:  # noqa: BLE001  the child must never come back into pytest
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)
