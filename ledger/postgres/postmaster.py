"""One running PostgreSQL server: start it, restart it if killed, stop it, clean up.

The postmaster is PostgreSQL's first process. It is our child and ends with us (`exec_with_parent`);
if it is killed, it is started again. A pid file proves nothing: it may be half-written, and its
number may belong to another process by now. So each of our processes has a mark in its command
line, which the kernel shows to every account.
"""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import Unusable
from ledger.postgres.binaries import ENVIRONMENT, Account
from ledger.postgres.old_logs import set_aside

SOCKET = ".s.PGSQL.5432"
READY_S = 600.0  # a recovery after a crash may take minutes; a dead server is noticed at once
STOP_S = 60
SLOT_KEEPS = "4GB"  # of WAL for a backup whose store is away; then the disk is worth more
POLL_S = 0.02

logger = logging.getLogger(__name__)


class Postmaster:
    """The server of `home/cluster`; whoever creates it holds the folder's lock.

    Args:
        home: the folder that belongs to the server's account.
        sockets: where its socket lies.
        log: what the server says goes here; the run before is kept beside it as `….1`.
        settings: server settings, beyond those that this program needs.
        ready_s: how long it may take to start.
    """

    def __init__(
        self,
        home: Path,
        sockets: Path,
        account: Account,
        log: Path,
        settings: Mapping[str, str],
        *,
        ready_s: float = READY_S,
    ) -> None:
        self.cluster = home / "cluster"
        self.pid_file = self.cluster / "postmaster.pid"
        self._home, self._sockets, self._account, self._log = home, sockets, account, log
        self._settings, self._ready_s = settings, ready_s
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, programs: Path) -> None:
        """Return when the server accepts connections; raise Unusable if it cannot start."""
        set_aside(self._log, datetime.now(UTC))
        self._stopping.clear()
        start_result: Future[None] = Future()
        # The kernel ends the server with the *thread* that started it: one that lives for that.
        self._keeper = threading.Thread(
            target=self._keep, args=(programs, start_result), name="postgres", daemon=True
        )
        self._keeper.start()
        start_result.result()

    def stop(self) -> None:
        """Stop the server with a fast shutdown, if it runs."""
        self._stopping.set()
        patience = time.monotonic() + STOP_S
        while self._keeper and self._keeper.is_alive():
            if self._server:
                impatient = time.monotonic() > patience  # then it recovers at its next start
                self._server.send_signal(signal.SIGQUIT if impatient else signal.SIGINT)
            self._keeper.join(POLL_S)
        self._keeper = None

    def clear_remains(self) -> None:
        """Stop a server that outlived its program; remove stale files.

        Nobody else's server can be here by right, for we hold the lock of the folder.
        """
        pids = self._inhabitants()
        first = self._noted_pid()
        for pid in {first} & pids or pids:
            # A postmaster ends its sessions; sessions that lost theirs are told one by one.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if pid == first else signal.SIGTERM)
        patience = time.monotonic() + STOP_S
        while pids := self._inhabitants():
            if time.monotonic() > patience:
                raise Unusable("server_stays", path=self.cluster, pid=min(pids))
            time.sleep(POLL_S)
        for note in (self.pid_file, self._sockets / SOCKET, self._sockets / (SOCKET + ".lock")):
            note.unlink(missing_ok=True)

    @property
    def mark(self) -> str:
        """The mark of the folder's processes, independent of the folder's name."""
        status = self._home.stat()
        return f"suanquan-{status.st_dev:x}-{status.st_ino:x}"

    def _inhabitants(self) -> set[int]:
        mark, pids = self.mark.encode(), set[int]()
        for process in Path("/proc").iterdir():
            if process.name.isdecimal():
                with suppress(OSError):  # it ended while we looked
                    is_postgres = (process / "comm").read_bytes().strip() == b"postgres"
                    if is_postgres and mark in (process / "cmdline").read_bytes():
                        pids.add(int(process.name))
        return pids

    def _noted_pid(self) -> int:
        with suppress(OSError, ValueError, IndexError):
            return int(self.pid_file.read_text(errors="replace").splitlines()[0])
        return 0

    def _keep(self, programs: Path, start_result: Future[None]) -> None:
        """Keep the server running until it should stop; restart it if it was killed."""
        try:
            server = self._launch(programs)
        except BaseException as error:  # noqa: BLE001 - it is raised where `start` waits
            start_result.set_exception(error)
            return
        start_result.set_result(None)
        while (code := server.wait()) is not None and not self._stopping.is_set():
            logger.error("PostgreSQL ended by itself (%s); starting it again", code)
            try:
                self.clear_remains()
                server = self._launch(programs)
            except (Unusable, OSError):
                if not self._stopping.is_set():
                    logger.exception("PostgreSQL could not be started again")
                return

    def _launch(self, programs: Path) -> subprocess.Popen[bytes]:
        settings = {
            "max_slot_wal_keep_size": SLOT_KEEPS,
            **self._settings,
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self._sockets).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "cluster_name": self.mark,
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        self._log.touch(0o600)
        with self._log.open("ab") as log:
            server = self._server = subprocess.Popen(  # noqa: S603 - our own command
                self._account.command(programs / "postgres", "-D", str(self.cluster), *options),
                cwd="/", env=ENVIRONMENT, start_new_session=True,  # Ctrl-C is for us alone
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        patience = time.monotonic() + self._ready_s
        while not self._ready(server.pid):
            if server.poll() is not None or time.monotonic() > patience:
                server.send_signal(signal.SIGQUIT)  # the one that waits for nothing
                server.wait()
                raise Unusable("server_failed", log=self._log, detail=fault(self._log.read_bytes()))
            time.sleep(POLL_S)
        return server

    def _ready(self, pid: int) -> bool:
        """Return whether the pid file names this server (line 1) and says ready (line 8)."""
        with suppress(FileNotFoundError):
            lines = self.pid_file.read_text(errors="replace").splitlines()
            return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004
        return False


def fault(output: bytes) -> str:
    """Return the line of PostgreSQL's output that says what went wrong."""
    lines = output.decode(errors="replace").strip().splitlines() or ["-"]
    faults = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    return (faults or lines)[-1]
