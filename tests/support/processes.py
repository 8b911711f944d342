"""The whole product as a person starts it: `suanquan up` as a process, and commands beside it."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
import psutil

from api.command_line import main

PATIENCE_S = 400.0
DRILL = ("--no-demo", "--drill")  # made-up people, and nothing registered
SUANQUAN = [sys.executable, "-m", "api.command_line"]
AGENT = [sys.executable, "-m", "agents"]
FOR_ITSELF = {"replay"}
"""Commands that take signals and are an agent's parent: each a process of its own."""

Result = subprocess.CompletedProcess[str]


def run_here(arguments: tuple[str, ...], environment: Mapping[str, str]) -> Result:
    """Run `suanquan` as `main` does, without the half second that a process takes to start."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["suanquan", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as system_exit:
            code = int(system_exit.code or 0)
    return Result(arguments, code, out.getvalue(), err.getvalue())


@dataclass
class Up:
    """A running `suanquan up` on a data folder; port 0 takes any free one, later starts keep it."""

    data: Path
    arguments: tuple[str, ...] = ("--no-demo",)
    port: int = 0
    process: subprocess.Popen[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        variables = {
            "SUANQUAN_DATA": str(self.data),
            "SUANQUAN_PORT": str(self.port),
            "SUANQUAN_WORKERS": "1",
            "LC_ALL": "en",
        }
        rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
        return rest | variables | dict(self.environment)

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "server.json").read_text())["url"])

    @property
    def token(self) -> str:
        """Of whom commands beside it are asked as."""
        holders = ("auditor", "securityadmin")
        files = (self.data / "tokens" / holder for holder in holders)
        return next(file for file in files if file.exists()).read_text().strip()

    def start(self) -> None:
        """Return when it has said that it is ready."""
        self.process = subprocess.Popen(
            [*SUANQUAN, "up", *self.arguments],
            env=self.env, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        assert self.process.stdout
        output = self.process.stdout.readline()
        assert "ready" in output, output
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> int:
        """As a service manager stops it; its exit code."""
        assert self.process
        self.process.terminate()
        return self.ended()

    def kill(self) -> None:
        """Kill -9 for it and everything that it started."""
        assert self.process
        for process in [*self.family(), psutil.Process(self.process.pid)]:
            with suppress(psutil.NoSuchProcess):  # it died of another's death
                process.kill()
        self.ended()

    def ended(self) -> int:
        assert self.process
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode

    def family(self) -> list[psutil.Process]:
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def command(self, *arguments: str, **environment: str) -> Result:
        """`suanquan` beside it, as somebody on this machine runs it."""
        return subprocess.run(
            [*SUANQUAN, *arguments], env={**self.env, **environment}, capture_output=True,
            encoding="utf-8", check=False,
        )  # fmt: skip

    def ask(self, *arguments: str) -> Any:
        """The JSON that a command answers."""
        arguments = (*arguments, "--json")
        its_own = arguments[0] in FOR_ITSELF
        result = self.command(*arguments) if its_own else run_here(arguments, self.env)
        assert result.returncode == 0, result.stderr + self.errors()
        return json.loads(result.stdout)

    def errors(self) -> str:
        """What the server's log says of errors, for the report of a failed test."""
        lines = (self.data / "server.log").read_text().splitlines()
        return "\n".join(line for line in lines if '"level": "error"' in line)

    def by(self, holder: str) -> "Up":
        """The same server, asked as another of those whom it made."""
        return replace(self, environment={**self.environment, "SUANQUAN_AS": holder})

    def usage(self) -> dict[str, int | str]:
        return {line["project"]: line["device_ms"] for line in self.ask("usage")}

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx2.get(self.url + path, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running(data: Path, *arguments: str, **environment: str) -> Iterator[Up]:
    """Up, and stopped at the end however the test went."""
    server = Up(data, arguments or ("--no-demo",), environment=environment)
    server.start()
    try:
        yield server
    finally:
        if server.process and server.process.poll() is None:
            assert server.stop() == 0


def until(expectation: str, holds: Any) -> Any:
    """Wait for something to come true; what it was then."""
    patience = time.monotonic() + PATIENCE_S
    while not (value := holds()):
        assert time.monotonic() < patience, expectation
        time.sleep(0.2)
    return value
