"""The driver is reloaded, hangs, loses a GPU, cuts it anew: a gap of what nobody could see."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from agents import wire
from agents.driver.watchdog import WatchedDriver
from agents.observations import NodeLook
from tests.support.agents.fake_driver import FakeDriver, gpu_line, mig_uuid, sliced_lines
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import GPUS, NOON, Site, Verdict, judge


class Patient(WatchedDriver):
    """The driver read by a process of its own, as in the agent, by a clock that runs with the site.

    A second of the site passes in a millisecond, so a new process is given the time to begin, and
    every look the time to end. The clock gains a hundredth, so that it is clear which of two looks
    comes a minute later.
    """

    def __init__(self, site: Site) -> None:
        self.asked_s = time.monotonic()
        super().__init__(lambda: site.now * 1.01 / 1_000 + time.monotonic() - self.asked_s)

    def ask(self) -> None:
        self.asked_s = time.monotonic()
        while self._next is not None:
            self._poll_processes(0.5)
            self.asked_s = time.monotonic()
        super().ask()

    def answer(self, wait_s: float) -> NodeLook | None:
        del wait_s
        return super().answer(10)


@pytest.fixture
def watched(site: Site, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    for name, value in driver.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("agents.driver.watchdog.GPU_S", 0.5)
    patient = Patient(site)
    patient.open()
    yield patient
    patient.close()


def finish(site: Site) -> Verdict:
    (life,) = site.lives
    assert life.send()
    verdict = judge(site)
    assert verdict.silent == 0
    return verdict


def of_other(site: Site) -> list[wire.Gap]:
    """The gaps of the second GPU."""
    return [gap for w in site.centre.windows_kept() if w.gpu == GPUS[1] for gap in w.gaps]


def test_the_driver_is_unloaded_and_loaded_again(site: Site, check_row: Tell) -> None:
    site.show(energy=9_000_000)
    site.start()
    site.run(
        181,
        {75: lambda: site.driver.say("all 9", "init 9"), 105: lambda: site.show(energy=3)},
    )
    verdict = finish(site)
    assert verdict.gaps == {"driver_reload": 2 * 35_000}
    check_row("driver_reload", verdict)


def test_every_call_to_the_driver_fails(site: Site, check_row: Tell) -> None:
    """A container that lost its device nodes sees UNKNOWN; no GPU that answers is no idle GPU."""
    site.start()
    site.run(181, {75: lambda: site.driver.say("all 999", *both()), 105: site.show})
    verdict = finish(site)
    assert verdict.gaps == {"nvml_error": 2 * 35_000}
    check_row("nvml_error", verdict)


def both() -> tuple[str, str]:
    return gpu_line(0), gpu_line(1)


def test_a_gpu_is_lost_and_comes_back(site: Site, watched: Patient, check_row: Tell) -> None:
    """Lost to the process that had it open, even when it is well: another process finds it."""
    site.start(driver=watched)
    lost = (gpu_line(0, error=15), gpu_line(1))
    site.run(301, {75: lambda: site.driver.say(*lost), 105: site.show})
    verdict = finish(site)
    assert set(verdict.gaps) == {"gpu_lost"}
    assert 30_000 <= verdict.gaps["gpu_lost"] <= 45_000
    seen_again = max(
        wire.start_ms(window.start) + gap.to_ms - NOON
        for window in site.centre.windows_kept()
        for gap in window.gaps
    )
    assert 105_000 <= seen_again <= 115_000
    assert of_other(site) == []
    check_row("gpu_lost", verdict)


def test_the_driver_hangs_at_one_gpu(site: Site, watched: Patient, check_row: Tell) -> None:
    """The GPU beside it loses nothing, and the one that hung is back with its call."""
    site.start(driver=watched)
    hang = (gpu_line(0), "hang", gpu_line(1))

    def release() -> None:
        site.show()
        time.sleep(0.3)  # the call returns, while a second of the site would be a millisecond

    site.run(361, {75: lambda: site.driver.say(*hang), 135: release})
    verdict = finish(site)
    assert verdict.gaps == {"nvml_error": 65_000}
    assert of_other(site) == []
    assert watched.restarts == 0
    check_row("hang", verdict)


def test_a_gpu_is_cut_anew_in_the_middle_of_a_minute(site: Site, check_row: Tell) -> None:
    def cut() -> None:
        site.driver.say(*sliced_lines(0, 2), gpu_line(1))
        site.held = {mig_uuid(0, 1): "c", GPUS[1]: "b"}

    site.start()
    site.run(181, {85: cut})
    verdict = finish(site)
    assert verdict.gaps == {"mig_reconfig": 10_000}
    assert of_other(site) == []
    check_row("mig", verdict)
