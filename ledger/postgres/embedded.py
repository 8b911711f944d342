"""Embedded PostgreSQL: started and stopped with the program, without any setup.

The data folder holds the database (`server/cluster`), the passwords of its four roles, the logs of
this run and the previous one, and a lock that admits one program. The server listens on no network
port, only on a socket beside the database. Committed data survives the death of server and program
by PostgreSQL's own means; we find and clear what a crash left behind.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from ledger.errors import Unusable
from ledger.formats.disk import flush
from ledger.postgres.binaries import (
    ENVIRONMENT,
    Account,
    find_binaries,
    major_version,
    reachable,
    server_account,
)
from ledger.postgres.database import APP_ROLE
from ledger.postgres.postmaster import SOCKET, Postmaster, fault

__all__ = ["Embedded", "find_binaries", "place_for"]

DATABASE = "suanquan"
ADMIN, OWNER, APP = "suanquan_admin", "suanquan_owner", APP_ROLE
BACKUP = "suanquan_backup"
SOCKET_PATH_MAX = 107  # bytes; the kernel's sun_path holds 108 with its final zero
SHORT = Path("/tmp")  # noqa: S108 - for a socket alone, in a folder that is checked to be ours
ROOTS = Path("/var/lib/suanquan")


def place_for(data: Path) -> Path:
    """Return the database's folder for a data folder that the server's account can enter.

    Root's own home is closed to that account, and root may well have cloned us there: such a
    database lies under /var/lib/suanquan, in a folder named after the data folder.
    """
    inside = data.resolve() / "postgres"
    if os.geteuid() != 0 or inside.exists():
        return inside
    above = next(folder for folder in inside.parents if folder.exists())
    if server_account().may_enter(above):
        return inside
    return ROOTS / hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]


class Embedded:
    """A PostgreSQL in our own folder; start it, use its URLs, stop it. Linux only.

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
        self._settings = settings
        self._account = server_account()
        self._home = self.data / "server"  # the part that belongs to the server's account
        self._sockets = socket_folder(self._home)
        self.log = self.data / "postgres.log"
        self._postmaster = Postmaster(self._home, self._sockets, self._account, self.log, settings)
        self._lock: IO[str] | None = None

    @property
    def owner_url(self) -> str:
        """The owner's URL: creates and changes tables, no superuser."""
        return self._url(OWNER, DATABASE)

    @property
    def app_url(self) -> str:
        """The application's URL, with the rights that migrations grant."""
        return self._url(APP, DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's URL, to create other databases."""
        return self._url(ADMIN, "postgres")

    @property
    def backup_url(self) -> str:
        """The URL of a role that may copy the server and stream its WAL, and read no table."""
        return self._url(BACKUP, DATABASE)

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
        """Start the server; create the database first if the folder is new.

        Raises:
            Unusable: the folder is in use, is closed to the server's account or was made by
                another major version; or PostgreSQL would not start (`detail` says why).
        """
        self._lock = self._take_folder()
        try:
            self._refuse_other_major()
            programs = reachable(self.binaries, self._account, self.data / "engine")
            self._postmaster.clear_remains()
            self._make_passwords()
            if not self._postmaster.cluster.exists():
                self._initdb(programs)
            self._postmaster.start(programs)
            self._provision()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End sessions, flush, stop the server; may be called twice."""
        self._postmaster.stop()
        if self._lock:
            if self._sockets != self._home:
                shutil.rmtree(self._sockets, ignore_errors=True)
            self._lock.close()
            self._lock = None

    @contextmanager
    def vacant(self) -> Iterator[tuple[Path, str]]:
        """Hold the folder for a database that is brought here from elsewhere.

        Yields:
            Where it is to lie, and the password that its superuser is to have.

        Raises:
            Unusable: there is a database already (`restore_not_empty`), or as `start` says.
        """
        self._lock = self._take_folder()
        try:
            if self._postmaster.cluster.exists():
                raise Unusable("restore_not_empty", path=self._postmaster.cluster)
            self._make_passwords()
            yield self._postmaster.cluster, self._password_file(ADMIN).read_text(encoding="ascii")
        finally:
            self.stop()

    # --- the folder -----------------------------------------------------------------------

    def _take_folder(self) -> IO[str]:
        """Lock the data folder, and admit the server's account to its part."""
        if sys.platform != "linux":
            raise Unusable("linux_only", platform=sys.platform)
        try:
            self._make_folder()
            lock = (self.data / "lock").open("a+", encoding="ascii")
            try:
                _lock_alone(lock, self.data)
                own_folder(self._home, self._account)
                own_folder(self._sockets, self._account)
                self._refuse_closed_path()
            except BaseException:
                lock.close()
                raise
        except OSError as error:
            where = error.filename or self.data
            raise Unusable("folder_denied", path=where, detail=error.strerror) from error
        return lock

    def _make_folder(self) -> None:
        if not self.data.exists():
            self.data.mkdir(parents=True)
            self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if self.data.stat().st_uid != os.geteuid():
            raise Unusable("folder_not_ours", path=self.data, account=os.geteuid())

    def _refuse_closed_path(self) -> None:
        if not self._account.may_enter(self._home):
            way = [*reversed(self._home.parents), self._home]
            closed = next((f for f in way if not self._account.may_enter(f)), self._home)
            raise Unusable("folder_closed", path=closed, account=self._account.name)

    def _refuse_other_major(self) -> None:
        cluster, want = self._postmaster.cluster, major_version(self.binaries)
        if not cluster.exists():
            return
        try:
            have = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise Unusable("not_a_cluster", path=cluster) from error
        if have != want:
            raise Unusable("other_major", path=cluster, have=have, want=want)

    # --- passwords and addresses ----------------------------------------------------------

    def _password_file(self, role: str) -> Path:
        return self.data / f"{role}.password"

    def _make_passwords(self) -> None:
        """Make a random password for each role without one, readable only by us."""
        for role in (ADMIN, OWNER, APP, BACKUP):
            path = self._password_file(role)
            if path.exists():
                continue
            if role == ADMIN and self._postmaster.cluster.exists():
                raise Unusable("password_lost", path=path)
            _write_secret(path, secrets.token_urlsafe(24))

    def _url(self, role: str, database: str) -> str:
        try:
            password = self._password_file(role).read_text(encoding="ascii")
        except OSError as error:
            raise Unusable("never_started", path=self.data, detail=error.strerror) from error
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{role}:{password}@/{database}?host={host}"

    # --- making the database --------------------------------------------------------------

    def _initdb(self, programs: Path) -> None:
        """Create the database aside and move it into place atomically."""
        for unfinished in self._home.glob("cluster.new*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        aside = self._home / f"cluster.new{os.getpid()}"
        password = self._home / "admin.password"
        _write_secret(password, self._password_file(ADMIN).read_text(encoding="ascii"))
        os.chown(password, self._account.uid, self._account.gid)
        no_sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        command = self._account.command(
            programs / "initdb", "-D", str(aside), "-U", ADMIN,
            "--auth=scram-sha-256", f"--pwfile={password}", "--data-checksums",
            "--locale=C", "--encoding=UTF8", "--no-instructions", *no_sync,
        )  # fmt: skip
        result = subprocess.run(  # noqa: S603 - our own command
            command, check=False, cwd="/", env=ENVIRONMENT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        password.unlink()
        if result.returncode:
            raise Unusable("initdb_failed", path=self._home, detail=fault(result.stdout))
        aside.rename(self._postmaster.cluster)
        flush(self._home)

    def _provision(self) -> None:
        """Create roles and database; set passwords from their files at each start."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            roles = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
            for role in (OWNER, APP, BACKUP):
                verb = "ALTER" if role in roles else "CREATE"
                password = self._password_file(role).read_text(encoding="ascii")
                admin.execute(
                    sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}").format(
                        sql.Identifier(role), sql.Literal(password)
                    )
                )
            admin.execute(f"ALTER ROLE {BACKUP} REPLICATION")
            admin.execute(f"GRANT {APP} TO {OWNER}")  # `db check` tries what the application might
            databases = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
            if DATABASE not in databases:
                admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def own_folder(folder: Path, account: Account) -> None:
    """Create a folder that only the server's account (and root) may use. Raises Unusable."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != account.uid or status.st_mode & 0o077:
        raise Unusable("folder_not_ours", path=folder, account=account.name)


def socket_folder(home: Path) -> Path:
    """Return a socket folder beside the database, or in /tmp if that path is too long."""
    if len(os.fsencode(home / SOCKET)) <= SOCKET_PATH_MAX:
        return home
    return SHORT / f"suanquan-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"


def _lock_alone(lock: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise Unusable("in_use", path=folder, pid=lock.read().strip() or "?") from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _write_secret(path: Path, secret: str) -> None:
    """Write a file atomically and durably, readable only by us."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, secret.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.rename(path)
