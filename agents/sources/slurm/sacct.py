"""Call sacct: all accounts, all runs of a number, times as seconds since 1970.

An answer counts only if sacct ended well: when its database is away it says nothing on its output,
which is no «nothing ran». A query of a time has every run that had not ended before it, so that a
running job is in each answer; neighbouring answers overlap, and what comes twice is one run.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from agents.errors import SourceError

FORMAT = (
    "Cluster,JobIDRaw,Submit,Start,End,ElapsedRaw,Suspended,State,Account,User,Partition,QOS,"
    "AllocTRES"
)
TIMEOUT_S = 600
_JOBS_A_CALL = 500
_ERROR_MAX = 300


@contextmanager
def of_time(since_ms: int, cluster: str | None) -> Iterator[BinaryIO]:
    """Open what sacct says of all runs that had not ended before `since_ms`. Raises SourceError."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since_ms)
    with _answer(["-S", f"{moment:%Y-%m-%dT%H:%M:%S}"], cluster) as content:
        yield content


def of_jobs(numbers: Sequence[str], cluster: str | None) -> Iterator[BinaryIO]:
    """Open what sacct says of these jobs, some at a time, whenever they ran. Raises SourceError."""
    for first in range(0, len(numbers), _JOBS_A_CALL):
        listing = ",".join(numbers[first : first + _JOBS_A_CALL])
        with _answer(["-j", listing], cluster) as content:
            yield content


@contextmanager
def _answer(question: Sequence[str], cluster: str | None) -> Iterator[BinaryIO]:
    command = ["sacct", "--allusers", "--allocations", "--duplicates", "--parsable2"]
    command += [f"--format={FORMAT}", *question]
    command += [f"--clusters={cluster}"] if cluster else []
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.run(  # noqa: S603 - our own words, no shell
                command,
                env={**os.environ, "TZ": "UTC", "SLURM_TIME_FORMAT": "%s"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise SourceError(
                "本机没有 sacct：请在装有 Slurm 客户端的主机上运行，或给出导出的文件",
                "there is no sacct here: run on a host with Slurm's clients, or give a file",
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SourceError(f"sacct 运行失败：{error}", f"sacct failed: {error}") from error
        if process.returncode != 0:
            words = process.stderr.decode(errors="replace").strip()[:_ERROR_MAX]
            raise SourceError(
                f"sacct 退出码 {process.returncode}，它的回答不算数：{words}",
                f"sacct exited with {process.returncode}, its answer does not count: {words}",
            )
        output.seek(0)
        yield output
