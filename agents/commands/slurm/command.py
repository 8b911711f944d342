"""`suanquan-agent slurm`: report what Slurm's accounting says, from files or from sacct itself.

With files (`-` is standard input) all of them are read first; if one has a fault, nothing is kept
and nothing sent. A row whose name nobody could carry is left out alone, and said. Without, sacct is
asked every five minutes until SIGTERM, or once with `--once`. In either case a
run is told once, and what Slurm corrects later is told as a correction: the server keeps the first
word until two persons decide.

Time in which a job was suspended counts as held: Slurm keeps its GPUs from others.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents import wire
from agents.commands.replay import exact
from agents.commands.slurm.live import follow
from agents.commands.slurm.report import FAULTY, NOT_KEPT, Reporter, identity_of
from agents.settings import Settings
from agents.sources.job_trace import beijing_day
from agents.sources.slurm.fault import BadCell, Fault
from agents.sources.slurm.read import read
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.store import RunStore, runs_path
from agents.sources.slurm.tables import Columns

_FAULTS_SHOWN = 20
_CHECK_CLUSTER = "slurm"


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises AgentError.

    0: success. 9: a file has faults, nothing was kept or sent. 10: the server received everything,
    but keeps another word for some hours, or did not take them; or a row was left out.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        if arguments.check:
            if not arguments.files:
                parser.error("--check needs a file")
            return _check(arguments)
        settings = Settings.read(os.environ)
        identity = identity_of(settings)
        with _open_store(runs_path(settings.data)) as store:
            reporter = Reporter(settings, identity, store, as_json=arguments.json)
            if not arguments.files:
                cluster = arguments.slurm_cluster
                return follow(reporter, store, _context(arguments, identity.cluster), cluster,
                              once=arguments.once)  # fmt: skip
            context = _context(arguments, identity.cluster)
            faults, left_out, counter = _load(arguments, store, context)
            if faults:
                return _refuse(faults, as_json=arguments.json)
            _say(counter, left_out)
            code = reporter.send(None, patience_s=arguments.patience)
            return code or (NOT_KEPT if left_out else 0)
    except KeyboardInterrupt:
        print("已中断，再次运行即可继续\ninterrupted: run it again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="suanquan-agent slurm",
        description="上报 Slurm 的作业记录 / report what Slurm's accounting says",
        epilog="不给文件时每五分钟问一次 sacct / without files sacct is asked every five minutes",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="sacct -P 或 --json 的输出，- 为标准输入 / output of sacct",
    )
    parser.add_argument(
        "--format",
        metavar="FIELD,…",
        help="没有表头时的各列，或 xdmod / columns where there is no header",
    )
    parser.add_argument(
        "--tz", metavar="ZONE", help="不带时区的时间是哪里的（默认 TZ） / zone of plain times"
    )
    parser.add_argument(
        "--slurm-cluster", metavar="NAME", help="Slurm 的集群名 / Slurm's name of the cluster"
    )
    parser.add_argument(
        "--shards-per-gpu", type=int, metavar="N", help="一块 GPU 分几个 shard / shards of a GPU"
    )
    parser.add_argument("--once", action="store_true", help="只问一次 sacct / ask sacct once")
    parser.add_argument("--check", action="store_true", help="只检查 / check only, send nothing")
    parser.add_argument("--json", action="store_true", help="以 JSON 行输出 / JSON lines")
    parser.add_argument(
        "--patience", type=float, default=120.0, metavar="SECONDS",
        help="服务器不应答时最多等多久 / how long to wait for a server that is away",
    )  # fmt: skip
    return parser


def _context(arguments: argparse.Namespace, cluster: str) -> Context:
    zone = None
    try:
        zone = ZoneInfo(arguments.tz) if arguments.tz else None
    except (ZoneInfoNotFoundError, ValueError):
        _parser().error(f"--tz {arguments.tz!r} 不是时区 / is no time zone")
    shards = arguments.shards_per_gpu
    if shards is not None and not 1 <= shards <= wire.SHARE_MAX:
        _parser().error(f"--shards-per-gpu {shards}: 1–{wire.SHARE_MAX}")
    name = arguments.slurm_cluster or cluster
    return Context(name, wire.start_ms(datetime.now(UTC)), zone, shards)


@contextmanager
def _open_store(path: Path | str) -> Iterator[RunStore]:
    store = RunStore(path)
    try:
        yield store
    finally:
        store.close()


class _Faulty(Exception):
    """Nothing of these files is kept."""


def _load(
    arguments: argparse.Namespace, store: RunStore, context: Context
) -> tuple[list[Fault], list[Fault], Counter[str]]:
    """Keep all runs of the files, or none if there is a fault; rows left out are faults apart."""
    faults: list[Fault] = []
    left_out: list[Fault] = []
    counter: Counter[str] = Counter()
    try:
        columns = Columns.of(arguments.format) if arguments.format else None
    except BadCell as error:
        return [Fault.of("--format", 1, error)], [], counter
    with store.transaction() as keep:
        for name in arguments.files:
            for fault in _load_file(name, store, context, columns, counter):
                counter["left_out"] += fault.is_alone
                of_kind = left_out if fault.is_alone else faults
                of_kind += [fault] if len(of_kind) < _FAULTS_SHOWN else []
        if faults:
            keep.undo()
    return faults, left_out, counter


def _load_file(
    name: str, store: RunStore, context: Context, columns: Columns | None, counter: Counter[str]
) -> Iterator[Fault]:
    try:
        with _open(name) as content:
            for number, item in read(content, name, context, columns):
                if isinstance(item, Fault):
                    yield item
                elif isinstance(item, Silence):
                    counter[item] += 1
                else:
                    counter["final" if item.is_final else "running"] += 1
                    try:
                        store.take(item)
                    except BadCell as error:
                        yield Fault.of(name, number, error)
    except OSError as error:
        yield Fault(
            name, 0, "", f"读不了（{error.strerror}）", f"cannot be read ({error.strerror})"
        )


@contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as content:
        yield content


def _check(arguments: argparse.Namespace) -> int:
    """Print what the files hold, so that the server can be prepared. Days are Beijing days."""
    with tempfile.TemporaryDirectory() as folder, _open_store(Path(folder) / "runs.db") as store:
        context = _context(arguments, _CHECK_CLUSTER)
        faults, left_out, counter = _load(arguments, store, context)
        if faults:
            return _refuse(faults, as_json=arguments.json)
        print(json.dumps(_facts(store, counter), ensure_ascii=False,
                         indent=None if arguments.json else 2))  # fmt: skip
        _say(counter, left_out)
    return 0


def _facts(store: RunStore, counter: Counter[str]) -> dict[str, object]:
    device_ms: dict[str, Fraction] = {}
    kinds: set[str] = set()
    runs = final = suspended_ms = 0
    first_ms: int | None = None
    last_ms: int | None = None
    for run in store.all():
        runs, final = runs + 1, final + run.is_final
        gpus = sum((Fraction(d.count * d.num, d.den) for d in run.devices), Fraction(0))
        length_ms = max(run.stated_ms - run.start_ms, 0)
        device_ms[run.account] = device_ms.get(run.account, Fraction(0)) + gpus * length_ms
        suspended_ms += run.suspended_ms
        if gpus and length_ms:
            kinds |= {d.model + (f" {d.mig_profile}" if d.mig_profile else "") for d in run.devices}
            first_ms = min(first_ms or run.start_ms, run.start_ms)
            last_ms = max(last_ms or 0, run.stated_ms)
    return {
        "runs": runs,
        "final": final,
        "running": runs - final,
        **{reason.value: counter[reason] for reason in Silence},
        "left_out": counter["left_out"],
        "accounts": {name: exact(ms) for name, ms in sorted(device_ms.items())},
        "models": sorted(kinds),
        "suspended_ms": suspended_ms,
        "first_day": beijing_day(first_ms) if first_ms else None,
        "last_day": beijing_day(last_ms - 1) if last_ms else None,
    }


def _say(counter: Counter[str], left_out: list[Fault]) -> None:
    """Say on stderr which rows count nothing, and that unknown is not none."""
    if left_out:
        count = counter["left_out"]
        print(f"{count} 行的名称无法上报，这些行不算", file=sys.stderr)
        print(f"{count} rows have names that cannot be told: they are left out", file=sys.stderr)
        _list(left_out)
    if counter[Silence.UNKNOWN]:
        count = counter[Silence.UNKNOWN]
        print(f"{count} 次运行的 AllocTRES 里没有 GPU 数：不知道，不等于零", file=sys.stderr)
        print(f"{count} runs say no GPUs in AllocTRES: unknown, which is not none", file=sys.stderr)
    if counter[Silence.PENDING]:
        count = counter[Silence.PENDING]
        print(f"{count} 行尚未确定（排队或未结束），这次不算", file=sys.stderr)
        print(f"{count} rows are not known yet and count nothing now", file=sys.stderr)


def _refuse(faults: list[Fault], *, as_json: bool) -> int:
    if as_json:
        items = [{"file": f.file, "row": f.row, "column": f.column, "zh": f.zh, "en": f.en}
                 for f in faults]  # fmt: skip
        print(json.dumps({"faults": items}, ensure_ascii=False))
        return FAULTY
    print("有错误，未保存也未发送任何数据", file=sys.stderr)
    print("there are faults: nothing was kept or sent", file=sys.stderr)
    _list(faults)
    return FAULTY


def _list(faults: list[Fault]) -> None:
    for f in faults:
        print(f"  {f.file} 第 {f.row} 行 {f.column}：{f.zh}", file=sys.stderr)
        print(f"  {f.file} line {f.row} {f.column}: {f.en}", file=sys.stderr)
