"""A program with an embedded PostgreSQL as a process, and looks at what its server does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from ledger.errors import Unusable
from ledger.postgres.binaries import find_binaries
from ledger.postgres.embedded import Embedded
from tests.support.paths import ROOT

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

    def count_to(self, target: int) -> None:
        while self.said < target:
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


BUSY = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'"


def work_for_ever(url: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        query(url, "DO $$ BEGIN LOOP NULL; END LOOP; END $$")


def can_connect(url: str) -> bool:
    with suppress(psycopg.OperationalError):
        return query(url, "SELECT 1") == [(1,)]
    return False
