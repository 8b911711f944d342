"""`suanquan serve --door agents --workers 2` as a process, on a database that is there."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ledger.postgres.database import Database
from tests.support.processes import SUANQUAN, until


@dataclass
class Service:
    """A running server of workers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [c for c in children if "api.server.workers.process" in " ".join(c.cmdline())]

    def ready(self) -> list[int]:
        """The numbers of the workers that said so."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line["worker"] for line in lines if line["event"] == "ready"]


@contextmanager
def serving_by_workers(
    database: Database, log: Path, variables: Mapping[str, str]
) -> Iterator[Service]:
    """The server, once both workers have said that they are ready."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    urls = {"SUANQUAN_DATABASE_URL": database.app_url, "SUANQUAN_PORT": str(port)}
    command = [*SUANQUAN, "serve", "--door", "agents", "--workers", "2"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env={**rest, **urls, **variables}, stderr=stream)
    running = Service(process, f"http://127.0.0.1:{port}", log)
    try:
        until("both workers", lambda: sorted(running.ready()) == [1, 2])
        yield running
    finally:
        process.terminate()
        process.wait(60)
