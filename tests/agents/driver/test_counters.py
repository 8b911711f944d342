"""Counters as evidence: engine activity, XIDs, and within what counters may be subtracted."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import wire
from agents.driver.epochs import boot_id, driver_epoch
from agents.driver.nvml import Nvml
from agents.observations import Look, Reading
from tests.support.agents.fake_driver import (
    FakeDriver,
    compile_driver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)
from tests.support.agents.node_world import World, check_exact, minutes

XID, MIG_CHANGE = 8, 256


def readings(nvml: Nvml, number: int = 0) -> dict[str, Reading]:
    looks = nvml.look()
    assert not isinstance(looks, str)
    look = looks[gpu_uuid(number)]
    assert isinstance(look, Look)
    return dict(look.readings)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two samples of GPM lie 100 ms apart; the driver of the tests needs no time between them."""
    monkeypatch.setattr("agents.driver.gpm._APART_S", 0.0)


@pytest.mark.usefixtures("no_pause")
def test_engine_activity_needs_two_looks(driver: FakeDriver) -> None:
    driver.say(gpu_line(0), "gpm 62.5")
    nvml = Nvml()
    first, second = (readings(nvml)[gpu_uuid(0)] for _ in range(2))
    assert (first.engine_ppm, first.missing["engine_ppm"]) == (None, "first_look")
    assert (second.engine_ppm, second.missing) == (625_000, {})
    driver.say(gpu_line(0), "gpm 0")
    assert readings(nvml)[gpu_uuid(0)].engine_ppm == 0
    nvml.close()


@pytest.mark.usefixtures("no_pause")
def test_engine_activity_of_each_slice(driver: FakeDriver) -> None:
    whole, first, second = sliced_lines(0, 2)
    driver.say(whole, "gpm 50", first, "gpm 12.5", second, "gpm 100")
    nvml = Nvml()
    nvml.look()
    values = readings(nvml)
    assert [values[mig_uuid(0, place)].engine_ppm for place in (0, 1)] == [125_000, 1_000_000]
    driver.say(whole, "gpm 50", first, "gpm 12.5")
    nvml.look()
    driver.say(whole, "gpm 50", first, "gpm 12.5", second, "gpm 100")
    again = readings(nvml)[mig_uuid(0, 1)]  # the place was empty meanwhile: it starts anew
    assert again.missing["engine_ppm"] == "first_look"
    nvml.close()


@pytest.mark.usefixtures("no_pause")
def test_compute_instances_of_one_gpu_instance_share_its_counter(driver: FakeDriver) -> None:
    whole = sliced_lines(0, 0)[0]
    shared = [f"slice 1 {ci} 0 4 100 {mig_uuid(0, ci)} 1c.4g.40gb" for ci in (0, 1)]
    driver.say(whole, "gpm 50", *shared)
    nvml = Nvml()
    nvml.look()
    for reading in readings(nvml).values():
        assert (reading.engine_ppm, reading.missing["engine_ppm"]) == (None, "of_the_gpu_instance")
    nvml.close()


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("value", ["100.5", "nan"])
def test_what_no_engine_can_do_is_null(driver: FakeDriver, value: str) -> None:
    driver.say(gpu_line(0), f"gpm {value}")
    nvml = Nvml()
    nvml.look()
    reading = readings(nvml)[gpu_uuid(0)]
    assert (reading.engine_ppm, reading.missing["engine_ppm"]) == (None, "implausible")
    nvml.close()


def test_two_looks_in_one_instant_are_no_measurement(driver: FakeDriver) -> None:
    driver.say(gpu_line(0), "gpm 50")
    nvml = Nvml()
    nvml.look()
    assert readings(nvml)[gpu_uuid(0)].missing["engine_ppm"] == "too_soon"
    nvml.close()


def test_an_old_driver_has_no_engine_activity_and_says_so(
    fake_driver: FakeDriver, tmp_path: Path
) -> None:
    old = FakeDriver(tmp_path / "old", fake_driver.state)
    old.folder.mkdir()
    compile_driver(old.folder, "-DOLD_DRIVER")
    result = old.run(
        "from agents.driver.nvml import Nvml; look = list(Nvml().look().values())[0];"
        "print(list(look.readings.values())[0].missing['engine_ppm'])"
    )
    assert result.stdout == "function_not_found\n", result.stderr


def test_an_xid_is_told_once_and_never_one_from_before(driver: FakeDriver) -> None:
    whole, first = sliced_lines(1, 1)
    driver.say(gpu_line(0), f"event 1 {XID} 13", gpu_line(1, error=999))
    nvml = Nvml()
    assert nvml.events() == {}
    driver.say(
        *(gpu_line(0), f"event 1 {XID} 13", f"event 2 {XID} 79", f"event 3 {XID} 79"),
        *(whole, f"event 4 {MIG_CHANGE} 0", first, f"event 5 {XID} 43"),
    )
    nvml.look()  # it finds the second GPU, whose events are from before
    assert nvml.events() == {gpu_uuid(0): ("xid:79",)}
    driver.say(gpu_line(0), whole, f"event 6 {MIG_CHANGE} 0", first, f"event 7 {XID} 43")
    assert nvml.events() == {gpu_uuid(1): ("mig_changed", "xid:43@1/0")}
    assert nvml.events() == {}
    nvml.close()


def test_an_instance_says_nothing_where_mig_is_off(driver: FakeDriver) -> None:
    """Some drivers name 0/0 for the whole GPU."""
    whole, first = sliced_lines(1, 1)
    driver.say(gpu_line(0), whole, first)
    nvml = Nvml()
    driver.say(gpu_line(0), f"event 1 {XID} 79 0 0", whole, f"event 2 {XID} 43 0 0", first)
    assert nvml.events() == {gpu_uuid(0): ("xid:79",), gpu_uuid(1): ("xid:43@0/0",)}
    nvml.close()


def test_one_lost_gpu_does_not_silence_the_others(driver: FakeDriver) -> None:
    driver.say(gpu_line(0), gpu_line(1))
    nvml = Nvml()
    driver.say(gpu_line(0, error=15), gpu_line(1))
    assert nvml.events() == {}  # the set answers for nobody: it is made anew
    driver.say(gpu_line(0, error=15), gpu_line(1), f"event 1 {XID} 94")
    assert nvml.events() == {gpu_uuid(1): ("xid:94",)}
    nvml.close()


def test_a_gpu_that_announces_nothing_says_why(driver: FakeDriver) -> None:
    driver.say("mute 1", gpu_line(0))
    nvml = Nvml()
    looks = nvml.look()
    assert not isinstance(looks, str)
    look = looks[gpu_uuid(0)]
    assert isinstance(look, Look)
    assert look.xid_missing == "not_supported"
    nvml.close()


def test_announcements_are_flags_of_the_minute() -> None:
    world = World()
    world.run(70)
    world.announce(0, "xid:79")
    world.run(60)
    first, second = minutes(world)[1:3] if len(minutes(world)) > 2 else (minutes(world)[1], None)
    assert first.flags == ("xid:79",)
    assert not first.gaps
    assert second is None or not second.flags
    assert not any(w.flags for w in minutes(world, 1))


def test_slices_that_were_cut_anew_in_the_same_way_are_a_gap() -> None:
    world = World()
    world.cut(0, 2)
    world.run(75)
    world.announce(0, "mig_changed")
    world.run(60)
    window = minutes(world)[1]
    assert {gap.reason for gap in window.gaps} == {wire.GapReason.MIG_RECONFIG}
    assert window.energy_mj is None
    assert all(wire.faults(window) == [] for window in world.windows())


def test_a_driver_loaded_anew_between_two_looks_is_a_gap() -> None:
    world = World(epoch="boot/580/1")
    world.run(75)
    world.epoch = "boot/580/2"
    world.energy = 0
    world.run(60)
    window = minutes(world)[1]
    (gap,) = window.gaps
    assert gap.reason == wire.GapReason.DRIVER_RELOAD
    assert gap.to_ms - gap.from_ms <= 11_000
    assert (window.energy_mj, window.missing) == (None, {"energy_mj": "gap"})


def test_energy_that_goes_back_is_null_for_one_minute_only() -> None:
    """A GPU reset by hand: nothing else shows it."""
    world = World()
    world.run(75)
    world.energy = 0
    world.run(120)
    rows = [(w.energy_mj, w.missing.get("energy_mj")) for w in minutes(world)[1:3]]
    assert rows == [(None, "counter_went_back"), (6_000, None)]
    check_exact(world)


def test_why_no_xid_could_be_announced_stands_in_the_window() -> None:
    world = World(xid_missing="no_permission")
    world.run(121)
    assert minutes(world)[1].missing == {"xid": "no_permission"}


def test_an_epoch_is_one_boot_and_one_load_of_the_driver(tmp_path: Path) -> None:
    module = tmp_path / "nvidia"
    assert driver_epoch("580", module) == f"{boot_id()}/580/"
    module.mkdir()
    before = driver_epoch("580", module)
    assert before == driver_epoch("580", module) != driver_epoch("590", module)
    module.rename(tmp_path / "unloaded")
    module.mkdir()
    assert driver_epoch("580", module) != before
