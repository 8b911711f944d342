"""A relay as a process of its own, and the line between it and the server, which can be cut."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents.reporting.server import Request, Response, Server


class Wire:
    """A TCP port that passes everything on, or nothing. As a proxy it wants CONNECT first."""

    def __init__(self, target: str, *, is_proxy: bool = False) -> None:
        host, _, port = target.removeprefix("http://").removeprefix("https://").partition(":")
        self._target, self._is_proxy = (host, int(port)), is_proxy
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.is_cut = False
        self.heads: list[str] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self.is_cut = True
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._is_proxy:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += near.recv(1)
                self.heads.append(head.decode())
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            far = socket.create_connection(self._target)
            self._open += [near, far]
            threading.Thread(target=_pipe, args=(near, far), daemon=True).start()
            _pipe(far, near)


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@dataclass
class Relay:
    """`suanquan-agent relay`; it keeps its folder and its ports from one life to the next."""

    folder: Path
    server: str | None
    variables: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"
    port: int = 0
    health_port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "relay"

    def start(self) -> None:
        """Start it and wait until it listens."""
        if not self.port:
            self.port, self.health_port = _free_port(), _free_port()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}

        self.process = subprocess.Popen(
            [sys.executable, "-m", "agents", "relay"],
            env=environment
            | {
                "SUANQUAN_AGENT_DATA": str(self.data),
                "SUANQUAN_NODE": "r-1",
                "SUANQUAN_RELAY_LISTEN": f"127.0.0.1:{self.port}",
                "SUANQUAN_HEALTH_PORT": str(self.health_port),
            }
            | ({"SUANQUAN_URL": self.server} if self.server else {})
            | self.variables,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        while not self._listens():
            assert self.process.poll() is None
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    def post(self, request: Request) -> Response | None:
        with Server(self.url) as door:
            return door.post(request)

    def figure(self, name: str) -> float:
        """A figure of /metrics."""
        with Server(f"http://127.0.0.1:{self.health_port}") as pages:
            answer = pages.get("/metrics")
        assert answer is not None
        lines = answer.body.decode().splitlines()
        return next(float(x.split()[1]) for x in lines if x.startswith(f"suanquan_relay_{name} "))

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to be so (pytest-timeout is the limit)."""
        while not condition():
            time.sleep(0.05)

    def until_empty(self) -> None:
        self.until(lambda: self.figure("queue_batches") == 0)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


@contextmanager
def lives(relay: Relay) -> Iterator[Relay]:
    """Start it, and end it whatever happens."""
    relay.start()
    try:
        yield relay
    finally:
        if relay.process is not None:
            relay.stop(signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
