"""The node's agent as a process of its own, with a server and a page of health."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agents.metering.meter import State
from agents.reporting.server import Server
from agents.reporting.spool import Spool
from tests.support.agents.fake_driver import FakeDriver
from tests.support.agents.tiny_server import TinyServer

AS_INSTALLED = "import sys\nfrom agents.__main__ import main\nsys.exit(main(sys.argv[1:]))\n"
QUICK = """
import sys, agents.metering.meter
agents.metering.meter.LOOK_MS = 1_000
from agents.__main__ import main
sys.exit(main(sys.argv[1:]))
"""

_AGE = "suanquan_agent_look_age_seconds "


@dataclass
class Agent:
    driver: FakeDriver
    folder: Path
    server: TinyServer
    process: subprocess.Popen[str] | None = None
    port: int = 0
    url: str = ""  # in place of the server's

    def start(self, *, code: str = QUICK, within: tuple[str, ...] = ()) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [*within, sys.executable, "-c", code, "node"],
            env={
                **self.driver.environment,
                "SUANQUAN_URL": self.url or self.server.url,
                "SUANQUAN_AGENT_DATA": str(self.folder / "agent"),
                "SUANQUAN_ENROL_CODE": "code-1",
                "SUANQUAN_NODE": "node-1",
                "SUANQUAN_HEALTH_PORT": str(self.port),
            },
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str) -> tuple[int, str]:
        with Server(f"http://127.0.0.1:{self.port}", timeout_s=5) as pages:
            answer = pages.get(path)
        return (answer.status, answer.body.decode()) if answer else (0, "")

    def until(self, path: str, words: str) -> str:
        """Wait for words on a page (pytest-timeout is the limit)."""
        while True:
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()[1]
            _, body = self.get(path)
            if words in body:
                return body
            time.sleep(0.05)

    def until_unhealthy(self) -> None:
        """Wait until its page says so. Raises where it was healthy by a look of long ago."""
        while True:
            age = float(self.until("/metrics", _AGE).partition(f"\n{_AGE}")[2].split("\n")[0])
            if self.get("/healthz")[0] != 200:
                return
            assert age <= 15
            time.sleep(0.2)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        _, output = self.process.communicate(timeout=60)
        code, self.process = self.process.returncode, None
        return code, output

    def open_minute(self) -> State:
        with Spool(self.folder / "agent" / "spool.db") as spool:
            state = spool.restore()
        assert state is not None
        return msgspec.json.decode(state, type=State)
