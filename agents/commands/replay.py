"""`suanquan-agent replay`: a job trace, sent as an agent sends what it measured.

The file is checked whole first; with one fault in it nothing leaves this machine. Then its windows
go through the very path of every agent: the spool on the disk, numbered, chained and signed
batches, one in flight. Kill it, or the server, wherever you like and run it again: the server keeps
each window once, so it ends at the same totals, and a replay after that changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from agents import wire
from agents.errors import IdentityError
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import drain
from agents.reporting.spool import Spool
from agents.sources import slurm

NODE = "replay"
FAULTY, NOT_KEPT = 9, 10  # exit codes beside those of agents/errors.py
PATIENCE_S = 120.0
_CHUNK = 5_000  # windows a transaction of the spool
_FAULTS_SHOWN = 20


def main(argv: Sequence[str]) -> int:
    """Run it; the exit code. Raises AgentError, after which everything sent so far counts.

    0 is success, 9 a faulty file. 10: the server has all of it, but did not keep every window,
    because what it has under the same job and hour says otherwise.
    """
    wish = _parser().parse_args(argv)
    try:
        content = wish.jobs.read_bytes()
    except OSError as error:
        print(f"读不了 {wish.jobs}（{error.strerror}）", file=sys.stderr)
        print(f"cannot read {wish.jobs} ({error.strerror})", file=sys.stderr)
        return FAULTY
    jobs, faults = slurm.parse(content, datetime.now(UTC))
    if faults:
        return _refuse(wish.jobs, faults, as_json=wish.json)
    if wish.check:
        return _describe(jobs, as_json=wish.json)
    try:
        return _replay(jobs, wish)
    except KeyboardInterrupt:
        print("已中断，再次运行即可继续\ninterrupted: run it again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="suanquan-agent replay",
        description="以作业记录代替实测用量上报 / report a job trace as if it had been measured",
    )
    parser.add_argument(
        "jobs", type=Path, metavar="JOBS.csv", help=f"{slurm.HEADER}[,partition][,qos]"
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


def _refuse(path: Path, faults: list[slurm.Fault], *, as_json: bool) -> int:
    shown, more = faults[:_FAULTS_SHOWN], max(len(faults) - _FAULTS_SHOWN, 0)
    if as_json:
        listed = [{"row": f.row, "column": f.column, "zh": f.zh, "en": f.en} for f in shown]
        print(json.dumps({"faults": listed, "more": more}, ensure_ascii=False))
        return FAULTY
    count = len(faults)
    print(f"{path} 有 {count} 处错误，未发送任何数据", file=sys.stderr)
    print(f"{path} has {count} fault(s), nothing was sent", file=sys.stderr)
    for f in shown:
        print(f"  第 {f.row} 行 {f.column}：{f.zh}", file=sys.stderr)
        print(f"  row {f.row} {f.column}: {f.en}", file=sys.stderr)
    if more:
        print(f"  …… 另有 {more} 处 / and {more} more", file=sys.stderr)
    return FAULTY


def _describe(jobs: Sequence[slurm.Job], *, as_json: bool) -> int:
    """What the trace holds, for whoever prepares the server for it. Days are Beijing days."""
    held: Counter[str] = Counter()
    for job in jobs:
        held[job.account] += job.held_ms
    ran = [job for job in jobs if job.held_ms]
    facts = {
        "jobs": len(jobs),
        "windows": sum(job.windows for job in jobs),
        "accounts": dict(sorted(held.items())),  # device-milliseconds
        "models": sorted({job.model for job in ran}),
        "first_day": slurm.beijing_day(min(job.start_ms for job in ran)) if ran else None,
        "last_day": slurm.beijing_day(max(job.end_ms for job in ran) - 1) if ran else None,
    }
    print(json.dumps(facts, ensure_ascii=False, indent=None if as_json else 2))
    return 0


def _replay(jobs: Sequence[slurm.Job], wish: argparse.Namespace) -> int:
    for name in ("cluster", "url", "data"):
        if not getattr(wish, name):
            _parser().error(f"--{name} is needed unless --check is given")
    identity = _identity(wish)
    with Spool(wish.data / "spool.db") as spool:
        left = spool.depth()  # of a run that was cut off
        progress = _Progress(left + sum(job.windows for job in jobs), as_json=wish.json)
        chunks = _chunks(slurm.windows(jobs, identity.cluster))
        for chunk in chunks:
            spool.add(chunk)
            drain(
                spool,
                identity,
                wish.url,
                give_up_after_s=wish.patience,
                on_answer=progress.take,
            )
    return progress.end()


def _chunks(windows: Iterator[wire.Window]) -> Iterator[list[wire.Window]]:
    """Never more in the spool than a little: its size is bounded, a trace's is not.

    One more, an empty one, drains what an earlier run left even if this trace has no window.
    """
    while chunk := list(islice(windows, _CHUNK)):
        yield chunk
    yield []


def _identity(wish: argparse.Namespace) -> Identity:
    identity = Identity.load(wish.data)
    if identity is None and wish.code:
        identity = enrol(wish.data, wish.url, wish.code, NODE)
    if identity is None:
        raise IdentityError(
            f"{wish.data} 尚未注册：请用 --code 给出一次性注册码",
            f"{wish.data} is not enrolled: give a one-time code with --code",
        )
    if identity.cluster != wish.cluster:
        raise IdentityError(
            f"{wish.data} 注册的集群是「{identity.cluster}」，不是「{wish.cluster}」",
            f"{wish.data} is enrolled for the cluster {identity.cluster!r}, not {wish.cluster!r}",
        )
    return identity


class _Progress:
    """How far it is: a line that renews itself on a terminal, or a JSON line for each batch."""

    def __init__(self, windows: int, *, as_json: bool) -> None:
        self._windows = windows
        self._as_json = as_json
        self._done: Counter[str] = Counter()

    def take(self, answer: wire.Answer) -> None:
        self._done.update(
            kept=answer.kept,
            known=answer.known,
            conflicts=len(answer.conflicts),
            quarantined=len(answer.quarantined),
            refused=len(answer.refused),
        )
        if self._as_json:
            self._say_json()
        elif sys.stderr.isatty():
            print(f"\r{self._sentence()}", end="", file=sys.stderr, flush=True)

    def end(self) -> int:
        if self._as_json:
            self._say_json()
        else:
            print(("\r" if sys.stderr.isatty() else "") + self._sentence(), file=sys.stderr)
        aside = {name: self._done[name] for name in ("conflicts", "quarantined", "refused")}
        if not any(aside.values()):
            return 0
        named = ", ".join(f"{name} {count}" for name, count in aside.items() if count)
        print(f"有窗口与服务器已存的不符或不被接受：{named}", file=sys.stderr)
        print(f"the server kept not all of it: {named}", file=sys.stderr)
        return NOT_KEPT

    def _sentence(self) -> str:
        sent = self._done.total()
        return (
            f"已发送 {sent}/{self._windows} 个窗口，新收 {self._done['kept']}"
            f" / sent {sent} of {self._windows} windows, {self._done['kept']} new"
        )

    def _say_json(self) -> None:
        print(json.dumps({"windows": self._windows, **self._done}), flush=True)
