"""pg_dump, pg_restore and psql, as processes that end with ours. No password in an argument."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
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
        process = start("pg_dump", words, url, stdout=subprocess.PIPE, stderr=complaints)
        try:
            assert process.stdout  # noqa: S101 - asked for above
            with process.stdout as output:
                yield from read_pieces(output)
            refuse_failure("pg_dump", process.wait(), complaints)
        finally:
            end(process)


def load(url: str, pieces: Iterable[bytes]) -> None:
    """Restore a dump in one transaction. Raises Unusable with the reason of pg_restore or psql.

    pg_restore writes the statements and psql carries them out: by itself pg_restore sets a
    parameter that servers before 17 do not know.
    """
    with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as refusals:
        words = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        server = start("psql", words, url, stdin=subprocess.PIPE, stderr=refusals)
        reader = start(
            "pg_restore",
            ["--no-owner", "--file=-"],
            None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        try:
            assert reader.stdin and reader.stdout and server.stdin  # noqa: S101, PT018 - asked for
            pump = threading.Thread(target=_pass_on, args=(reader.stdout, server.stdin))
            pump.start()
            try:
                with suppress(BrokenPipeError), reader.stdin as entry:  # it says why by itself
                    for piece in pieces:
                        entry.write(piece)
            except BaseException:
                reader.kill()  # what has come so far is no dump
                raise
            finally:
                pump.join()
            code = reader.wait()
            if code == 0:
                with suppress(BrokenPipeError):
                    server.stdin.write(b"COMMIT;\n")  # without it the end of its input undoes all
            with suppress(BrokenPipeError):
                server.stdin.close()
            refuse_failure("psql", server.wait(), refusals)
            refuse_failure("pg_restore", code, complaints)
        finally:
            end(reader)
            end(server)


def _pass_on(statements: IO[bytes], server: IO[bytes]) -> None:
    """Pass statements on in one transaction; its head loses what old servers do not know."""
    with suppress(BrokenPipeError), statements:
        server.write(b"BEGIN;\n")
        for line in statements:
            if line.strip() != b"SET transaction_timeout = 0;":
                server.write(line)
            if line.startswith((b"CREATE", b"ALTER", b"COPY")):
                break  # the head is over: what follows is nobody's to change
        shutil.copyfileobj(statements, server, _PIECE)
        server.flush()


def read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    while piece := file.read(_PIECE):
        yield piece


def start(
    name: str,
    words: list[str],
    url: str | None,
    *,
    stderr: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start one of PostgreSQL's programs for clients, on a database where it is for one."""
    program = find_binaries() / name
    if not os.access(program, os.X_OK):
        raise Unusable("no_binaries", tried=str(program))
    environment = dict(ENVIRONMENT)
    if url is not None:
        where = conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://", 1))
        if secret := str(where.pop("password", "") or ""):
            environment["PGPASSWORD"] = secret
        words = [*words, f"--dbname={make_conninfo(**_texts(where))}"]
    shim = [sys.executable, "-I", "-S", exec_with_parent.__file__]
    own_ids = [str(n) for n in (os.getpid(), os.geteuid(), os.getegid())]
    command = [*shim, *own_ids, str(program), *words]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, cwd="/", env=environment, stdin=stdin, stdout=stdout, stderr=stderr
    )


def _texts(where: Mapping[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in where.items() if value is not None}


def refuse_failure(name: str, code: int, complaints: IO[bytes]) -> None:
    """Raise Unusable (`dump_program`) where a program failed, with what it complained of."""
    if code == 0:
        return
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines() or [str(code)]
    faults = [line for line in lines if "error:" in line or "ERROR:" in line]
    raise Unusable("dump_program", program=name, detail=(faults or lines)[0])


def end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process behind, whatever happened to us."""
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
