"""The driver's side, through the real nvidia-ml-py on the fake driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import wire
from agents.driver.nvml import Nvml
from agents.errors import NoDriver
from agents.observations import Look
from tests.support.agents.fake_driver import (
    FakeDriver,
    compile_driver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)


@pytest.fixture
def nvml(driver: FakeDriver) -> Iterator[Nvml]:
    nvml = Nvml()
    yield nvml
    nvml.close()


def look_at(nvml: Nvml, number: int = 0) -> Look:
    looks = nvml.look()
    assert not isinstance(looks, str)
    look = looks[gpu_uuid(number)]
    assert isinstance(look, Look)
    return look


def test_a_whole_gpu(nvml: Nvml, driver: FakeDriver) -> None:
    look = look_at(nvml)
    assert (look.model, look.mig, look.slices) == ("NVIDIA H100 80GB HBM3", False, ())
    assert (look.energy_mj, look.energy_missing) == (5_000, "")
    reading = look.readings[gpu_uuid(0)]
    assert (reading.util_ppm, reading.memory_mib, reading.power_mw) == (370_000, 1_024, 300_000)
    assert reading.missing == {"engine_ppm": "not_supported"}
    assert nvml.version() == "580.65.06"


def test_unsupported_is_none_with_the_reason_and_zero_is_zero(
    nvml: Nvml, driver: FakeDriver
) -> None:
    driver.say(gpu_line(0, mig=-1, util=-1, memory=-1, power=-1, energy=-1))
    look = look_at(nvml)
    reading = look.readings[gpu_uuid(0)]
    assert (look.mig, look.energy_mj, look.energy_missing) == (False, None, "not_supported")
    assert (reading.util_ppm, reading.memory_mib, reading.power_mw) == (None, None, None)
    assert set(reading.missing.values()) == {"not_supported"}
    driver.say(gpu_line(0, util=0, memory=0, power=0, energy=0))
    reading = look_at(nvml).readings[gpu_uuid(0)]
    assert (reading.util_ppm, reading.memory_mib, reading.power_mw) == (0, 0, 0)


def test_utilisation_over_100_is_garbage(nvml: Nvml, driver: FakeDriver) -> None:
    driver.say(gpu_line(0, util=4_000_000))
    reading = look_at(nvml).readings[gpu_uuid(0)]
    assert (reading.util_ppm, reading.missing["util_ppm"]) == (None, "implausible")


def test_slices_are_devices_of_their_own(nvml: Nvml, driver: FakeDriver) -> None:
    driver.say(*sliced_lines(0, 3))
    look = look_at(nvml)
    assert look.mig
    assert look.slices == tuple(
        wire.Mig(place + 1, 0, "1g.10gb", mig_uuid(0, place), (place, 1)) for place in range(3)
    )
    assert set(look.readings) == {mig_uuid(0, place) for place in range(3)}
    reading = look.readings[mig_uuid(0, 2)]
    assert (reading.memory_mib, reading.util_ppm, reading.power_mw) == (102, None, None)
    assert reading.missing["util_ppm"] == "not_supported"
    assert look.energy_mj == 5_000


def test_mig_on_without_slices_is_one_free_gpu(nvml: Nvml, driver: FakeDriver) -> None:
    driver.say(*sliced_lines(0, 0))
    look = look_at(nvml)
    assert (look.mig, look.slices, set(look.readings)) == (True, (), {gpu_uuid(0)})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (15, wire.GapReason.GPU_LOST),
        (16, wire.GapReason.GPU_LOST),
        (6, wire.GapReason.MIG_RECONFIG),
        (999, wire.GapReason.NVML_ERROR),
        (10, wire.GapReason.NVML_ERROR),
    ],
)
def test_one_gpu_fails_and_the_others_go_on(
    driver: FakeDriver, error: int, reason: wire.GapReason
) -> None:
    driver.say(gpu_line(0), gpu_line(1))
    nvml = Nvml()
    driver.say(gpu_line(0, error=error), gpu_line(1))
    looks = nvml.look()
    assert not isinstance(looks, str)
    assert looks[gpu_uuid(0)] == reason
    assert isinstance(looks[gpu_uuid(1)], Look)
    driver.say(gpu_line(0), gpu_line(1))
    results = nvml.look()
    assert not isinstance(results, str)
    stays_lost = (
        error == 15
    )  # to whoever had it open: agents/driver/watchdog.py starts another process
    assert isinstance(results[gpu_uuid(0)], Look) != stays_lost
    nvml.close()


def test_a_gpu_that_cannot_be_named_is_counted_and_found_later(driver: FakeDriver) -> None:
    driver.say(gpu_line(0), gpu_line(1, error=999))
    nvml = Nvml()
    looks = nvml.look()
    assert not isinstance(looks, str)
    assert (set(looks), nvml.silent) == ({gpu_uuid(0)}, 1)
    driver.say(gpu_line(0), gpu_line(1))
    assert isinstance(look_at(nvml, 1), Look)
    assert nvml.silent == 0
    nvml.close()


@pytest.mark.parametrize("code", [1, 9])
def test_a_driver_that_goes_away_comes_back(nvml: Nvml, driver: FakeDriver, code: int) -> None:
    driver.say(f"all {code}", gpu_line(0))
    assert nvml.look() == wire.GapReason.DRIVER_RELOAD
    driver.say("init 9", gpu_line(0))
    assert nvml.look() == wire.GapReason.DRIVER_RELOAD
    driver.say(gpu_line(0))
    assert look_at(nvml).model


def test_no_visible_gpu_is_a_failure_not_an_idle_node(nvml: Nvml, driver: FakeDriver) -> None:
    nvml.close()
    driver.say()
    assert nvml.look() == wire.GapReason.NVML_ERROR
    with pytest.raises(NoDriver, match="shows no GPU"):
        Nvml()
    driver.say(gpu_line(0))
    assert look_at(nvml).model


def test_a_failing_question_about_mig_is_not_an_answer(nvml: Nvml, driver: FakeDriver) -> None:
    """Were it taken for «not sliced», a whole GPU would be billed beside its slices."""
    driver.say(gpu_line(0, mig=999))
    assert nvml.look() == {gpu_uuid(0): wire.GapReason.NVML_ERROR}
    driver.say("unprivileged 1", *sliced_lines(0))
    assert nvml.look() == {gpu_uuid(0): wire.GapReason.NVML_ERROR}


def test_processes_of_whole_gpus_and_slices(driver: FakeDriver) -> None:
    driver.say("surge 2", gpu_line(0), "process 41 512", *sliced_lines(1, 1), "process 42 -1")
    nvml = Nvml()
    assert nvml.processes() == [(gpu_uuid(0), 41, 512), (mig_uuid(1, 0), 42, None)]
    nvml.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [(9, "driver_not_loaded"), (18, "differ in version"), (999, "unknown")],
)
def test_no_driver_is_said_in_one_sentence(driver: FakeDriver, code: int, words: str) -> None:
    driver.say(f"init {code}")
    with pytest.raises(NoDriver, match=words) as caught:
        Nvml()
    assert caught.value.exit_code == 4


LOOK_TWICE = """
import os
from pathlib import Path
from agents.driver.nvml import DriverReplaced, Nvml
nvml = Nvml()
print(nvml.look())
state = Path(os.environ["FAKE_NVML"])
state.write_text(state.read_text().replace("580.65.06", "590.10.01"))
try:
    print(nvml.look())
except DriverReplaced:
    print("replaced")
"""


def test_a_driver_upgraded_under_us_asks_for_a_new_process(fake_driver: FakeDriver) -> None:
    result = fake_driver.run(LOOK_TWICE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "replaced"


def test_an_old_driver_lacks_functions_and_says_so(fake_driver: FakeDriver, tmp_path: Path) -> None:
    old = FakeDriver(tmp_path / "old", fake_driver.state)
    old.folder.mkdir()
    compile_driver(old.folder, "-DOLD_DRIVER")
    result = old.run(
        "from agents.driver.nvml import Nvml; look = list(Nvml().look().values())[0];"
        "print(look.energy_mj, look.energy_missing, list(look.readings.values())[0].missing)"
    )
    assert result.returncode == 0, result.stderr
    assert "None function_not_found" in result.stdout
    assert "'memory_mib': 'function_not_found'" in result.stdout
