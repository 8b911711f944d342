"""Readings on /metrics, read back by another's parser; and the live view of a node."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents import exposition, wire
from agents.__main__ import main
from agents.commands.readings import Readings
from agents.commands.top import run
from agents.driver.nvml import Nvml
from agents.holders.source import MapFile
from agents.observations import HolderShare, Holdings, Look, Reading
from tests.support.agents.fake_driver import (
    Direct,
    FakeDriver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)

GPU, SLICE = gpu_uuid(0), mig_uuid(1, 0)
POD = wire.Pod("lab", 'tr"ain\\0', "main")


def series(page: str, family: str) -> list[tuple[dict[str, str], float]]:
    return [
        (dict(sample.labels), sample.value)
        for metric in text_string_to_metric_families(page)
        for sample in metric.samples
        if sample.name == family
    ]


@pytest.fixture
def readings(driver: FakeDriver) -> Readings:
    driver.say(gpu_line(0), *sliced_lines(1, 2), gpu_line(2, error=15))
    readings = Readings("node-7")
    readings.record_look(Nvml().look())
    return readings


def test_a_reading_has_its_device_and_its_holder(readings: Readings) -> None:
    readings.record_holdings(Holdings({GPU: (HolderShare(POD),)}))
    page = exposition.write(readings.families())
    (labels, value), *slices = series(page, "DCGM_FI_DEV_FB_USED")
    assert value == 1024
    assert labels == {
        "gpu": "0",
        "UUID": GPU,
        "device": "nvidia15",
        "modelName": "NVIDIA H100 80GB HBM3",
        "Hostname": "node-7",
        "namespace": "lab",
        "pod": POD.pod,
        "container": "main",
    }
    assert [(of_slice["GPU_I_PROFILE"], of_slice["GPU_I_ID"]) for of_slice, _ in slices] == [
        ("1g.10gb", "1"),
        ("1g.10gb", "2"),
    ]
    assert [value for _, value in series(page, "DCGM_FI_DEV_GPU_UTIL")] == [37]
    assert [value for _, value in series(page, "DCGM_FI_DEV_POWER_USAGE")] == [300]


def test_what_several_hold_is_not_copied_for_each(readings: Readings) -> None:
    half = tuple(HolderShare(wire.Pod("lab", name, "main"), 1, 2) for name in "ab")
    readings.record_holdings(Holdings({GPU: half}))
    ((labels, _),) = series(exposition.write(readings.families()), "DCGM_FI_DEV_GPU_UTIL")
    assert "pod" not in labels
    shares = series(exposition.write(readings.families()), "suanquan_agent_holder_share")
    assert [(of_share["pod"], part) for of_share, part in shares if of_share["UUID"] == GPU] == [
        ("a", 0.5),
        ("b", 0.5),
    ]


def test_energy_is_told_once_for_a_gpu_and_its_slices(readings: Readings) -> None:
    energies = series(
        exposition.write(readings.families()), "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total"
    ) or series(exposition.write(readings.families()), "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")
    assert [labels["UUID"] for labels, _ in energies] == [GPU, gpu_uuid(1)]


def test_what_was_not_measured_is_left_out() -> None:
    readings = Readings("n")
    readings.record_look({GPU: Look("H100", mig=False, slices=(), readings={GPU: Reading()})})
    assert {
        line.split("{")[0]
        for line in exposition.write(readings.families()).splitlines()
        if line[0] != "#"
    } == {"suanquan_agent_holder_share"}
    readings.record_look(wire.GapReason.DRIVER_RELOAD)
    assert exposition.write(readings.families()) == ""


def test_without_holders_nobody_is_named(readings: Readings) -> None:
    readings.record_holdings(wire.GapReason.KUBELET_UNREACHABLE)
    ((labels, _),) = series(exposition.write(readings.families()), "DCGM_FI_DEV_GPU_UTIL")
    assert labels["unattributed"] == "kubelet_unreachable"
    assert "pod" not in labels


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_top_shows_gpus_slices_holders_readings_and_gaps(
    driver: FakeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.say(gpu_line(0), *sliced_lines(1, 2), gpu_line(2, mig=999))
    (tmp_path / "holders").write_text(f"{GPU} model-a 1/2\n{SLICE} model-b\n")
    screen = Terminal()

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agents.commands.top.time.sleep", stop)
    run(Direct(), MapFile(tmp_path / "holders"), "node-7", once=False, out=screen)
    text = screen.getvalue()
    assert text.startswith("\x1b[?1049h")
    assert text.endswith("\x1b[?25h\x1b[?1049l")  # the terminal is as it was
    for words in (
        "node-7",
        "███",
        "37 %",
        "300 W",
        "model-a 1/2, 空闲 free 1/2",
        "1/0 MIG-0000",
        "model-b",
        "空缺 gap nvml_error, 0 s",
    ):
        assert words in text


def test_top_beside_a_pipe_shows_the_node_once(
    driver: FakeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.say(gpu_line(0))
    monkeypatch.setattr("agents.commands.top.time.sleep", lambda _: None)
    (tmp_path / "holders").write_text(f"{GPU} model-a\n")
    out = io.StringIO()
    run(Direct(), MapFile(tmp_path / "holders"), "n", once=False, out=out)
    assert "\x1b" not in out.getvalue()
    assert "model-a" in out.getvalue()
    assert f"{datetime.now(UTC):%Y-}" in out.getvalue()


@pytest.mark.parametrize("value", ["yes", "ON"])
def test_a_wrong_setting_is_one_clear_error(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUANQUAN_READINGS", value)
    assert main(["top"]) == 3
    assert f"SUANQUAN_READINGS「{value}」" in capsys.readouterr().err
