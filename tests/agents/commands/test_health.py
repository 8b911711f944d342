"""The agent's own pages: healthy means that it looks, not that the server answers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from agents import wire
from agents.commands.health import Health, serve
from agents.commands.readings import Readings
from agents.errors import SettingsError
from agents.metering.meter import ClosedMinutes
from agents.observations import Look, NodeLook, Reading
from agents.reporting.gap_runs import GapRun
from agents.reporting.server import Server
from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.windows import MS, window
from tests.support.paths import DOCS

LOOK = Look("H100", False, (), {})  # noqa: FBT003


@pytest.fixture
def health(tmp_path: Path) -> Iterator[Health]:
    with Spool(tmp_path / "spool.db") as spool:
        yield Health(spool)


def test_healthy_means_that_a_gpu_was_seen_lately(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not health.verdict()[0]
    health.record_look(NodeLook(wire.GapReason.NVML_ERROR))
    health.record_look(NodeLook({"GPU-0": wire.GapReason.GPU_LOST}))
    assert not health.verdict()[0]
    health.record_look(NodeLook({"GPU-0": LOOK, "GPU-1": wire.GapReason.GPU_LOST}))
    assert health.verdict()[0]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 14)
    assert health.verdict()[0]
    monkeypatch.setattr(time, "monotonic", lambda: now + 16)
    healthy, words = health.verdict()
    assert not healthy
    assert "16" in words


def test_a_look_that_shows_no_gpu_is_told_at_once(health: Health) -> None:
    health.record_look(NodeLook({"GPU-0": LOOK}))
    assert health.verdict()[0]
    health.record_look(NodeLook(wire.GapReason.DRIVER_RELOAD))
    assert not health.verdict()[0]
    health.record_look(NodeLook({"GPU-0": LOOK}))
    assert health.verdict()[0]


def test_the_pages_count_what_happened(health: Health) -> None:
    gap = wire.Gap(0, 60_000, wire.GapReason.GPU_LOST)
    lost = wire.Window(
        "GPU-0", "H100", window(0).start, 60_000, (), (gap,), flags=("inconsistent",)
    )
    run = GapRun(window(0).gpu, "nvidia", "H100", MS, MS + 60_000, wire.GapReason.AGENT_DOWN)
    health.record_minutes(ClosedMinutes([window(0), lost], [run]))
    health.record_answer(wire.Answer(UUID(int=1), 1, 2, 1, refused=(wire.Item(0, "late"),)))
    page = health.metrics()
    for line in (
        "suanquan_agent_windows_total 2",
        "suanquan_agent_conservation_faults_total 1",
        'suanquan_agent_gap_seconds_total{kind="gpu_lost"} 60',
        'suanquan_agent_gap_seconds_total{kind="agent_down"} 120',
        'suanquan_agent_answered_windows_total{kind="kept"} 2',
        'suanquan_agent_answered_windows_total{kind="refused"} 1',
        "suanquan_agent_spool_windows 0",
    ):
        assert f"\n{line}\n" in page
    health.record_refusal("revoked")
    assert 'suanquan_agent_server_refuses{kind="revoked"} 1' in health.metrics()
    health.record_answer(wire.Answer(UUID(int=1), 2, 1, 0))
    assert "revoked" not in health.metrics()


def test_every_figure_stands_in_the_operators_page(health: Health) -> None:
    page = (DOCS / "agents" / "agent.md").read_text(encoding="utf-8")
    page_figures = re.findall(
        r"^\| `(\w+)(?:\{[^}]*\})?` \|",
        page.partition("| 指标 |")[2].partition("\n\n")[0],
        re.MULTILINE,
    )
    metric_names = re.findall(r"^# TYPE suanquan_agent_(\w+) ", health.metrics(), re.MULTILINE)
    assert sorted(page_figures) == sorted(metric_names)


def test_the_pages_are_served_on_the_loopback_address(health: Health) -> None:
    port, stop = serve(health, 0)
    try:
        with Server(f"http://127.0.0.1:{port}") as page:
            answer = page.get("/healthz")
            assert answer is not None
            assert answer.status == 503
            health.record_look(NodeLook({"GPU-0": LOOK}))
            answer = page.get("/healthz")
            assert answer is not None
            assert answer.status == 200
        with pytest.raises(SettingsError, match=f"cannot have 127.0.0.1, port {port}"):
            serve(health, port)
    finally:
        stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_another_address_can_be_named_for_a_scrape(health: Health, host: str) -> None:
    port, stop = serve(health, 0, host)
    try:
        with Server(f"http://127.0.0.1:{port}") as page:
            answer = page.get("/metrics")
            assert answer is not None
            assert answer.status == 200
    finally:
        stop()


def test_readings_are_there_unless_a_setting_turns_them_off(health: Health, tmp_path: Path) -> None:
    assert Settings.read({}).readings
    assert not Settings.read({"SUANQUAN_READINGS": "off"}).readings
    busy = Look("H100", False, (), {"GPU-0": Reading(370_000, None, 1024, 300_000)})  # noqa: FBT003
    with Spool(tmp_path / "other.db") as spool:
        telling = Health(spool, Readings("node-7"))
        for page in (health, telling):
            page.record_look(NodeLook({"GPU-0": busy}))
        assert "DCGM_FI_DEV_GPU_UTIL" in telling.metrics()
        assert "DCGM_FI" not in health.metrics()
