"""The driver read by another process: it may hang, die, lose GPUs or be replaced.

Real processes on the fake driver. Where minutes would pass, the clock of the watchdog is ahead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest

from agents import wire
from agents.driver.watchdog import WatchedDriver
from agents.errors import NoDriver
from agents.observations import Look, Looks
from tests.support.agents.fake_driver import FakeDriver, gpu_line, gpu_uuid

NVML_ERROR = wire.GapReason.NVML_ERROR


@dataclass
class Clock:
    """The real one, and as far ahead as a test wants."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Stage:
    driver: FakeDriver
    watched: WatchedDriver
    clock: Clock

    def look(self) -> Looks:
        """One look, however long it takes."""
        self.watched.ask()
        while (sight := self.watched.answer(0.2)) is None:
            pass
        return sight.looks

    def hang(self) -> Looks:
        """A look during which the deadline passes."""
        self.watched.ask()
        assert self.watched.answer(1) is None
        self.clock.ahead += 8
        sight = self.watched.answer(0.5)
        assert sight is not None
        return sight.looks

    def until(self, good: Callable[[Looks], bool]) -> Looks:
        """Look again and again, ten seconds apart (pytest-timeout is the limit)."""
        while not good(looks := self.look()):
            self.clock.ahead += 10
            time.sleep(0.05)
        return looks


def children() -> list[psutil.Process]:
    return [
        p for p in psutil.Process().children() if "agents.driver.reader" in " ".join(p.cmdline())
    ]


@pytest.fixture
def stage(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name, value in fake_driver.environment.items():
        monkeypatch.setenv(name, value)
    fake_driver.say(*(gpu_line(n) for n in range(3)))
    clock = Clock()
    stage = Stage(fake_driver, WatchedDriver(clock), clock)
    stage.watched.open()
    yield stage
    stage.watched.close()
    assert children() == []


def good(looks: Looks) -> set[int]:
    """The numbers of the GPUs that were seen."""
    if isinstance(looks, str):
        return set()
    return {n for n in range(3) if isinstance(looks.get(gpu_uuid(n)), Look)}


def faults(looks: Looks) -> dict[int, wire.GapReason]:
    assert not isinstance(looks, str)
    looks_by_number = {n: looks.get(gpu_uuid(n)) for n in range(3)}
    return {n: look for n, look in looks_by_number.items() if isinstance(look, wire.GapReason)}


def test_a_look_is_what_the_driver_shows(stage: Stage) -> None:
    looks = stage.look()
    assert good(looks) == {0, 1, 2}
    assert stage.watched.restarts == 0
    assert len(children()) == 1


def test_a_slow_look_is_fetched_later_and_nothing_waits_for_it(stage: Stage) -> None:
    stage.driver.say(gpu_line(0), gpu_line(1), "slow 700", gpu_line(2))
    stage.watched.ask()
    began = time.monotonic()
    assert stage.watched.answer(0.05) is None
    assert time.monotonic() - began < 0.6
    while (sight := stage.watched.answer(0.05)) is None:
        pass
    assert good(sight.looks) == {0, 1, 2}
    assert stage.watched.restarts == 0


def test_a_gpu_that_hangs_costs_no_other_anything(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.driver.watchdog.GPU_S", 0.5)
    stage.look()
    stage.driver.say(gpu_line(0), gpu_line(1), "hang", gpu_line(2))
    for _ in range(3):
        looks = stage.look()
        assert (good(looks), faults(looks)) == ({0, 2}, {1: NVML_ERROR})
    stage.driver.say(*(gpu_line(n) for n in range(3)))
    stage.until(lambda looks: len(good(looks)) == 3)
    assert stage.watched.restarts == 0


def test_a_gpu_that_hangs_when_it_is_opened_delays_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.driver.watchdog.GPU_S", 0.5)
    stage.driver.say(gpu_line(0), gpu_line(1), "hang", gpu_line(2))
    watched = WatchedDriver(stage.clock)
    watched.open()
    watched.ask()
    while (sight := watched.answer(0.2)) is None:
        pass
    assert good(sight.looks) == {0, 2}
    watched.close()


def test_a_driver_that_hangs_for_all_is_tried_again_and_comes_back(stage: Stage) -> None:
    stage.look()
    stage.driver.say("hang", gpu_line(0), "hang", gpu_line(1), "hang", gpu_line(2), "hang")
    assert stage.hang() == NVML_ERROR
    assert stage.hang() == NVML_ERROR
    assert len(children()) <= 2
    stage.driver.say(*(gpu_line(n) for n in range(3)))
    stage.clock.ahead += 61  # the process that hangs while it opens the driver is given up
    stage.until(lambda looks: len(good(looks)) == 3)


def test_a_reader_that_is_killed_is_started_again_before_the_next_look(stage: Stage) -> None:
    stage.look()
    (child,) = children()
    child.kill()
    while stage.watched.restarts == 0:
        stage.watched.poll()
        time.sleep(0.01)
    assert good(stage.look()) == {0, 1, 2}


def test_a_reader_that_is_killed_during_a_look_is_replaced_within_it(stage: Stage) -> None:
    stage.look()
    stage.driver.say(gpu_line(0), gpu_line(1), "slow 400", gpu_line(2))
    stage.watched.ask()
    (child,) = children()
    child.kill()
    while (sight := stage.watched.answer(0.2)) is None:
        pass
    assert good(sight.looks) == {0, 1, 2}


def test_a_gpu_that_kills_its_reader_costs_the_others_nothing_more(stage: Stage) -> None:
    stage.look()
    stage.driver.say(gpu_line(0), gpu_line(1), gpu_line(2), "crash")
    looks = stage.look()  # it dies twice: at one of three, and then alone
    assert (good(looks), faults(looks)) == ({0, 1}, {2: NVML_ERROR})
    assert faults(stage.look()) == {2: NVML_ERROR}
    stage.driver.say(*(gpu_line(n) for n in range(3)))
    assert good(stage.look()) == {0, 1}  # it is left out for a minute
    stage.clock.ahead += 61
    assert good(stage.until(lambda looks: len(good(looks)) == 3)) == {0, 1, 2}


def test_a_lost_gpu_comes_back_to_a_new_process(stage: Stage) -> None:
    stage.look()
    stage.driver.say(gpu_line(0, error=15), gpu_line(1), gpu_line(2))
    assert faults(stage.look()) == {0: wire.GapReason.GPU_LOST}
    stage.driver.say(*(gpu_line(n) for n in range(3)))
    assert faults(stage.look()) == {0: wire.GapReason.GPU_LOST}  # lost to whoever had it open
    (old,) = children()
    numbers: list[set[int]] = []
    while not numbers or numbers[-1] != {0, 1, 2}:
        numbers.append(good(stage.look()))
        stage.clock.ahead += 1
        time.sleep(0.05)
    assert all({1, 2} <= group for group in numbers)  # the others never noticed
    stage.clock.ahead += 5
    stage.look()
    old.wait(10)
    assert len(children()) == 1


def test_a_gpu_that_is_not_listed_any_more_is_left_to_the_meter(stage: Stage) -> None:
    stage.look()
    stage.driver.say("all 9")
    assert stage.look() == wire.GapReason.DRIVER_RELOAD
    stage.driver.say(gpu_line(0), gpu_line(1))
    looks = stage.look()
    assert not isinstance(looks, str)
    assert set(looks) == {gpu_uuid(0), gpu_uuid(1)}


def test_another_version_of_the_driver_is_read_by_another_process(stage: Stage) -> None:
    stage.look()
    text = stage.driver.state.read_text()
    stage.driver.state.write_text(text.replace("580.65.06", "590.10.01"))
    assert stage.look() == wire.GapReason.DRIVER_RELOAD
    looks = stage.until(lambda looks: len(good(looks)) == 3)
    assert not isinstance(looks, str)
    look = looks[gpu_uuid(0)]
    assert isinstance(look, Look)
    assert "/590.10.01/" in look.epoch


def test_a_driver_upgraded_but_not_loaded_is_a_gap_until_it_is(stage: Stage) -> None:
    """The library on the disk is newer than the module in the kernel: nvmlInit answers 18."""
    stage.look()
    stage.driver.say("all 18")
    assert stage.look() == wire.GapReason.DRIVER_RELOAD
    stage.driver.say("init 18")
    for _ in range(3):
        assert stage.look() == wire.GapReason.DRIVER_RELOAD
        stage.clock.ahead += 60
    stage.driver.say(*(gpu_line(n) for n in range(3)))
    stage.until(lambda looks: len(good(looks)) == 3)


def test_no_visible_gpu_is_a_failure(stage: Stage) -> None:
    stage.look()
    stage.driver.say("all 1")
    assert stage.look() == wire.GapReason.DRIVER_RELOAD
    stage.driver.say()
    assert stage.look() == NVML_ERROR


@pytest.mark.parametrize("lines", [["init 9"], []])
def test_without_a_driver_it_does_not_begin(stage: Stage, lines: list[str]) -> None:
    stage.driver.say(*lines)
    with pytest.raises(NoDriver):
        WatchedDriver().open()


def test_a_driver_that_hangs_at_the_start_is_a_gap_not_the_end(stage: Stage) -> None:
    stage.driver.say("hang", gpu_line(0))
    clock = Clock()
    watched = WatchedDriver(clock)
    watched.open(wait_s=0.5)
    watched.ask()
    assert watched.answer(0.1) is None
    clock.ahead += 8
    sight = watched.answer(0.1)
    assert sight is not None
    assert sight.looks == NVML_ERROR
    watched.close()


def test_the_reader_dies_with_the_agent_even_while_it_hangs(stage: Stage) -> None:
    code = (
        "import os, time\nfrom pathlib import Path\n"
        "from agents.driver.watchdog import WatchedDriver\n"
        "w = WatchedDriver(); w.open(); state = Path(os.environ['FAKE_NVML'])\n"
        "state.write_text(state.read_text() + 'hang\\n'); w.ask(); time.sleep(0.3)\n"
        "print(w._child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    pid = int(stage.driver.run(code).stdout)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    assert os.getpid() != pid
