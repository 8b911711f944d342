"""Rows as sacct -P writes them, and what is made of them."""

import io
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction

from agents import wire
from agents.sources.slurm.fault import Fault
from agents.sources.slurm.read import read
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.runs import Run
from agents.sources.slurm.runs import windows as windows_of
from agents.sources.slurm.tables import Columns

HEADER = (
    "Cluster|JobIDRaw|Submit|Start|End|ElapsedRaw|Suspended|State|Account|Partition|QOS|AllocTRES"
)
DAY_S = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
NOW_MS = (DAY_S + 86_400 * 20) * 1000
CONTEXT = Context("testc", NOW_MS)


def gpus(count: int, kind: str = "h100") -> str:
    """AllocTRES of a run with these GPUs."""
    typed = f"gres/gpu:{kind}={count}," if kind else ""
    return f"billing=1,cpu=1,{typed}gres/gpu={count},mem=100M,node=1"


def row(**cells: object) -> str:
    """A completed run of two GPUs, from 01:00:14 to 01:00:34, but for what is said."""
    usual: dict[str, object] = {
        "Cluster": "testc", "JobIDRaw": 1, "Submit": DAY_S + 3600, "Start": DAY_S + 3614,
        "End": DAY_S + 3634, "ElapsedRaw": 20, "Suspended": "00:00:00", "State": "COMPLETED",
        "Account": "lab1", "Partition": "gpu", "QOS": "normal", "AllocTRES": gpus(2),
    }  # fmt: skip
    return "|".join(str({**usual, **cells}[name]) for name in HEADER.split("|"))


def table(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


def items(
    content: bytes, context: Context = CONTEXT, columns: Columns | None = None
) -> list[Run | Silence | Fault]:
    return [item for _, item in read(io.BytesIO(content), "f", context, columns)]


def gpu_seconds(runs: list[Run | Silence | Fault]) -> Fraction:
    """GPU-seconds held, of the windows."""
    windows = [w for run in runs if isinstance(run, Run) for w in windows_of(run, "c1")]
    return held_s(windows)


def held_s(windows: list[wire.Window]) -> Fraction:
    """GPU-seconds that somebody holds in these windows, which keep every rule of the wire."""
    assert [fault for window in windows for fault in wire.faults(window)] == []
    assert max(Counter((w.gpu, w.start) for w in windows).values(), default=1) == 1
    return sum(
        (
            Fraction((part.to_ms - part.from_ms) * part.num, part.den * 1000)
            for window in windows
            for part in window.parts
            if not isinstance(part.holder, wire.Unallocated)
        ),
        Fraction(0),
    )
