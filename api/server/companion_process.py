"""The one program that `suanquan up` runs beside the server, so that there is usage to see.

Where this machine has NVIDIA's driver it is the node agent on this machine's GPUs, which the people
of a drill register; elsewhere than in a drill it is started once it is enrolled. Where it has none,
and nothing is registered or the demo has been here before, it is the made-up centre. It is started
through the command line, as a person would; its output goes to a log beside ours.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
import typer
from sqlmodel import Session, select

from api.language.i18n import gettext as _
from ledger.postgres import exec_with_parent
from ledger.postgres.old_logs import set_aside
from ledger.registry.tables import Centre

LOG_FILE = "beside.log"
STOP_S = 30
NO_DRIVER = 4  # agents/errors.py


class Beside:
    """Starts it, notices when it ends by itself, and stops it."""

    def __init__(self, engine: sa.Engine, data: Path, *, demo: bool, drill: bool) -> None:
        self._engine, self._data, self._demo, self._drill = engine, data, demo, drill
        self._log = data / LOG_FILE
        self._stopping = threading.Event()
        self._program: subprocess.Popen[bytes] | None = None
        # The kernel ends the program with the thread that started it: one that lives for that.
        self._thread = threading.Thread(target=self._run, name="beside")

    def start(self) -> None:
        """Return at once; looking for a driver takes a moment."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, and wait until it has; may be called before it was started."""
        self._stopping.set()
        if self._program is not None:
            self._program.terminate()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        verb = self._choose()
        if verb is None or self._stopping.is_set():
            return
        with open_log(self._log) as log:
            self._program = self._start([*verb], log.fileno())
        if self._stopping.is_set():
            self._program.terminate()
        while self._program.poll() is None:
            try:
                self._program.wait(STOP_S)
            except subprocess.TimeoutExpired:
                if self._stopping.is_set():
                    self._program.kill()
        if self._program.returncode and not self._stopping.is_set():
            command = " ".join(verb)
            typer.echo(
                _("suanquan {told} 意外结束，原因见 {_log}").format(told=command, _log=self._log),
                err=True,
            )

    def _choose(self) -> tuple[str, ...] | None:
        """The command that brings usage here, or None where none is wanted."""
        if _has_driver():
            is_enrolled = (self._data / "agents" / "node" / "agent.json").exists()
            return ("meter",) if self._drill or is_enrolled else None
        with Session(self._engine) as db:
            empty = db.exec(select(Centre).limit(1)).first() is None
        been_here = (self._data / "agents" / "demo").exists()
        return ("demo", "--live") if self._demo and (empty or been_here) else None

    def _start(self, verb: list[str], log: int) -> subprocess.Popen[bytes]:
        us = (os.getpid(), os.getuid(), os.getgid())
        command = [sys.executable, "-m", "api.command_line", *verb]
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-I", "-S", exec_with_parent.__file__, *map(str, us), *command],
            env=companion_environment(os.environ, self._data),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def companion_environment(environ: Mapping[str, str], data: Path) -> dict[str, str]:
    """Return its environment: it goes to the server beside it, whatever people's address is."""
    of_people = {"SUANQUAN_URL", "SUANQUAN_TOKEN"}
    rest = {name: value for name, value in environ.items() if name not in of_people}
    return {**rest, "SUANQUAN_DATA": str(data.resolve())}


def open_log(path: Path) -> BinaryIO:
    """Open a new log that we alone can read; those of earlier runs are kept beside it."""
    set_aside(path, datetime.now(UTC))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


def _has_driver() -> bool:
    if find_spec("pynvml") is None:  # the server alone is installed
        return False
    result = subprocess.run(
        [sys.executable, "-m", "agents", "doctor"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return result.returncode != NO_DRIVER
