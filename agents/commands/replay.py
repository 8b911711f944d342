"""`suanquan-agent replay`: a job trace, sent as an agent sends what it measured.

The whole file is checked first; if it has one fault, nothing is sent. Then its windows take the
path of every agent: the spool on disk, then numbered, chained and signed batches, one in flight.
Either side may be killed at any moment and the command run again: the server keeps each window
once, so the totals come out the same, and another replay changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path

from agents import wire
from agents.errors import IdentityError
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import drain
from agents.reporting.spool import Spool
from agents.sources import count_trace, job_trace, pod_trace, traces
from agents.sources.trace_table import Fault

NODE = "replay"
FAULTY, NOT_KEPT = 9, 10  # exit codes beside those of agents/errors.py
PATIENCE_S = 120.0
_CHUNK = 5_000  # windows a transaction of the spool
_FAULTS_SHOWN = 20


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises AgentError; what was sent before counts.

    0: success. 9: the file has faults. 10: the server received every window but kept another
    one under the same job and hour for some of them.
    """
    arguments = _parser().parse_args(argv)
    try:
        content = arguments.jobs.read_bytes()
    except OSError as error:
        print(f"读不了 {arguments.jobs}（{error.strerror}）", file=sys.stderr)
        print(f"cannot read {arguments.jobs} ({error.strerror})", file=sys.stderr)
        return FAULTY
    jobs, faults = traces.parse(content, datetime.now(UTC))
    if faults:
        return _refuse(arguments.jobs, faults, as_json=arguments.json)
    if arguments.check:
        return _describe(jobs, as_json=arguments.json)
    try:
        return _replay(jobs, arguments)
    except KeyboardInterrupt:
        print("已中断，再次运行即可继续\ninterrupted: run it again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="suanquan-agent replay",
        description="以作业记录代替实测用量上报 / report a job trace as if it had been measured",
    )
    parser.add_argument(
        "jobs",
        type=Path,
        metavar="JOBS.csv",
        help=f"{job_trace.HEADER}[,partition][,qos]；{pod_trace.HEADER}；{count_trace.HEADER}",
    )
    parser.add_argument("--cluster", help="集群名 / the cluster's name")
    parser.add_argument("--url", help="服务器地址 / the server's address")
    parser.add_argument("--data", type=Path, help="密钥与上报队列所在目录 / key and spool")
    parser.add_argument("--code", help="一次性注册码，首次需要 / one-time code, the first time")
    parser.add_argument("--check", action="store_true", help="只检查 / check only, send nothing")
    parser.add_argument("--json", action="store_true", help="以 JSON 行输出 / JSON lines")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_S,
        metavar="SECONDS",
        help="服务器不应答时最多等多久 / how long to wait for a server that is away",
    )
    return parser


def _refuse(path: Path, faults: list[Fault], *, as_json: bool) -> int:
    first_faults, more = faults[:_FAULTS_SHOWN], max(len(faults) - _FAULTS_SHOWN, 0)
    if as_json:
        items = [{"row": f.row, "column": f.column, "zh": f.zh, "en": f.en} for f in first_faults]
        print(json.dumps({"faults": items, "more": more}, ensure_ascii=False))
        return FAULTY
    count = len(faults)
    print(f"{path} 有 {count} 处错误，未发送任何数据", file=sys.stderr)
    print(f"{path} has {count} fault(s), nothing was sent", file=sys.stderr)
    for f in first_faults:
        print(f"  第 {f.row} 行 {f.column}：{f.zh}", file=sys.stderr)
        print(f"  row {f.row} {f.column}: {f.en}", file=sys.stderr)
    if more:
        print(f"  …… 另有 {more} 处 / and {more} more", file=sys.stderr)
    return FAULTY


def _describe(jobs: Sequence[job_trace.Job], *, as_json: bool) -> int:
    """Print what the trace contains, so that the server can be prepared. Days are Beijing days."""
    device_ms: dict[str, Fraction] = {}
    for job in jobs:
        device_ms[job.account] = device_ms.get(job.account, Fraction(0)) + job.held_ms
    started_jobs = [job for job in jobs if job.held_ms]
    facts = {
        "jobs": len(jobs),
        "windows": sum(job.windows for job in jobs),
        "accounts": {name: exact(ms) for name, ms in sorted(device_ms.items())},  # device-ms
        "models": sorted({job.model for job in started_jobs}),
        "first_day": job_trace.beijing_day(min(job.start_ms for job in started_jobs))
        if started_jobs
        else None,
        "last_day": job_trace.beijing_day(max(job.end_ms for job in started_jobs) - 1)
        if started_jobs
        else None,
    }
    print(json.dumps(facts, ensure_ascii=False, indent=None if as_json else 2))
    return 0


def exact(device_ms: Fraction) -> int | str:
    """Return device-milliseconds: an integer, or a fraction as text."""
    return device_ms.numerator if device_ms.denominator == 1 else str(device_ms)


def _replay(jobs: Sequence[job_trace.Job], arguments: argparse.Namespace) -> int:
    for name in ("cluster", "url", "data"):
        if not getattr(arguments, name):
            _parser().error(f"--{name} is needed unless --check is given")
    identity = _identity(arguments)
    with Spool(arguments.data / "spool.db") as spool:
        backlog = spool.depth()  # from an interrupted run
        progress = _Progress(backlog + sum(job.windows for job in jobs), as_json=arguments.json)
        chunks = _chunks(job_trace.windows(jobs, identity.cluster))
        for chunk in chunks:
            spool.add(chunk)
            drain(
                spool,
                identity,
                arguments.url,
                give_up_after_s=arguments.patience,
                on_answer=progress.take,
            )
    return progress.end()


def _chunks(windows: Iterator[wire.Window]) -> Iterator[list[wire.Window]]:
    """Split the windows into chunks, because the spool is bounded and a trace is not.

    The last chunk is empty: it drains what an earlier run left, even if this trace has no window.
    """
    while chunk := list(islice(windows, _CHUNK)):
        yield chunk
    yield []


def _identity(arguments: argparse.Namespace) -> Identity:
    identity = Identity.load(arguments.data)
    if identity is None and arguments.code:
        identity = enrol(arguments.data, arguments.url, arguments.code, NODE)
    if identity is None:
        raise IdentityError(
            f"{arguments.data} 尚未注册：请用 --code 给出一次性注册码",
            f"{arguments.data} is not enrolled: give a one-time code with --code",
        )
    if identity.cluster != arguments.cluster:
        raise IdentityError(
            f"{arguments.data} 注册的集群是「{identity.cluster}」，不是「{arguments.cluster}」",
            f"{arguments.data} is enrolled for the cluster {identity.cluster!r}, "
            f"not {arguments.cluster!r}",
        )
    return identity


class _Progress:
    """Show progress: one rewritten line on a terminal, or one JSON line for each batch."""

    def __init__(self, windows: int, *, as_json: bool) -> None:
        self._windows = windows
        self._as_json = as_json
        self._counts: Counter[str] = Counter()

    def take(self, answer: wire.Answer) -> None:
        self._counts.update(
            kept=answer.kept,
            known=answer.known,
            conflicts=len(answer.conflicts),
            quarantined=len(answer.quarantined),
            refused=len(answer.refused),
        )
        if self._as_json:
            self._print_json()
        elif sys.stderr.isatty():
            print(f"\r{self._sentence()}", end="", file=sys.stderr, flush=True)

    def end(self) -> int:
        if self._as_json:
            self._print_json()
        else:
            print(("\r" if sys.stderr.isatty() else "") + self._sentence(), file=sys.stderr)
        problems = {name: self._counts[name] for name in ("conflicts", "quarantined", "refused")}
        if not any(problems.values()):
            return 0
        listing = ", ".join(f"{name} {count}" for name, count in problems.items() if count)
        print(f"有窗口与服务器已存的不符或不被接受：{listing}", file=sys.stderr)
        print(f"the server kept not all of it: {listing}", file=sys.stderr)
        return NOT_KEPT

    def _sentence(self) -> str:
        count = self._counts.total()
        return (
            f"已发送 {count}/{self._windows} 个窗口，新收 {self._counts['kept']}"
            f" / sent {count} of {self._windows} windows, {self._counts['kept']} new"
        )

    def _print_json(self) -> None:
        print(json.dumps({"windows": self._windows, **self._counts}), flush=True)
