"""A Slurm whose sacct fails, is cut off, and says for a while what is not so: nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agents import wire
from agents.commands.slurm.live import ask
from agents.errors import SourceError
from agents.sources.slurm.rows import Context
from agents.sources.slurm.store import RunStore
from tests.support.agents.sacct import DAY_S, gpus, held_s, row, table
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import Verdict

HOURS = 12
STEP_S = 300
# number, submit, start, end (seconds of the day), GPUs
JOBS = [
    (1, 0, 60, 5 * 3600 + 17, 2),
    (2, 100, 4000, 4030, 1),
    (3, 7000, 3 * 3600, 9 * 3600 + 1, 1),
    (3, 9 * 3600 + 1, 9 * 3600 + 30, 10 * 3600 + 59, 1),  # requeued: the same number
    (4, 6 * 3600, 6 * 3600 + 5, 6 * 3600 + 6, 4),
]
TRUTH_MS = sum(1000 * (end - start) * count for _, _, start, end, count in JOBS)
Answer = Callable[[int, bytes], tuple[bytes, int]]


def answer_at(now_s: int) -> bytes:
    """What a sacct that works says at this second of the day."""
    rows = []
    for number, submit, start, end, count in JOBS:
        times = {"JobIDRaw": number, "Submit": DAY_S + submit, "AllocTRES": gpus(count)}
        if submit > now_s:
            continue
        if start > now_s:
            times |= {"State": "PENDING", "Start": "Unknown", "End": "Unknown", "AllocTRES": ""}
        elif now_s - start < STEP_S:  # it has just begun
            times |= {"State": "PENDING", "Start": DAY_S + start, "End": "Unknown"}
            times |= {"AllocTRES": ""}
        elif end > now_s:
            times |= {"State": "RUNNING", "Start": DAY_S + start, "End": "Unknown"}
            times |= {"ElapsedRaw": now_s - start}
        else:
            times |= {"Start": DAY_S + start, "End": DAY_S + end, "ElapsedRaw": end - start}
        rows.append(row(**times))
    return table(*rows)


def live(folder: Path, answer: Answer) -> tuple[Verdict, int]:
    """Ask every five minutes; what a server that keeps the first word has, and how often it failed.

    Raises where a word was said twice in different ways, or more was said than is so.
    """
    program = folder / "sacct"
    program.write_text(f"#!/bin/sh\ncat {folder}/answer\nexit $(cat {folder}/code)\n")
    program.chmod(0o755)
    store = RunStore(folder / "runs.db")
    windows: dict[tuple[str, object], wire.Window] = {}
    failures = 0
    for now_s in range(STEP_S, HOURS * 3600 + 1, STEP_S):
        content, code = answer(now_s, answer_at(now_s))
        (folder / "answer").write_bytes(content)
        (folder / "code").write_text(str(code))
        now_ms = (DAY_S + now_s) * 1000
        try:
            ask(store, Context("testc", now_ms), None)
        except SourceError:
            failures += 1
        reports = list(store.reports("c1", now_ms - now_ms % wire.HOUR_MS))
        for report in reports:
            assert report.corrections == ()
            for _, body in report.bodies:
                window = msgspec.json.decode(body, type=wire.Window)
                assert windows.setdefault((window.gpu, window.start), window) is window
        store.mark([report.run for report in reports], now_ms - now_ms % wire.HOUR_MS)
    store.close()
    return Verdict(TRUTH_MS, int(held_s(list(windows.values())) * 1000)), failures


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_sacct_fails_for_hours(folder: Path, check_row: Tell) -> None:
    """Its database is away: exit code 1, no rows; once with the header alone."""

    def answer(now_s: int, content: bytes) -> tuple[bytes, int]:
        if 3600 <= now_s < 4 * 3600:
            return b"", 1
        return (table(), 1) if 9 * 3600 <= now_s < 10 * 3600 else (content, 0)

    verdict, failures = live(folder, answer)
    assert failures == 36 + 12
    assert verdict.counted == TRUTH_MS
    check_row("sacct_fails", verdict)


def test_sacct_is_cut_off(folder: Path, check_row: Tell) -> None:
    """Every second answer ends somewhere, or is in another encoding, and exits with 0."""

    def answer(now_s: int, content: bytes) -> tuple[bytes, int]:
        turn = now_s // STEP_S
        if turn % 2 or now_s > (HOURS - 1) * 3600:
            return content, 0
        cut = content[: max(turn * 37 % len(content), 1)].removesuffix(b"\n")
        return (cut if turn % 4 else content + "实验室\n".encode("gbk")), 0

    verdict, failures = live(folder, answer)
    assert failures > 60
    assert verdict.counted == TRUTH_MS
    check_row("sacct_cut", verdict)
