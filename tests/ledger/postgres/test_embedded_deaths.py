"""The embedded PostgreSQL lives and dies with its program, and loses nothing that was committed."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from ledger.postgres import postmaster
from ledger.postgres.embedded import Embedded
from tests.support.servers.embedded import (
    BUSY,
    PATIENCE_S,
    QUICK,
    WHEEL,
    can_connect,
    ended,
    kept,
    program,
    query,
    refusal,
    server_of,
    wait_until,
    work_for_ever,
)


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
            last_count = counting.last_said()
            with Embedded(data, binaries=binaries) as embedded:  # at once
                rows = kept(embedded)
            with suppress(psycopg.OperationalError):
                connection.rollback()
    assert rows[: last_count + 1] == list(range(last_count + 1))
    assert len(rows) <= last_count + 2  # one may be committed and not yet said


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


def test_a_server_that_outlives_its_program_is_waited_for(
    data: Path, binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program(data, binaries) as counting:
        counting.count_to(50)
        server = server_of(data)
        server.suspend()  # it cannot hear that its program ends
    last_count = counting.last_said()
    try:
        monkeypatch.setattr(postmaster, "STOP_S", 0.1)
        refused = refusal(data, binaries=binaries)
        assert (refused.code, refused.params["pid"]) == ("server_stays", server.pid)
        monkeypatch.setattr(postmaster, "STOP_S", PATIENCE_S)
        threading.Timer(0.2, server.resume).start()
        with Embedded(data, binaries=binaries) as embedded:
            assert kept(embedded)[: last_count + 1] == list(range(last_count + 1))
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
