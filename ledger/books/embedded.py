"""PostgreSQL as a part of the program: it comes and goes with us, and nothing has to be set up.

The data folder holds the database (`server/cluster`), the passwords of its three roles, a log of
this run and of the one before, and a lock that lets one program in at a time. The server listens
on no network port, only on a socket beside the database. It is our child: when we end, however we
end, it writes everything down and ends too. What was committed survives the death of either, by
PostgreSQL's own means; all we take care of is to find and clear away what a death left behind.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from ledger.books import tether
from ledger.books.binaries import find_binaries, major_version, reachable, server_account
from ledger.errors import Unusable

__all__ = ["Embedded", "find_binaries"]

DATABASE = "suanquan"
ADMIN, OWNER, APP = "suanquan_admin", "suanquan_owner", "suanquan_app"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 107  # bytes; the kernel's sun_path holds 108 with its final zero
READY_S = 600  # a crash recovery may take minutes; a dead server is noticed at once
STOP_S = 60
POLL_S = 0.02


class Embedded:
    """A PostgreSQL in a folder of ours; start it, use its URLs, stop it. Linux only.

    Args:
        data: its folder, made when absent; the folders above it stay as they are.
        binaries: the `bin` folder of a PostgreSQL; found by `find_binaries` when None.
        settings: further server settings. Tests turn fsync off with them; nobody else may.
    """

    def __init__(
        self,
        data: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data = data.resolve()
        self.binaries = find_binaries(binaries)
        self.log = self.data / "postgres.log"
        self._settings = settings
        self._account = server_account()
        self._home = self.data / "server"  # all that belongs to the server's account
        self._cluster = self._home / "cluster"
        self._lock: IO[str] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def owner_url(self) -> str:
        """The owner's URL: makes and changes tables, and is no superuser."""
        return self._url(OWNER, DATABASE)

    @property
    def app_url(self) -> str:
        """The application's URL: a login of its own, with the rights that migrations grant."""
        return self._url(APP, DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's URL, for backups and for making other databases."""
        return self._url(ADMIN, "postgres")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, making the database first when the folder is new.

        Raises:
            Unusable: the folder is in use, is closed to the server's account or was made by
                another major version; or PostgreSQL would not start (`detail` says why).
        """
        self._take_folder()
        try:
            bin_folder = reachable(self.binaries, self._account, self.data / "engine")
            self._refuse_other_major()
            self._clear_remains()
            if not self._cluster.exists():
                self._initdb(bin_folder)
            self._launch(bin_folder)
            self._provision()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End sessions, write everything down, end the server; may be called twice."""
        if self._server:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)  # recovery at the next start; no loss
                self._server.wait()
            self._server = None
        if self._thread:
            self._thread.shutdown()
            self._thread = None
        if self._lock:
            self._lock.close()
            self._lock = None

    # --- the folder -----------------------------------------------------------------------

    def _take_folder(self) -> None:
        """Enter the data folder alone, and let the server's account into its part of it."""
        if sys.platform != "linux":
            raise Unusable("linux_only", platform=sys.platform)
        try:
            if not self.data.exists():
                self.data.mkdir(parents=True)
                self.data.chmod(0o711 if self._drops_root else 0o700)
            lock = (self.data / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise Unusable("folder_denied", path=self.data, detail=error.strerror) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            lock.close()
            raise Unusable("in_use", path=self.data, pid=holder) from error
        self._lock = lock
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._own_folder(self._home)
        self._refuse_closed_path()

    @property
    def _drops_root(self) -> bool:
        return os.geteuid() != self._account.uid

    def _own_folder(self, folder: Path) -> None:
        """A folder that the server's account alone may use (and root, who may everything)."""
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, self._account.uid, self._account.gid)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != self._account.uid or found.st_mode & 0o077:
            raise Unusable("folder_not_ours", path=folder, account=self._account.name)

    def _refuse_closed_path(self) -> None:
        for folder in [*reversed(self._home.parents), self._home]:
            if not self._account.may_enter(folder):
                raise Unusable("folder_closed", path=folder, account=self._account.name)

    def _refuse_other_major(self) -> None:
        want = major_version(self.binaries)
        if not self._cluster.exists():
            return
        try:
            have = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise Unusable("not_a_cluster", path=self._cluster) from error
        if have != want:
            raise Unusable("other_major", path=self._cluster, have=have, want=want)

    def _password(self, role: str) -> str:
        """The role's password, made at its first use and readable by us alone."""
        path = self.data / f"{role}.password"
        if not path.exists():
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text(encoding="ascii")

    def _url(self, role: str, database: str) -> str:
        host = quote(str(self._socket_folder), safe="")
        return f"postgresql://{role}:{self._password(role)}@/{database}?host={host}"

    @property
    def _socket_folder(self) -> Path:
        """Beside the database; where that path is too long for a socket, in the temp folder."""
        if len(os.fsencode(self._home / SOCKET)) <= SOCKET_PATH_MAX:
            return self._home
        name = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"suanquan-{name}"

    # --- what a death left behind ---------------------------------------------------------

    @property
    def _mark(self) -> str:
        """Stands in the command line of each server process: which folder it works for."""
        found = self._home.stat()
        return f"suanquan-{found.st_dev:x}-{found.st_ino:x}"

    def _inhabitants(self) -> Iterator[int]:
        """Processes of a server that works on our folder: the kernel knows, a pid file doesn't."""
        mark = self._mark.encode()
        for process in Path("/proc").iterdir():
            if process.name.isdecimal():
                with suppress(OSError):  # it ended while we looked
                    if (process / "comm").read_bytes().strip() == b"postgres" and mark in (
                        process / "cmdline"
                    ).read_bytes():
                        yield int(process.name)

    def _clear_remains(self) -> None:
        """Let a server that outlived its program end, then remove the notes of dead ones.

        We hold the lock, so nobody else's server can be here by right. A pid file proves nothing:
        it may be half-written, and its number may by now belong to anyone.
        """
        notes = self._cluster / "postmaster.pid"
        first = notes.read_text(errors="replace").split("\n")[0] if notes.exists() else ""
        left = set(self._inhabitants())
        for pid in {int(first)} & left if first.isdecimal() and int(first) in left else left:
            # The head closes all sessions; sessions without a head are told one by one.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if str(pid) == first else signal.SIGTERM)
        patience = time.monotonic() + STOP_S
        while left := set(self._inhabitants()):
            if time.monotonic() > patience:
                raise Unusable("server_stays", path=self._cluster, pid=min(left))
            time.sleep(POLL_S)
        notes.unlink(missing_ok=True)
        for name in (SOCKET, SOCKET + ".lock"):
            (self._socket_folder / name).unlink(missing_ok=True)
        shutil.rmtree(self._unfinished, ignore_errors=True)

    # --- making and starting --------------------------------------------------------------

    @property
    def _unfinished(self) -> Path:
        return self._home / "cluster.new"

    def _command(self, program: Path, *arguments: str) -> list[str]:
        """The command that runs it as the server's account and ends with us."""
        prefix = [sys.executable, "-I", "-S", tether.__file__]
        who = (os.getpid(), self._account.uid, self._account.gid)
        return [*prefix, *map(str, who), str(program), *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        # Nothing of ours: no PG… variable, no HOME that the account may not read.
        return {"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C", "TZ": "UTC"}

    def _initdb(self, bin_folder: Path) -> None:
        """Make the database aside and move it into place, so that it is whole or not there."""
        secret = self._home / "admin.password"
        secret.unlink(missing_ok=True)
        with open(os.open(secret, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(self._password(ADMIN))
        os.chown(secret, self._account.uid, self._account.gid)
        no_sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        command = self._command(
            bin_folder / "initdb", "-D", str(self._unfinished), "-U", ADMIN,
            "--auth=scram-sha-256", f"--pwfile={secret}", "--data-checksums",
            "--locale=C", "--encoding=UTF8", "--no-instructions", *no_sync,
        )  # fmt: skip
        done = subprocess.run(  # noqa: S603
            command, check=False, cwd="/", env=self._environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        secret.unlink()
        if done.returncode:
            raise Unusable("initdb_failed", path=self._home, detail=_last_line(done.stdout))
        self._unfinished.rename(self._cluster)
        folder = os.open(self._home, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _launch(self, bin_folder: Path) -> None:
        """Start the server and return when it takes connections."""
        self._own_folder(self._socket_folder)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self._socket_folder}"',
            "unix_socket_permissions": "0700",
            "cluster_name": self._mark,
            **self._settings,
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        command = self._command(bin_folder / "postgres", "-D", str(self._cluster), *options)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        # The kernel ends the server with the thread that started it: one that lives for that.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="postgres")
        with self.log.open("wb") as log:
            self._server = self._thread.submit(
                subprocess.Popen, command, cwd="/", env=self._environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            ).result()  # fmt: skip
        patience = time.monotonic() + READY_S
        while not self._ready(self._server.pid):
            if self._server.poll() is not None or time.monotonic() > patience:
                raise Unusable(
                    "server_failed", path=self.log, detail=_last_line(self.log.read_bytes())
                )
            time.sleep(POLL_S)

    def _ready(self, pid: int) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004

    def _provision(self) -> None:
        """Owner, application and their database; passwords follow the files at each start."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            roles = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
            for role in (OWNER, APP):
                verb = "ALTER" if role in roles else "CREATE"
                admin.execute(
                    sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}").format(
                        sql.Identifier(role), sql.Literal(self._password(role))
                    )
                )
            known = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
            if DATABASE not in known:
                admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "-"
