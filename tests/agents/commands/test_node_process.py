"""The node's agent as the real process on the fake driver: stopped, killed and upgraded.

A minute is long, so it begins from a checkpoint that lies some minutes back.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from agents import wire
from agents.commands.health import Health
from agents.commands.reporter import Reporter
from agents.reporting.identity import enrol, rotate
from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.fake_driver import (
    gpu_line,
    gpu_uuid,
)
from tests.support.agents.node_process import AS_INSTALLED, QUICK, Agent
from tests.support.agents.tiny_server import TinyServer
from tests.support.agents.windows import window


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
    code, output = agent.stop()
    assert (code, len(agent.server.keys)) == (0, 1), output
    gpu = agent.open_minute().gpus[gpu_uuid(0)]
    assert gpu.minute.filled_ms > 0
    assert gpu.minute.gaps[0].reason == wire.GapReason.AGENT_DOWN


def test_without_a_line_it_meters_and_calls_nobody(agent: Agent) -> None:
    agent.url = "courier"
    agent.start()
    agent.until("/metrics", "suanquan_agent_gpus 1")
    assert agent.get("/healthz")[0] == 200
    code, output = agent.stop()
    assert (code, len(agent.server.keys)) == (0, 0), output
    assert gpu_uuid(0) in agent.open_minute().gpus


def test_a_new_key_is_used_without_a_restart(
    tmp_path: Path, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.commands.reporter.phase_s", lambda _: time.time() + 0.05)
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
            code="import agents.commands.node\nagents.commands.node.LAST_TRY_S = 0.5\n" + QUICK
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
    assert all(wire.faults(w) == [] for w in agent.server.windows_kept())


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
    reasons = [g.reason for g in agent.open_minute().gpus[gpu_uuid(0)].minute.gaps]
    closed = [g.reason for w in agent.server.windows_kept() for g in w.gaps]
    assert wire.GapReason.DRIVER_RELOAD in reasons + closed


def test_a_driver_that_hangs_is_a_gap_and_the_agent_goes_on(agent: Agent) -> None:
    agent.start(code="import agents.driver.watchdog\nagents.driver.watchdog.LOOK_S = 1.5\n" + QUICK)
    agent.until("/metrics", "suanquan_agent_gpus 1")
    output = agent.driver.state.read_text()
    agent.driver.say(gpu_line(0), "hang")
    agent.until("/metrics", "suanquan_agent_gpus 0")
    agent.until("/metrics", "driver_restarts_total 1")
    agent.driver.state.write_text(output)
    code, _ = agent.stop()
    assert code == 0
    reasons = [g.reason for g in agent.open_minute().gpus[gpu_uuid(0)].minute.gaps]
    closed = [g.reason for w in agent.server.windows_kept() for g in w.gaps]
    assert wire.GapReason.NVML_ERROR in reasons + closed


def test_healthy_means_a_look_of_the_last_fifteen_seconds(agent: Agent) -> None:
    """As it is installed, no interval shortened: the driver hangs, comes back, and goes away.

    The ages are by the agent's own clock, and read before the page of health, so they are not older
    than what that page judged by.
    """
    agent.start(code=AS_INSTALLED)
    agent.until("/healthz", "healthy")
    state = agent.driver.state.read_text()
    agent.driver.say(gpu_line(0), "hang")
    agent.until_unhealthy()
    assert agent.get("/healthz")[1].endswith(("no GPU\n", " s\n"))
    agent.driver.state.write_text(state)
    agent.until("/healthz", "healthy")
    agent.driver.say("init 9")
    agent.until_unhealthy()
    agent.driver.state.write_text(state)
    agent.until("/healthz", "healthy")
    assert agent.stop()[0] == 0


def test_without_a_driver_it_says_so_and_never_pretends(agent: Agent) -> None:
    agent.driver.say("init 9")
    agent.start()
    assert agent.process is not None
    _, output = agent.process.communicate(timeout=60)
    assert agent.process.returncode == 4
    assert "本机没有可用的 NVIDIA 驱动" in output
    assert "this machine has no working NVIDIA driver (driver_not_loaded)" in output
    assert not (agent.folder / "agent").exists()


def test_a_second_agent_on_the_same_folder_is_refused(agent: Agent) -> None:
    agent.start()
    agent.until("/healthz", "healthy")
    second = Agent(agent.driver, agent.folder, agent.server)
    second.start()
    assert second.process is not None
    _, output = second.process.communicate(timeout=60)
    assert second.process.returncode == 7
    assert "is another suanquan-agent using it" in output


def test_the_server_may_be_away_for_ever_metering_goes_on(agent: Agent) -> None:
    agent.server.plan = ["drop"] * 10_000
    agent.start()
    agent.until("/metrics", 'server_refuses{kind="not_enrolled"} 1')
    assert agent.get("/healthz")[0] == 200
    assert agent.stop()[0] == 0
