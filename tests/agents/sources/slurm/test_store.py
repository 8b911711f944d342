"""The run store: each run once, each hour told once, and Slurm's corrections told as such."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import wire
from agents.sources.slurm.fault import BadCell
from agents.sources.slurm.runs import Run
from agents.sources.slurm.store import RunStore
from agents.sources.slurm.tres import Devices
from tests.support.agents.sacct import held_s

HOUR = wire.HOUR_MS
START = 500_000 * HOUR + 600_000


def run(until_ms: int, *, is_final: bool = True, start_ms: int = START, gpus: int = 2) -> Run:
    return Run("c:1@1", "lab", (Devices(gpus, "h100"),), start_ms, until_ms, is_final)


class Server:
    """Keeps the first body of each window, as the real one does."""

    def __init__(self) -> None:
        self.windows: dict[tuple[str, object], wire.Window] = {}
        self.latest: dict[tuple[str, object], wire.Window] = {}
        self.kept_aside: list[wire.Window] = []
        self.count = 0

    def take(self, store: RunStore, before_ms: int | None = None) -> int:
        """Return how many corrections were told."""
        corrections = 0
        reports = []
        for report in store.reports("c1", before_ms):
            corrections += len(report.corrections)
            new = [msgspec.json.decode(body, type=wire.Window) for _, body in report.bodies]
            for window in (*report.corrections, *new):
                assert not wire.faults(window)
                self.count += 1
                key = (window.gpu, window.start)
                self.latest[key] = window
                if self.windows.setdefault(key, window) != window:
                    self.kept_aside.append(window)
            reports.append(report.run)
        store.mark(reports, before_ms)
        return corrections

    @property
    def seconds(self) -> int:
        return int(held_s(list(self.windows.values())))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    result = RunStore(tmp_path / "runs.db")
    yield result
    result.close()


def test_a_run_that_goes_on_is_told_hour_by_hour_and_once(store: RunStore) -> None:
    server = Server()
    for hours in range(1, 6):
        for _ in range(3):
            with store.transaction():
                store.take(run(START + hours * HOUR + 5, is_final=False))
            assert server.take(store) == 0
        assert server.seconds == 2 * (hours * 3600 - 600)
    store.take(run(START + 5 * HOUR + 60_000))
    assert server.take(store) == 0
    assert server.seconds == 2 * (5 * 3600 + 60)
    assert server.count == len(server.windows)
    assert store.open_jobs() == []


def test_the_last_hour_of_a_live_run_waits_until_it_is_over(store: RunStore) -> None:
    server = Server()
    end = START + HOUR
    store.take(run(end))
    server.take(store, end - end % HOUR)
    assert server.seconds == 2 * 3000
    assert store.count_waiting() == 1
    server.take(store, end - end % HOUR + HOUR)
    assert server.seconds == 2 * 3600
    assert (store.count_waiting(), server.count) == (0, 4)


def test_a_file_read_twice_and_neighbouring_answers_tell_nothing_twice(store: RunStore) -> None:
    server = Server()
    for _ in range(3):
        store.take(run(START + 5 * HOUR))
        server.take(store)
    assert server.count == len(server.windows) == 12
    assert store.count_waiting() == 0


def test_an_older_word_does_not_undo_a_newer_one(store: RunStore) -> None:
    store.take(run(START + 3 * HOUR))
    store.take(run(START + 9 * HOUR, is_final=False))
    (stored,) = store.all()
    assert stored.is_final
    store.take(run(START + 2 * HOUR))
    (stored,) = store.all()
    assert stored.until_ms == START + 2 * HOUR


@pytest.mark.parametrize("end_ms", [START, START + 60_000, START + 2 * HOUR + 1, START + 3 * HOUR])
def test_an_end_that_lies_before_what_was_told_is_a_correction(
    store: RunStore, end_ms: int
) -> None:
    server = Server()
    store.take(run(START + 5 * HOUR, is_final=False))
    server.take(store)
    before = server.seconds
    store.take(run(end_ms))
    assert server.take(store) == len(server.kept_aside) > 0
    assert server.seconds == before
    assert held_s(list(server.latest.values())) * 1000 == 2 * (end_ms - START)
    assert server.take(store) == 0


def test_fewer_gpus_are_corrected_and_more_are_new(store: RunStore) -> None:
    server = Server()
    store.take(run(START + HOUR))
    server.take(store)
    store.take(run(START + HOUR, gpus=3))
    assert server.take(store) == 0
    assert server.seconds == 3 * 3600
    store.take(run(START + HOUR, gpus=1))
    assert server.take(store) == 4


def test_pieces_of_a_run_that_bear_one_name_are_refused(store: RunStore) -> None:
    store.take(run(START + HOUR))
    with pytest.raises(BadCell, match="without -T"):
        store.take(run(START + 2 * HOUR, start_ms=START + HOUR))


def test_what_fails_in_the_middle_keeps_nothing(store: RunStore) -> None:
    def half() -> None:
        with store.transaction():
            store.take(run(START + HOUR))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert list(store.all()) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 6 * HOUR), st.booleans(), st.integers(0, 8)),
        min_size=1,
        max_size=6,
    )
)
def test_in_any_history_the_last_word_is_what_was_told_and_corrected(
    history: list[tuple[int, bool, int]],
) -> None:
    store, server = RunStore(":memory:"), Server()
    for length, is_final, later in history:
        store.take(run(START + length, is_final=is_final))
        server.take(store, START - START % HOUR + later * HOUR)
    server.take(store)
    (stored,) = store.all()
    seconds = held_s(list(server.latest.values()))
    if stored.is_final:
        assert seconds * 1000 == 2 * (stored.until_ms - START)
    assert seconds * 1000 <= 2 * (stored.until_ms - START)
    store.close()
