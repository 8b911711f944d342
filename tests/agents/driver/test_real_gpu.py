"""The agent's reading against a real driver, beside nvidia-smi in the same second.

Skipped where there is no driver. A figure moves while it is read, so nvidia-smi is asked before and
after the look, and the agent's figure must lie between, give or take what the two round and average
differently; each must do so once in a few tries. How nvidia-smi is read is tested on real captures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from agents.driver.watchdog import WatchedDriver
from agents.observations import Look
from tests.support.agents import nvidia_smi
from tests.support.agents.nvidia_smi import Smi, SmiGpu, SmiSlice
from tests.support.paths import SHARED

CAPTURES = SHARED / "data" / "nvidia_smi"
HAS_GPM = ("H100", "H200", "H20", "H800", "B200", "B300", "GH200", "GB200", "GB300")
ENGINE_REASONS = {"not_supported", "function_not_found", "first_look", "of_the_gpu_instance"}
TRIES = 10

real = pytest.mark.skipif(not nvidia_smi.is_there(), reason="this machine has no NVIDIA driver")
captured = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="../shared/data/nvidia_smi does not lie beside this repository"
)
Reading = tuple[Smi, dict[str, Look], Smi]


@pytest.fixture(scope="module")
def driver() -> Iterator[WatchedDriver]:
    watched = WatchedDriver()
    watched.open()
    yield watched
    watched.close()


def look(driver: WatchedDriver) -> dict[str, Look]:
    driver.ask()
    while (sight := driver.answer(1)) is None:
        pass
    assert not isinstance(sight.looks, str), f"the driver does not answer: {sight.looks}"
    assert all(isinstance(look_or_gap, Look) for look_or_gap in sight.looks.values()), sight.looks
    return {
        uuid: look_or_gap
        for uuid, look_or_gap in sight.looks.items()
        if isinstance(look_or_gap, Look)
    }


def both(driver: WatchedDriver) -> Reading:
    before = nvidia_smi.ask()
    looks = look(driver)
    return before, looks, nvidia_smi.ask()


def agrees(driver: WatchedDriver, compare: Callable[[Reading], dict[str, str]]) -> None:
    """Everything that ever differed agreed in at least one try."""
    mismatches = compare(both(driver))
    for _ in range(TRIES - 1):
        if not mismatches:
            return
        again = compare(both(driver))
        mismatches = {subject: how for subject, how in again.items() if subject in mismatches}
    assert not mismatches


def between(value: float | None, low: float | None, high: float | None, give: float) -> bool:
    """Null on one side is null on the other."""
    if value is None or low is None or high is None:
        return value is low is high
    return min(low, high) - give <= value <= max(low, high) + give


@real
def test_the_same_gpus_with_the_same_names_numbers_and_slices(driver: WatchedDriver) -> None:
    smi, looks, _ = both(driver)
    assert set(looks) == set(smi.gpus)
    for uuid, look in looks.items():
        smi_gpu = smi.gpus[uuid]
        assert (look.model, look.minor, look.mig) == (smi_gpu.model, smi_gpu.minor, smi_gpu.mig)
        assert {(m.gi, m.ci) for m in look.slices} == {(s.gi, s.ci) for s in smi_gpu.slices}
        assert f"/{smi.driver}/" in look.epoch
    rows = [(m.profile, m.uuid) for look in looks.values() for m in look.slices]
    assert sorted(rows) == sorted(nvidia_smi.slices())


@real
def test_utilisation_memory_and_power_agree(driver: WatchedDriver) -> None:
    def compare(sight: Reading) -> dict[str, str]:
        before, looks, after = sight
        mismatches: dict[str, str] = {}
        for uuid, look in looks.items():
            if look.slices:
                continue
            low, high, reading = before.gpus[uuid], after.gpus[uuid], look.readings[uuid]
            util = None if reading.util_ppm is None else reading.util_ppm / 10_000
            power = None if reading.power_mw is None else reading.power_mw / 1_000
            give_w = 5 + 0.1 * (high.power_w or 0)
            checks = {
                "util": between(util, low.util_percent, high.util_percent, 10),
                "memory": between(reading.memory_mib, low.memory_mib, high.memory_mib, 2),
                "power": between(power, low.power_w, high.power_w, give_w),
            }
            for name, fits in checks.items():
                if not fits:
                    mismatches[f"{uuid} {name}"] = f"{low} {reading} {high}"
        return mismatches

    agrees(driver, compare)


@real
def test_memory_of_slices_agrees(driver: WatchedDriver) -> None:
    def compare(sight: Reading) -> dict[str, str]:
        before, looks, after = sight
        mismatches: dict[str, str] = {}
        for uuid, look in looks.items():
            low, high = by_instance(before.gpus[uuid]), by_instance(after.gpus[uuid])
            for mig in look.slices:
                usage = look.readings[mig.uuid].memory_mib
                place = mig.gi, mig.ci
                if not between(usage, low.get(place), high.get(place), 2):
                    mismatches[mig.uuid] = f"{low.get(place)} {usage} {high.get(place)}"
        return mismatches

    agrees(driver, compare)


def by_instance(gpu: SmiGpu) -> dict[tuple[int, int], int | None]:
    return {(gpu_slice.gi, gpu_slice.ci): gpu_slice.memory_mib for gpu_slice in gpu.slices}


@real
def test_energy_grows_as_the_power_says(driver: WatchedDriver) -> None:
    """nvidia-smi does not show the counter, so it is held against nvidia-smi's power over time."""
    first, began = look(driver), time.monotonic()
    powers: dict[str, list[float]] = {uuid: [] for uuid in first}
    while time.monotonic() - began < 10:
        for uuid, gpu in nvidia_smi.ask().gpus.items():
            if gpu.power_w is not None:
                powers[uuid].append(gpu.power_w)
        time.sleep(0.5)
    second, passed = look(driver), time.monotonic() - began
    for uuid, gpu_look in second.items():
        before = first[uuid].energy_mj
        if gpu_look.energy_mj is None or before is None:
            assert gpu_look.energy_missing == "not_supported"  # older than Volta, or a vGPU
            continue
        watts = (gpu_look.energy_mj - before) / 1_000 / passed
        assert min(powers[uuid]) * 0.75 - 5 <= watts <= max(powers[uuid]) * 1.25 + 5


@real
def test_what_is_not_measured_is_null_with_a_reason(driver: WatchedDriver) -> None:
    look(driver)
    time.sleep(1)
    for gpu_look in look(driver).values():
        assert (gpu_look.energy_mj is None) == bool(gpu_look.energy_missing)
        for reading in gpu_look.readings.values():
            for name in ("util_ppm", "engine_ppm", "memory_mib", "power_mw"):
                assert (getattr(reading, name) is None) == (name in reading.missing)
            why = reading.missing.get("engine_ppm")
            assert why is None or why in ENGINE_REASONS
            if any(name in gpu_look.model for name in HAS_GPM) and why != "of_the_gpu_instance":
                assert why is None, f"{gpu_look.model} has GPM: {why}"
                assert reading.engine_ppm is not None
                assert 0 <= reading.engine_ppm <= 1_000_000


@captured
def test_nvidia_smi_is_read_as_it_speaks() -> None:
    folder = CAPTURES / "telegraf_xml"
    gpus_by_file = {p.stem: nvidia_smi.parse(p.read_text("utf-8")) for p in folder.glob("*.xml")}
    (sliced,) = gpus_by_file["a100-sxm4-v12"].gpus.values()
    assert (sliced.model, sliced.minor, sliced.mig) == ("NVIDIA A100-SXM4-80GB", 1, True)
    assert (sliced.util_percent, sliced.power_w) == (None, 67.03)
    assert sliced.slices[0] == SmiSlice(3, 0, 12)
    assert len(sliced.slices) == 4
    for name, power in (("tesla-t4", 26.78), ("rtx-3080-v13", 139.62), ("a10g", 25.58)):
        (gpu,) = gpus_by_file[name].gpus.values()
        assert (gpu.power_w, gpu.mig, gpu.slices) == (power, False, ())
        assert gpu.util_percent is not None
        assert gpu.memory_mib is not None


@captured
def test_its_list_names_the_slices() -> None:
    (path,) = (CAPTURES / "captures").glob("*h100-mig*")
    rows = nvidia_smi.parse_list(path.read_text("utf-8"))
    assert [profile for profile, _ in rows] == ["3g.40gb", "2g.20gb", "1g.10gb", "1g.10gb"]
    assert all(uuid.startswith("MIG-") and len(uuid) == 40 for _, uuid in rows)
