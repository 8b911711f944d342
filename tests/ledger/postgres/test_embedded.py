"""The embedded PostgreSQL is safe by default, and starts and stops as often as one likes."""

import os
import re
import stat
import threading
from pathlib import Path

import psycopg
import pytest

from ledger.errors import Unusable
from ledger.postgres.embedded import Embedded
from tests.support.servers.embedded import (
    QUICK,
    ended,
    kept,
    query,
    server_of,
)


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
    assert roles == [("suanquan_app", False), ("suanquan_backup", False), ("suanquan_owner", False)]
    assert (settings["listen_addresses"], listening) == ("", [])


def test_every_login_has_a_password_of_its_own(data: Path) -> None:
    with Embedded(data, settings=QUICK) as embedded:
        for url in (
            embedded.admin_url, embedded.owner_url, embedded.app_url, embedded.backup_url,
        ):  # fmt: skip
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(re.sub(r":[^:@/]+@", ":guess@", url))
    files, log = list(data.glob("*.password")), data / "postgres.log"
    assert len({path.read_text() for path in files}) == 4
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
