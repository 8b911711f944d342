"""pg_dump and pg_restore, as processes that end with ours. No password in an argument."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.errors import Unusable
from ledger.postgres import exec_with_parent
from ledger.postgres.binaries import ENVIRONMENT, find_binaries

_PIECE = 64 * 1024


def dump(url: str, snapshot: str) -> Iterator[bytes]:
    """Yield a dump of what this snapshot shows. Raises Unusable with pg_dump's reason."""
    words = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"]
    with tempfile.TemporaryFile() as complaints:
        process = _start("pg_dump", words, url, stdout=subprocess.PIPE, stderr=complaints)
        try:
            assert process.stdout  # noqa: S101 - asked for above
            with process.stdout as output:
                while piece := output.read(_PIECE):
                    yield piece
            _refuse_failure("pg_dump", process.wait(), complaints)
        finally:
            _end(process)


def load(url: str, pieces: Iterable[bytes]) -> None:
    """Restore a dump in one transaction. Raises Unusable with pg_restore's reason."""
    words = ["--single-transaction", "--exit-on-error", "--no-owner"]
    with tempfile.TemporaryFile() as complaints:
        process = _start("pg_restore", words, url, stdin=subprocess.PIPE, stderr=complaints)
        try:
            assert process.stdin  # noqa: S101 - asked for above
            with suppress(BrokenPipeError), process.stdin as entry:  # it says why by itself
                for piece in pieces:
                    entry.write(piece)
            _refuse_failure("pg_restore", process.wait(), complaints)
        finally:
            _end(process)


def plain(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    while piece := file.read(_PIECE):
        yield piece


def _start(
    name: str,
    words: list[str],
    url: str,
    *,
    stderr: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    program = find_binaries() / name
    if not os.access(program, os.X_OK):
        raise Unusable("no_binaries", tried=str(program))
    where = conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://", 1))
    secret = str(where.pop("password", "") or "")
    environment: Mapping[str, str] = {**ENVIRONMENT, **({"PGPASSWORD": secret} if secret else {})}
    shim = [sys.executable, "-I", "-S", exec_with_parent.__file__]
    mine = [str(n) for n in (os.getpid(), os.geteuid(), os.getegid())]
    command = [*shim, *mine, str(program), *words, f"--dbname={make_conninfo(**_texts(where))}"]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, cwd="/", env=environment, stdin=stdin, stdout=stdout, stderr=stderr
    )


def _texts(where: Mapping[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in where.items() if value is not None}


def _refuse_failure(name: str, code: int, complaints: IO[bytes]) -> None:
    if code == 0:
        return
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines() or [str(code)]
    faults = [line for line in lines if "error:" in line]
    raise Unusable("backup_program", program=name, detail=(faults or lines)[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process behind, whatever happened to us."""
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
