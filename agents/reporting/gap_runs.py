"""Gaps in the spool: a run of minutes of one GPU that nobody observed is one row of its file.

It becomes windows when it is sent. The functions run inside a transaction of the spool.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agents import wire
from agents.reporting.records import moment
from agents.reporting.spool_file import SpoolFile


class GapRun(NamedTuple):
    """Windows of one GPU that are one gap each, with starts from `first_ms` to `last_ms`."""

    gpu: str
    vendor: str
    model: str
    first_ms: int
    last_ms: int
    reason: wire.GapReason


def overflow(window: wire.Window) -> GapRun:
    """Return the gap that stands for a window for which there is no room."""
    at_ms, reason = wire.start_ms(window.start), wire.GapReason.SPOOL_OVERFLOW
    return GapRun(window.gpu, window.vendor, window.model, at_ms, at_ms, reason)


def add_gaps(file: SpoolFile, run: GapRun) -> None:
    """Extend the run that this one continues, or start a new one."""
    step = wire.grid_ms(run.gpu)
    longer = file.do(
        "UPDATE gap_runs SET last_ms = ? WHERE gpu = ? AND reason = ? AND last_ms = ?",
        *(run.last_ms, run.gpu, run.reason, run.first_ms - step),
    )
    if longer == 0:
        file.do("INSERT INTO gap_runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", *run, step)


def take_gaps(file: SpoolFile) -> tuple[list[bytes], list[int]]:
    """Move the oldest gaps out of the file, at most a batch of them: JSON and starts in ms."""
    bodies: list[bytes] = []
    starts: list[int] = []
    runs = list(file.rows("SELECT * FROM gap_runs ORDER BY first_ms, id"))
    for row, gpu, vendor, model, first, last, reason, step in runs:
        stop = min(last + step, first + (wire.WINDOWS_MAX - len(bodies)) * step)
        gap = wire.Gap(0, step, wire.GapReason(reason))
        for start_ms in range(first, stop, step):
            window = wire.Window(gpu, model, moment(start_ms), step, (), (gap,), vendor=vendor)
            bodies.append(msgspec.json.encode(window))
            starts.append(start_ms)
        if stop <= last:
            file.do("UPDATE gap_runs SET first_ms = ? WHERE id = ?", stop, row)
            break
        file.do("DELETE FROM gap_runs WHERE id = ?", row)
    return bodies, starts
