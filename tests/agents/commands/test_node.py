"""The node's agent as it runs: the real process on the fake driver, stopped, killed and upgraded.

A minute is long, so the loop is driven by its own clocks where minutes must pass, and the real
process begins from a checkpoint that lies some minutes back.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from agents import wire
from agents.commands.health import Health
from agents.commands.node import Reporter, Sampler, open_spool
from agents.driver.watchdog import WatchedDriver
from agents.errors import SpoolDamaged, SpoolError
from agents.holders.source import MapFile
from agents.reporting.identity import enrol, rotate
from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.clocks import Clocks
from tests.support.agents.fake_driver import (
    Direct,
    FakeDriver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)
from tests.support.agents.node_process import QUICK, Agent
from tests.support.agents.tiny_server import TinyServer
from tests.support.agents.windows import window


@dataclass
class Driven:
    """The loop of a node, second by second."""

    folder: Path
    clocks: Clocks = field(default_factory=Clocks)

    def run(self, seconds: int, *, term: bool = True) -> None:
        """One life of the agent; without `term` it is killed."""
        nvml = Direct()
        with Spool(self.folder / "spool.db") as spool:
            holders = MapFile(self.folder / "holders")
            sampler = Sampler(nvml, holders, spool, Health(spool), self.clocks)
            for _ in range(seconds):
                sampler.sample()
                self.clocks.now += 1_000
            if term:
                sampler.sample(last=True)
        nvml.close()

    def windows(self) -> list[wire.Window]:
        with Spool(self.folder / "spool.db") as spool:
            body = spool.next_batch(UUID(int=0), datetime(2026, 1, 1, tzinfo=UTC))
        return list(msgspec.json.decode(body, type=wire.Batch).windows) if body else []


@pytest.fixture
def driven(driver: FakeDriver, tmp_path: Path) -> Driven:
    (tmp_path / "holders").write_text(f"{gpu_uuid(0)} model-a\n{mig_uuid(1, 0)} model-b\n")
    driver.say(gpu_line(0), *sliced_lines(1, 2))
    return Driven(tmp_path)


def test_minutes_of_a_gpu_and_of_slices(driven: Driven) -> None:
    driven.run(121)
    windows = driven.windows()
    assert [(w.gpu, w.start.minute) for w in windows] == [
        (gpu_uuid(gpu), minute) for minute in range(2) for gpu in range(2)
    ]
    whole, sliced = windows[2:]
    assert [(p.holder, p.mig) for p in whole.parts] == [(wire.Static("model-a"), None)]
    assert whole.parts[0].readings == wire.Readings(
        6, 370_000, None, 1_024, 300_000, {"engine_ppm": "not_supported"}
    )
    assert (whole.energy_mj, whole.missing) == (0, {})
    assert [p.holder for p in sliced.parts] == [wire.Static("model-b"), wire.Unallocated()]
    assert [p.mig.uuid for p in sliced.parts if p.mig] == [mig_uuid(1, 0), mig_uuid(1, 1)]
    assert sliced.parts[0].readings is not None
    assert sliced.parts[0].readings.missing["util_ppm"] == "not_supported"


@pytest.mark.parametrize(("term", "gap_ms"), [(True, 5_000), (False, 10_000)])
def test_a_restart_resumes_the_minute_and_the_time_away_is_a_gap(
    driven: Driven, gap_ms: int, *, term: bool
) -> None:
    """Killed at 26 s: what was seen after the look at 20 s is gone, and said to be gone."""
    driven.run(25, term=term)
    driven.clocks.now += 5_000
    driven.run(40)
    first = driven.windows()[0]
    assert wire.faults(first) == []
    (gap,) = first.gaps
    assert gap == wire.Gap(30_000 - gap_ms, 30_000, wire.GapReason.AGENT_DOWN)


def test_a_changed_map_changes_holders_within_two_seconds(driven: Driven) -> None:
    nvml = Direct()
    path = driven.folder / "holders"
    with Spool(driven.folder / "spool.db") as spool:
        sampler = Sampler(nvml, MapFile(path), spool, Health(spool), driven.clocks)
        for second in range(61):
            if second == 30:
                path.write_text(f"{gpu_uuid(0)} model-c\n")
            sampler.sample()
            driven.clocks.now += 1_000
    nvml.close()
    parts = driven.windows()[0].parts
    assert [(p.holder, p.from_ms, p.to_ms) for p in parts] == [
        (wire.Static("model-a"), 0, 31_000),
        (wire.Static("model-c"), 31_000, 60_000),
    ]


def test_a_full_disk_costs_nothing_while_memory_holds(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = Direct()
    full = threading.Event()
    with Spool(driven.folder / "spool.db") as spool:
        add = spool.add

        def refuse(*args: object, **kwargs: object) -> None:
            if full.is_set():
                raise SpoolError("磁盘已满", "database or disk is full")
            add(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(spool, "add", refuse)
        holders = MapFile(driven.folder / "holders")
        sampler = Sampler(nvml, holders, spool, Health(spool), driven.clocks)
        for second in range(301):
            (full.set if 50 < second < 250 else full.clear)()
            sampler.sample()
            driven.clocks.now += 1_000
    nvml.close()
    windows = driven.windows()
    assert len(windows) == 10
    assert not any(w.gaps for w in windows)


def test_a_call_that_never_comes_back_stops_no_minute(
    driven: Driven, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first GPU's driver hangs for three minutes; the second's goes on after a moment."""
    for name, value in driver.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("agents.commands.node._LOOK_WAIT_S", 0.05)
    ahead = 0.0
    watched = WatchedDriver(lambda: time.monotonic() + ahead)
    watched.open()
    text = driver.state.read_text()
    with Spool(driven.folder / "spool.db") as spool:
        holders = MapFile(driven.folder / "holders")
        sampler = Sampler(watched, holders, spool, Health(spool), driven.clocks)
        for second in range(361):
            if second == 75:
                driver.say(gpu_line(0), "hang", *sliced_lines(1, 2))
            if second == 255:
                driver.state.write_text(text)
            sampler.sample()
            driven.clocks.now += 1_000
            ahead += 1
    watched.close()
    windows = driven.windows()
    assert all(wire.faults(w) == [] for w in windows)
    for gpu, most_ms in ((0, 300_000), (1, 60_000)):
        mine = [w for w in windows if w.gpu == gpu_uuid(gpu)]
        assert [w.start.minute for w in mine] == list(range(6))
        gaps = [g for w in mine for g in w.gaps]
        assert {g.reason for g in gaps} == {wire.GapReason.NVML_ERROR}
        assert sum(g.to_ms - g.from_ms for g in gaps) <= most_ms
        assert not mine[0].gaps


def test_a_damaged_spool_is_put_aside_and_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"damaged" * 1_000)
    with pytest.raises(SpoolDamaged):
        Spool(path)
    with open_spool(path) as spool:
        assert spool.depth() == 0
    (aside,) = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes().startswith(b"damaged")


# The real process.


def test_a_node_enrols_meters_reports_and_ends_well(agent: Agent) -> None:
    (agent.folder / "agent").mkdir()
    with Spool(agent.folder / "agent" / "spool.db") as spool:
        spool.add([window(0), window(1)])
    agent.start()
    page = agent.until("/metrics", 'answered_windows_total{kind="kept"} 2')
    assert "suanquan_agent_gpus 1" in page
    assert "suanquan_agent_spool_windows 0" in page
    assert agent.get("/healthz") == (200, "正常\nhealthy\n")
    assert agent.get("/else")[0] == 404
    code, text = agent.stop()
    assert (code, len(agent.server.keys)) == (0, 1), text
    gpu = agent.open_minute().gpus[gpu_uuid(0)]
    assert gpu.minute.filled_ms > 0
    assert gpu.minute.gaps[0].reason == wire.GapReason.AGENT_DOWN


def test_a_new_key_is_used_without_a_restart(
    tmp_path: Path, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.commands.node.phase_s", lambda _: time.time() + 0.05)
    settings = Settings.read({"SUANQUAN_AGENT_DATA": str(tmp_path), "SUANQUAN_NODE": "node-1"})
    old = enrol(tmp_path, server.url, "code-1", "node-1")
    stopping = threading.Event()
    with Spool(settings.spool) as spool:
        reporter = Reporter(settings, server.url, spool, Health(spool), stopping)
        thread = threading.Thread(target=reporter.run)
        thread.start()
        spool.add([window(0)])
        while not server.windows:
            time.sleep(0.01)
        server.codes["code-2"] = None
        new = rotate(tmp_path, server.url, "code-2")
        minute = 0
        while len(server.batches) < 2:  # another name is another stream
            minute += 1
            spool.add([window(minute)])
            time.sleep(0.05)
        stopping.set()
        thread.join()
    assert list(server.keys) == [old.agent, new.agent]
    assert len(server.windows) == minute + 1


def test_a_server_that_takes_the_request_and_never_answers_delays_the_end_by_so_much(
    agent: Agent,
) -> None:
    """SIGTERM: the last try to send has a limit, and what was not sent waits on the disk."""
    (agent.folder / "agent").mkdir()
    enrol(agent.folder / "agent", agent.server.url, "code-1", "node-1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        agent.server.port = silent.getsockname()[1]
        with Spool(agent.folder / "agent" / "spool.db") as spool:
            spool.add([window(0)])
        agent.start(
            code="import agents.commands.node\nagents.commands.node._LAST_TRY_S = 0.5\n" + QUICK
        )
        agent.until("/healthz", "healthy")
        code, _ = agent.stop()
    assert code == 0
    with Spool(agent.folder / "agent" / "spool.db") as spool:
        assert spool.depth() >= 1


def test_killed_and_started_again_the_time_away_is_a_gap(agent: Agent) -> None:
    agent.start()
    agent.until("/healthz", "healthy")
    agent.stop(signal.SIGKILL)
    before = agent.open_minute()
    agent.start()
    agent.until("/healthz", "healthy")
    assert agent.stop()[0] == 0
    after = agent.open_minute()
    if after.start_ms == before.start_ms:  # else the minute went out with its gap
        minute = after.gpus[gpu_uuid(0)].minute
        assert [g.reason for g in minute.gaps] == [wire.GapReason.AGENT_DOWN] * len(minute.gaps)
        assert minute.gaps[-1].from_ms == before.seen_ms - before.start_ms or len(minute.gaps) == 1
    assert all(wire.faults(w) == [] for w in agent.server.kept())


def test_a_driver_upgraded_under_us_is_read_by_a_new_process(agent: Agent) -> None:
    agent.start()
    agent.until("/healthz", "healthy")
    assert agent.process is not None
    pid = agent.process.pid
    state = agent.driver.state
    state.write_text(state.read_text().replace("580.65.06", "590.10.01"))
    agent.until("/metrics", "driver_restarts_total 1")
    agent.until("/metrics", "suanquan_agent_gpus 1")
    assert agent.process.pid == pid
    assert agent.stop()[0] == 0
    gap_reasons = [g.reason for g in agent.open_minute().gpus[gpu_uuid(0)].minute.gaps]
    closed = [g.reason for w in agent.server.kept() for g in w.gaps]
    assert wire.GapReason.DRIVER_RELOAD in gap_reasons + closed


def test_a_driver_that_hangs_is_a_gap_and_the_agent_goes_on(agent: Agent) -> None:
    agent.start(code="import agents.driver.watchdog\nagents.driver.watchdog.LOOK_S = 1.5\n" + QUICK)
    agent.until("/metrics", "suanquan_agent_gpus 1")
    text = agent.driver.state.read_text()
    agent.driver.say(gpu_line(0), "hang")
    agent.until("/metrics", "suanquan_agent_gpus 0")
    agent.until("/metrics", "driver_restarts_total 1")
    agent.driver.state.write_text(text)
    code, _ = agent.stop()
    assert code == 0
    gap_reasons = [g.reason for g in agent.open_minute().gpus[gpu_uuid(0)].minute.gaps]
    closed = [g.reason for w in agent.server.kept() for g in w.gaps]
    assert wire.GapReason.NVML_ERROR in gap_reasons + closed


def test_without_a_driver_it_says_so_and_never_pretends(agent: Agent) -> None:
    agent.driver.say("init 9")
    agent.start()
    assert agent.process is not None
    _, text = agent.process.communicate(timeout=60)
    assert agent.process.returncode == 4
    assert "本机没有可用的 NVIDIA 驱动" in text
    assert "this machine has no working NVIDIA driver (driver_not_loaded)" in text
    assert not (agent.folder / "agent").exists()


def test_a_second_agent_on_the_same_folder_is_refused(agent: Agent) -> None:
    agent.start()
    agent.until("/healthz", "healthy")
    second = Agent(agent.driver, agent.folder, agent.server)
    second.start()
    assert second.process is not None
    _, text = second.process.communicate(timeout=60)
    assert second.process.returncode == 7
    assert "is another suanquan-agent using it" in text


def test_the_server_may_be_away_for_ever_metering_goes_on(agent: Agent) -> None:
    agent.server.plan = ["drop"] * 10_000
    agent.start()
    agent.until("/metrics", 'server_refuses{kind="not_enrolled"} 1')
    assert agent.get("/healthz")[0] == 200
    assert agent.stop()[0] == 0
