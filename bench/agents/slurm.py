"""A sacct of a million jobs: checked, then imported into a real server, twice.

The agent is a process of its own (`suanquan-agent slurm FILE`), the server a fresh `suanquan up`
with fsync on. A job has one to eight GPUs and lasts from a minute to two hours; the totals are
compared to the second.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from tests.support.agents.sacct import HEADER
from tests.support.processes import AGENT, DRILL, Up, running

JOBS = int(os.environ.get("BENCH_SLURM_JOBS", "1000000"))
ACCOUNTS = ("lab0", "lab1", "lab2", "lab3")
_FIRST_S = 1_735_689_600  # 2025-01-01
_RUN = (
    "import resource,subprocess,sys; c=subprocess.run(sys.argv[1:]).returncode; "
    "u=resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(u.ru_maxrss, u.ru_utime + u.ru_stime, file=sys.stderr); sys.exit(c)"
)


@dataclass(frozen=True)
class Call:
    """A run of the agent: seconds, those of a core, its peak of memory, what it printed."""

    seconds: float
    core_s: float
    peak_mib: int
    output: str


def run() -> dict[str, object]:
    """The figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="suanquan-bench-"))
    folder.chmod(0o711)
    try:
        file = folder / "sacct.txt"
        sums = _write(file)
        check = _agent(["slurm", str(file), "--check", "--json"], {})
        facts = json.loads(check.output)
        result: dict[str, object] = {
            "jobs": JOBS,
            "file_mib": file.stat().st_size // 2**20,
            "check_s": round(check.seconds, 1),
            "check_core_s": round(check.core_s, 1),
            "check_peak_mib": check.peak_mib,
            "check_exact": facts["accounts"] == {k: v * 1000 for k, v in sums.items()},
        }
        with running(folder / "data", *DRILL) as up:
            return result | _import(up, folder, file, sums)
    finally:
        shutil.rmtree(folder)


def _import(up: Up, folder: Path, file: Path, sums: Counter[str]) -> dict[str, object]:
    trace = folder / "pending.csv"
    rows = [f"p-{name},{name},1,,2025-01-01T00:00:00Z,,," for name in ACCOUNTS]
    header = "job_id,user,gpu_num,gpu_type,submit_time,start_time,end_time,state"
    trace.write_text("".join(f"{line}\n" for line in (header, *rows)))
    up.ask("replay", str(trace), "--centre", "big", "--price", "1")
    variables = {
        "SUANQUAN_URL": up.url,
        "SUANQUAN_AGENT_DATA": str(up.data / "agents/replay-big"),
    }
    command = ["slurm", str(file), "--json"]
    before = _server_core_s(up)
    first = _agent(command, variables)
    after = _server_core_s(up)
    windows = json.loads(first.output)["kept"]
    again = _agent(command, variables)
    return {
        "windows": windows,
        "import_s": round(first.seconds, 1),
        "import_agent_core_s": round(first.core_s, 1),
        "import_server_core_s": round(after[0] - before[0], 1),
        "import_postgres_core_s": round(after[1] - before[1], 1),
        "import_peak_mib": first.peak_mib,
        "import_windows_per_s": round(windows / first.seconds),
        "import_again_s": round(again.seconds, 1),
        "exact": up.usage() == {k: v * 1000 for k, v in sums.items()},
    }


def _server_core_s(up: Up) -> tuple[float, float]:
    """Seconds of a core that the server and PostgreSQL have used so far.

    A process that has ended is counted with its parent, where that waited for it.
    """
    sums = [0.0, 0.0]
    assert up.process
    for process in (psutil.Process(up.process.pid), *up.family()):
        times = process.cpu_times()
        own = times.user + times.system
        sums["postgres" in process.name()] += own
    return sums[0], sums[1]


def _write(file: Path) -> Counter[str]:
    """Write the table; GPU-seconds of each account."""
    dice = Random(1)  # noqa: S311 - invention, not secrecy
    sums: Counter[str] = Counter()
    with file.open("w", encoding="utf-8") as out:
        out.write(f"{HEADER}\n")
        for n in range(JOBS):
            start = _FIRST_S + n * 20
            length, gpus = dice.randrange(60, 7200), dice.choice((1, 1, 1, 1, 2, 8))
            account = ACCOUNTS[n % len(ACCOUNTS)]
            sums[account] += length * gpus
            tres = f"billing=1,cpu=1,gres/gpu:h100={gpus},gres/gpu={gpus},mem=100M,node=1"
            times = f"{start}|{start}|{start + length}|{length}|00:00:00"
            out.write(f"big|{n}|{times}|COMPLETED|{account}|gpu|normal|{tres}\n")
    return sums


def _agent(words: list[str], variables: dict[str, str]) -> Call:
    began = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", _RUN, *AGENT, *words],
        env={**os.environ, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak_kib, core_s = process.stderr.split()[-2:]
    seconds = time.perf_counter() - began
    return Call(seconds, float(core_s), int(peak_kib) // 1024, process.stdout)
