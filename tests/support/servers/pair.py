"""A primary whose commits wait for its standby, and that standby (docs/operations.md)."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from ledger.postgres.binaries import Account, find_binaries, reachable, server_account
from ledger.postgres.database import Database, mark_drill, upgrade
from ledger.postgres.embedded import Embedded
from ledger.postgres.postmaster import SOCKET, Postmaster
from tests.support.postgres import FAST
from tests.support.processes import until

SETTINGS = FAST | {"synchronous_commit": "on"}  # it is the power that we do not cut
NAME = "standby"
_IN_STEP = "SELECT pid FROM pg_stat_replication WHERE sync_state = 'sync'"


class Pair:
    """Two servers; `url` names both, and whoever is the primary answers."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._stack, self._account = stack, server_account()
        self._first = stack.enter_context(Embedded(folder / "a", settings=SETTINGS))
        self._programs = reachable(find_binaries(), self._account, folder / "a" / "engine")
        self.a, self._a = _home(folder / "a"), self._first._postmaster
        self.b, self._b = _home(folder / "b"), _postmaster(folder / "b", self._account)

    def url(self, of: str, *homes: Path, read_write: bool = True) -> str:
        """The URL of a role, at these servers; at both unless said."""
        where = ",".join(map(str, homes or (self.a, self.b)))
        alone = of.partition("?")[0]
        wish = "&target_session_attrs=read-write" if read_write else ""
        return f"{alone}?host={quote(where)}{wish}"

    @property
    def database(self) -> Database:
        """The database, wherever it is."""
        return Database(self.url(self._first.owner_url), self.url(self._first.app_url))

    def admin(self, home: Path, statement: str) -> list[tuple[object, ...]]:
        """What a statement of the superuser yields at one of the two."""
        url = self.url(self._first.admin_url, home, read_write=False)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def add_standby(self) -> None:
        """Copy the primary, start the copy as its standby, and wait for it from now on."""
        source = self.url(self._first.admin_url, self.a, read_write=False)
        source = f"{source}&application_name={NAME}"
        command = self._account.command(
            self._programs / "pg_basebackup", "--pgdata", str(self.b / "cluster"),
            "--checkpoint=fast", "--write-recovery-conf", "--dbname", source,
        )  # fmt: skip
        subprocess.run(command, check=True, cwd="/", env={"LC_ALL": "C"})
        self._start(self._b)
        self.admin(self.a, f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'")
        self.admin(self.a, "SELECT pg_reload_conf()")
        until("a standby in step", lambda: self.admin(self.a, _IN_STEP))

    def kill_primary(self) -> None:
        """Kill -9 for all its processes; nobody starts it again."""
        _kill(self._a)

    def kill_standby(self) -> None:
        """Kill -9 for all its processes, and let commits wait for it no more."""
        self.admin(self.a, "ALTER SYSTEM RESET synchronous_standby_names")
        self.admin(self.a, "SELECT pg_reload_conf()")
        _kill(self._b)

    def promote(self) -> None:
        """Make the standby the primary."""
        self.admin(self.b, "SELECT pg_promote()")

    def bring_back(self) -> None:
        """Start the old primary again as it was: it knows of nothing."""
        (self.a / SOCKET).unlink(missing_ok=True)
        self._a.clear_remains()
        self._start(self._a)

    def _start(self, postmaster: Postmaster) -> None:
        postmaster.start(self._programs)
        self._stack.callback(postmaster.stop)


def _kill(postmaster: Postmaster) -> None:
    postmaster._stopping.set()
    first = psutil.Process(int(postmaster.pid_file.read_text().splitlines()[0]))
    for process in [*first.children(recursive=True), first]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    postmaster.stop()


def _home(folder: Path) -> Path:
    return folder / "server"


def _postmaster(folder: Path, account: Account) -> Postmaster:
    home = _home(folder)
    home.mkdir(parents=True)
    for path in (folder, home):
        os.chown(path, account.uid, account.gid)
        path.chmod(0o700 if path == home else 0o711)
    settings: Mapping[str, str] = SETTINGS
    return Postmaster(home, home, account, folder / "postgres.log", settings)


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """A migrated database of a drill on a primary with its standby."""
    with ExitStack() as stack:
        both = Pair(folder, stack)
        upgrade(both.database)
        with both.database.owner_engine().begin() as connection:
            mark_drill(connection, is_drill=True)
        both.add_standby()
        yield both
