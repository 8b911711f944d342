"""sacct as a program: what it is asked, and which of its answers count."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.commands.slurm.live import OVERLAP_MS, ask
from agents.errors import SourceError
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.runs import Run
from agents.sources.slurm.sacct import FORMAT
from agents.sources.slurm.store import RunStore
from tests.support.agents.sacct import CONTEXT, DAY_S, NOW_MS, row, table

T = DAY_S + 3600
BEGUN = {"JobIDRaw": 8, "Start": T, "End": "Unknown", "State": "RUNNING", "ElapsedRaw": 7200}


@pytest.fixture
def sacct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A program of that name: it notes its words, says a text and exits."""

    def program(window: bytes, jobs: bytes = b"", code: int = 0, words: str = "") -> Path:
        (tmp_path / "window").write_bytes(window)
        (tmp_path / "jobs").write_bytes(jobs or table())
        path = tmp_path / "sacct"
        path.write_text(
            f'#!/bin/sh\necho "$TZ $SLURM_TIME_FORMAT $*" >> {tmp_path}/asked\n'
            f'case "$*" in *" -j "*) cat {tmp_path}/jobs;; *) cat {tmp_path}/window;; esac\n'
            f"echo '{words}' >&2\nexit {code}\n"
        )
        path.chmod(0o755)
        return tmp_path / "asked"

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs.db")


def runs(store: RunStore) -> list[Run]:
    return list(store.all())


def test_it_is_asked_for_everybody_every_run_and_seconds(
    sacct: Callable[..., Path], store: RunStore
) -> None:
    log = sacct(table(row()))
    ask(store, CONTEXT, "testc")
    (line,) = log.read_text().splitlines()
    assert line.startswith("UTC %s --allusers --allocations --duplicates --parsable2")
    assert f"--format={FORMAT}" in line
    assert line.endswith("-S 2026-03-21T00:00:00 --clusters=testc")
    assert len(runs(store)) == 1


def test_answers_overlap_by_a_day_and_count_nothing_twice(
    sacct: Callable[..., Path], store: RunStore
) -> None:
    log = sacct(table(row()))
    ask(store, CONTEXT, None)
    ask(store, Context("testc", NOW_MS + 300_000), None)
    first, second = log.read_text().splitlines()
    assert first.endswith("-S 2026-03-21T00:00:00")
    assert second.endswith("-S 2026-03-21T00:00:00")  # a day before the last answer
    assert OVERLAP_MS == 86_400_000
    assert len(runs(store)) == 1


@pytest.mark.parametrize("content", [b"", table(), table(row(JobIDRaw=9))])
def test_an_answer_of_a_sacct_that_failed_is_none(
    sacct: Callable[..., Path], store: RunStore, content: bytes
) -> None:
    sacct(table(row()))
    ask(store, CONTEXT, None)
    before = runs(store)
    sacct(content, code=1, words="slurmdbd: Connection refused")
    with pytest.raises(SourceError, match=r"exited with 1.*Connection refused"):
        ask(store, Context("testc", NOW_MS + 10**9), None)
    assert (runs(store), store.last_answer_ms) == (before, NOW_MS)


@pytest.mark.parametrize(
    "content", [b"", table(row(JobIDRaw=9))[:-1], table(row(JobIDRaw=9)) + b"testc|1", b"\xff\n"]
)
def test_an_answer_that_is_cut_off_is_none(
    sacct: Callable[..., Path], store: RunStore, content: bytes
) -> None:
    sacct(content)
    with pytest.raises(SourceError):
        ask(store, CONTEXT, None)
    assert (runs(store), store.last_answer_ms) == ([], None)


def test_a_row_that_cannot_be_believed_stops_no_other(
    sacct: Callable[..., Path], store: RunStore
) -> None:
    sacct(table(row(JobIDRaw=3, End="soon"), row(), row(JobIDRaw=4, AllocTRES="cpu=1")))
    counter = ask(store, CONTEXT, None)
    assert (counter["faults"], counter["final"], counter[Silence.UNKNOWN]) == (1, 1, 1)


def test_a_run_that_went_on_and_is_not_in_the_answer_is_asked_for(
    sacct: Callable[..., Path], store: RunStore
) -> None:
    sacct(table(row(**BEGUN)))
    ask(store, CONTEXT, None)
    over = row(**{**BEGUN, "End": T + 60, "State": "COMPLETED", "ElapsedRaw": 60})
    log = sacct(table(), jobs=table(over))
    ask(store, CONTEXT, None)
    assert log.read_text().splitlines()[-1].endswith("-j 8")
    (run,) = runs(store)
    assert (run.is_final, run.until_ms) == (True, (T + 60) * 1000)
    ask(store, CONTEXT, None)
    assert " -j " not in log.read_text().splitlines()[-1]


def test_without_sacct_it_says_where_to_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SourceError, match="no sacct here"):
        ask(store, CONTEXT, None)
