"""The sample of 3,741 real jobs through the whole product, as a newcomer would replay it.

A fresh `suanquan up` (fsync on, demo off), then `suanquan replay` as a command: registration,
vouchers, enrolment, 66,476 windows signed and sent, charged and accrued, compared with what is
expected to the millisecond. Then once more, when the server knows all of it.
"""

import csv
import shutil
import tempfile
import time
from pathlib import Path

from bench.stage import LOG
from tests.support.processes import DRILL, Up, running

SAMPLE = Path(__file__).parents[2] / "shared/data/philly"
WINDOWS = 66_476


def run() -> dict[str, object]:
    """The figures of one run; where the sample is not at hand, that."""
    if not SAMPLE.exists():
        return {"skipped": "../shared/data/philly is not here"}
    folder = Path(tempfile.mkdtemp(prefix="suanquan-bench-"))
    folder.chmod(0o711)
    try:
        with running(folder / "data", *DRILL) as up:
            first, again = _replay_s(up), _replay_s(up)
            exact = up.usage() == _expected()
        with LOG.open("ab") as log:
            log.write((folder / "data/server.log").read_bytes())
    finally:
        shutil.rmtree(folder)
    return {
        "windows": WINDOWS,
        "replay_s": round(first, 1),
        "replay_windows_per_s": round(WINDOWS / first),
        "replay_again_s": round(again, 1),
        "exact": exact,
    }


def _replay_s(up: Up) -> float:
    began = time.perf_counter()
    up.ask("replay", str(SAMPLE / "sample_jobs.csv"), "--centre", "Philly", "--price", "12.5")
    return time.perf_counter() - began


def _expected() -> dict[str, int]:
    with (SAMPLE / "sample_jobs_expected_gpu_seconds.csv").open(encoding="utf-8") as file:
        totals = {row["user"]: 1000 * int(row["gpu_seconds_total"]) for row in csv.DictReader(file)}
    del totals["TOTAL"]
    return totals
