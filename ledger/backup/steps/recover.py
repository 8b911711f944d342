"""Bring a moment back: fetch a base and its WAL, replay it, and have a server of it.

It happens in a folder of its own, where only this process reaches the server, without a password
and by a socket. What comes out is a data folder that was replayed, opened and closed again: nobody
has to hope that it will start.
"""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader, RawIOBase
from pathlib import Path
from urllib.parse import quote

from ledger.backup.rules.bases import Base
from ledger.backup.rules.keys import ReadKey
from ledger.backup.rules.plan import Plan
from ledger.backup.rules.sealed import unseal_object
from ledger.backup.steps.stores import Store, copy
from ledger.errors import Unusable
from ledger.formats.disk import flush
from ledger.postgres.binaries import (
    Account,
    find_binaries,
    major_version,
    reachable,
    server_account,
    system_binaries,
)
from ledger.postgres.embedded import own_folder, socket_folder
from ledger.postgres.postmaster import Postmaster

HOME = "recovery"
RECOVERY_S = 7 * 24 * 3600
"""How long replaying may take: as long as it is alive it goes on."""

_TOO_SHORT = "recovery ended before configured recovery target was reached"
_OPEN = "local all all trust\n"
_NOTHING = "# nothing of the server that was backed up\n"
_SETTINGS = {
    "hot_standby": "off",  # whatever the first server's limits were
    "restore_command": "false",  # the WAL lies in pg_wal already
    "recovery_target_timeline": "current",
    "archive_mode": "off",
    "ssl": "off",
    "shared_preload_libraries": "",
    "synchronous_standby_names": "",
    "primary_conninfo": "",
}


@dataclass(frozen=True)
class Recovered:
    """A recovered server that runs, for this process alone.

    Attributes:
        base: from which it came.
        moment: up to which; None: as far as the WAL went.
        cluster: its data folder.
        sockets: where it listens.
    """

    base: Base
    moment: datetime | None
    cluster: Path
    sockets: Path

    def url(self, role: str) -> str:
        """Return the URL of its database for a role, which needs no password."""
        return (
            f"postgresql://{quote(role)}@/{quote(self.base.database)}"
            f"?host={quote(str(self.sockets), safe='')}"
        )


@contextmanager
def recovered(
    store: Store,
    key: ReadKey,
    plan: Plan,
    place: Path,
    *,
    keep: Path | None = None,
) -> Iterator[Recovered]:
    """Recover what a plan says, in a folder below a place, and let the server run for the block.

    Args:
        store: from where.
        key: the bureau's.
        plan: base, WAL and moment.
        place: a folder that the server's account may enter; what is made there goes again.
        keep: where the data folder goes in the end, when the block has gone well; on the same disk.

    Raises:
        Busy: the store is away.
        Unusable: an object is not as it was stored; there is no PostgreSQL of this major version
            (`backup_major`); there is no room (`backup_room`); the server does not start.
    """
    account = server_account()
    binaries = _binaries(plan.base.postgres)
    with _home(place, account) as home:
        sockets = socket_folder(home)
        own_folder(sockets, account)
        cluster = home / "cluster"
        _fetch(store, key, plan, cluster, account)
        programs = reachable(binaries, account, place / "engine")
        postmaster = _replay(plan, home, sockets, account, programs)
        try:
            yield Recovered(plan.base, plan.moment, cluster, sockets)
        finally:
            postmaster.stop()
            if sockets != home:
                shutil.rmtree(sockets, ignore_errors=True)
        if keep is not None:
            _settle(cluster, keep)


@contextmanager
def _home(place: Path, account: Account) -> Iterator[Path]:
    """Make the folder; what one that died left there, server and all, goes before."""
    home = place / HOME
    try:
        if home.exists():
            own_folder(home, account)
            Postmaster(home, socket_folder(home), account, home / "server.log", {}).clear_remains()
            shutil.rmtree(home)
        own_folder(home, account)
    except OSError as error:
        raise Unusable("backup_room", path=place, detail=error.strerror) from error
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries(major: int) -> Path:
    """Return the programs of a major version: the usual ones, or the system's."""
    places = [find_binaries(), *system_binaries()]
    for place in places:
        if major_version(place) == str(major):
            return place
    raise Unusable("backup_major", want=major, have=major_version(places[0]))


def _fetch(store: Store, key: ReadKey, plan: Plan, cluster: Path, account: Account) -> None:
    """Write the base's files and the WAL; every byte is checked on its way."""
    cluster.mkdir(mode=0o700)
    name = plan.base.content
    with store.open(name) as file:
        _extract(unseal_object(name, file, key), cluster)
    for wal in plan.wal:
        with store.open(wal.name) as file:
            copy(unseal_object(wal.name, file, key), cluster / "pg_wal" / wal.file)
    for old in ("postgresql.auto.conf", "standby.signal", "recovery.done", "postmaster.pid"):
        (cluster / old).unlink(missing_ok=True)
    (cluster / "postgresql.auto.conf").write_text(_NOTHING)
    (cluster / "recovery.signal").touch()
    (cluster.parent / "hba.conf").write_text(_OPEN)
    (cluster.parent / "server.conf").write_text(_NOTHING)
    for path in (cluster.parent, *cluster.parent.rglob("*")):
        shutil.chown(path, account.uid, account.gid)


def _extract(pieces: Iterator[bytes], cluster: Path) -> None:
    with BufferedReader(_Pieces(pieces)) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    tar.extract(member, cluster, filter=_member)
            while stream.read(1 << 20):
                pass  # up to the mark of its end
        except OSError as error:
            raise Unusable("backup_room", path=cluster.parent, detail=error.strerror) from error
        except tarfile.TarError as error:
            raise Unusable("backup_broken", name="base", detail=str(error)) from error


def _member(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """Let plain files and folders through, closed to everybody else."""
    plain = tarfile.data_filter(member, folder)
    return plain.replace(mode=0o700 if plain.isdir() else 0o600, deep=False)


class _Pieces(RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with what comes next; 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return 0
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _replay(plan: Plan, home: Path, sockets: Path, account: Account, programs: Path) -> Postmaster:
    """Start the server, which replays; return when it is open."""
    settings = {
        **_SETTINGS,
        "config_file": str(home / "server.conf"),
        "hba_file": str(home / "hba.conf"),
        "recovery_target_action": "promote",
    }
    log = home / "server.log"
    target = {}
    if plan.moment is not None:
        target = {"recovery_target_time": plan.moment.isoformat()}
    for more in (target, {}):
        postmaster = Postmaster(home, sockets, account, log, settings | more, ready_s=RECOVERY_S)
        try:
            postmaster.start(programs)
        except Unusable as error:
            # All that was committed by the moment is there, and nothing after it: no end to find.
            if not more or _TOO_SHORT not in str(error.params.get("detail")):
                raise
        else:
            return postmaster
    raise AssertionError


def _settle(cluster: Path, target: Path) -> None:
    """Give a recovered data folder, whose server has stopped, its place."""
    try:
        (cluster / "postmaster.opts").unlink(missing_ok=True)
        cluster.rename(target)
        flush(target.parent)
    except OSError as error:
        raise Unusable("backup_room", path=target, detail=error.strerror) from error
