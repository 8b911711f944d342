"""Run the agent as a process: check its input, show its progress, or replace this process by it."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from api.cli.failures import Exit, Failure, not_installed
from api.cli.progress import progress
from api.demo import drill
from api.language.i18n import SOURCE, language
from api.language.i18n import gettext as _

FAULTY = 9  # the agent's exit code for a file with faults (agents/commands/replay.py)
NEEDED = ("msgspec", "nacl")  # what the agent cannot start without


def run(arguments: Sequence[str]) -> str:
    """Run it to its end, its messages on our standard error; what it printed.

    Whoever stops us stops it: `run` kills its program on the way out.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.INTERRUPTED))
    result = subprocess.run(  # noqa: S603 - our own program
        _command(arguments), check=False, stdout=subprocess.PIPE, encoding="utf-8"
    )
    if result.returncode:
        raise Failure(_("采集端未能完成"))
    return result.stdout


def become(arguments: Sequence[str]) -> NoReturn:
    """From here on this process is the agent, so whoever stops us stops it."""
    sys.stdout.flush()
    command = _command(arguments)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


def check(jobs: Path) -> dict[str, Any]:
    """What the trace holds. Every fault of the file is reported, and nothing was sent by then."""
    result = subprocess.run(  # noqa: S603 - our own program
        _command(["replay", str(jobs), "--check", "--json"]),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if result.returncode and not (result.returncode == FAULTY and result.stdout):
        raise Failure(result.stderr.strip() or _("采集端未能启动"))
    facts: dict[str, Any] = json.loads(result.stdout)
    if "faults" in facts:
        faults, more = facts["faults"], facts["more"]
        text = _("{file} 有 {count} 处错误，未发送任何数据")
        lines = tuple(_fault(fault) for fault in faults) + (("…",) if more else ())
        raise Failure(text.format(file=jobs, count=len(faults) + more), lines)
    first = facts["first_day"]
    if first is not None and date.fromisoformat(first) < date.fromisoformat(drill.SINCE_EVER):
        raise Failure(_("{file} 中有早于 2000 年的作业").format(file=jobs))
    return facts


def replay(windows: int, arguments: Sequence[str], url: str) -> None:
    """Send a trace behind a progress bar."""
    command = _command(["replay", *arguments, "--url", url, "--json"])
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        progress() as bar,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
        ) as agent,
    ):
        task = bar.add_task(_("上报窗口"), total=windows)
        for line in agent.stdout or ():
            counts = json.loads(line)
            total = counts.pop("windows")
            bar.update(task, total=total, completed=sum(counts.values()))
        if agent.wait():
            errors.seek(0)
            last = errors.read().strip().splitlines()[-2:]
            raise Failure(_("回放未完成"), tuple(last))


def _command(arguments: Sequence[str]) -> list[str]:
    for module in NEEDED:
        if importlib.util.find_spec(module) is None:
            raise Failure(not_installed("agent", module))
    return [sys.executable, "-m", "agents", *arguments]


def _fault(fault: dict[str, Any]) -> str:
    text = _("第 {row} 行 {column}：{message}")
    message = fault["zh"] if language() == SOURCE else fault["en"]
    return text.format(row=fault["row"], column=fault["column"], message=message)
