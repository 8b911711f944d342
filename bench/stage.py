"""A stage for the benchmarks: a fresh embedded PostgreSQL with fsync on, and the real server."""

import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import httpx2
import psutil
import psycopg
import uvicorn

from api.app import create_app, settle
from api.door import logs
from api.server.connections import configuration
from api.server.workers.process import stand_back
from api.settings import Door, Settings
from ledger.postgres.database import Database, mark_drill, upgrade
from ledger.postgres.embedded import Embedded

LOG = Path(__file__).parent / "server.log"  # of every server of one run


@contextmanager
def embedded() -> Iterator[tuple[Embedded, Database]]:
    """A server and its migrated database, as `make run` has it: a drill, for days are fixed."""
    folder = Path(tempfile.mkdtemp(prefix="suanquan-bench-"))
    folder.chmod(0o711)
    try:
        with Embedded(folder / "data") as server:
            stage = Database(owner_url=server.owner_url, app_url=server.app_url)
            upgrade(stage)
            with stage.owner_engine().begin() as connection:
                mark_drill(connection, is_drill=True)
            yield server, stage
    finally:
        shutil.rmtree(folder)


@contextmanager
def database() -> Iterator[Database]:
    """The same, where nobody asks for the server."""
    with embedded() as (_, stage):
        yield stage


@contextmanager
def owner(stage: Database) -> Iterator[psycopg.Connection]:
    """The owner's connection, each statement committed."""
    with psycopg.connect(stage.owner_url, autocommit=True) as connection:
        yield connection


def processor_s() -> float:
    """What this process and the server's have used so far, seconds of one core."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(p.cpu_times().user + p.cpu_times().system for p in processes)


def _serve(stage: Database, port: int, door: Door) -> None:
    with LOG.open("a", encoding="utf-8") as log, redirect_stderr(log):
        logs.configure(log)
        app = create_app(stage.engine(), Settings(late_days=3_650, door=door))
        settle(app)
        if door is Door.AGENTS:
            stand_back()
        uvicorn.Server(configuration(app, port=port)).run()


@contextmanager
def server(stage: Database, door: Door = Door.ALL) -> Iterator[str]:
    """One worker of the real server, for which nothing is late, in its own process; its address."""
    port = _free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(stage, port, door))
    process.start()
    try:
        yield _answering(port)
    finally:
        process.terminate()
        process.join()


@contextmanager
def workers(stage: Database, door: Door, number: int) -> Iterator[str]:
    """So many workers behind one address, as `suanquan serve` starts them."""
    port = _free_port()
    settings = {
        "DATABASE_URL": stage.app_url, "DOOR": door, "WORKERS": number, "PORT": port,
        "LATE_DAYS": 3_650,
    }  # fmt: skip
    environment = os.environ | {f"SUANQUAN_{key}": str(value) for key, value in settings.items()}
    command = [sys.executable, "-m", "api.command_line", "serve"]
    with LOG.open("a", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        yield _answering(port)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answering(port: int) -> str:
    """The address, once somebody answers there, or after half a minute."""
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx2.get(f"{url}/healthz")
            break
        except httpx2.TransportError:
            time.sleep(0.1)
    return url
