"""The real command, over sockets: it enrols, scrapes, reports and ends well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agents import wire
from tests.support.agents.fake_exporter import (
    FakeExporter,
    dcgm_rows,
    page,
    pod,
    serving_exporter,
)
from tests.support.agents.tiny_server import TinyServer
from tests.support.processes import until

GPU = "GPU-00000000-0000-4000-8000-000000000001"
SOONER = """
import time
import agents.commands.node, agents.commands.reporter, agents.commands.dcgm
import agents.exporters.settings as settings
agents.commands.reporter.phase_s = lambda _: time.time() + 0.05
started = time.time()
def read_clocks():
    from agents.observations import Instant
    ran = time.time() - started
    return Instant(int((started - started % 60 + 49 + ran) * 1000), int(1_000 * ran))
agents.commands.dcgm.read_clocks = read_clocks
import sys
from agents.__main__ import main
sys.exit(main(["dcgm"]))
"""


def test_the_command_meters_a_cluster_and_ends_well(tmp_path: Path, server: TinyServer) -> None:
    """Begun eleven seconds before the end of a minute; a scrape every five seconds."""
    energy = iter(range(1, 10_000))
    with serving_exporter(
        FakeExporter(lambda: page(dcgm_rows(GPU, next(energy), **pod("a"))))
    ) as exporter:
        agent = subprocess.Popen(
            [sys.executable, "-c", SOONER],
            env={
                **os.environ,
                "SUANQUAN_URL": server.url,
                "SUANQUAN_AGENT_DATA": str(tmp_path / "agent"),
                "SUANQUAN_ENROL_CODE": "code-1",
                "SUANQUAN_NODE": "exporters",
                "SUANQUAN_EXPORTERS": exporter.url,
                "SUANQUAN_SCRAPE_S": "5",
                "SUANQUAN_HEALTH_PORT": "0",
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until("a window", server.windows_kept)
        finally:
            agent.terminate()
            _, log = agent.communicate(timeout=30)
    assert agent.returncode == 0, log
    (window, *_) = server.windows_kept()
    assert (window.gpu, window.vendor, window.model) == (GPU, "nvidia", "NVIDIA H100")
    assert {part.holder for part in window.parts} == {wire.Pod("a", "a", "main")}
    assert sum(part.to_ms - part.from_ms for part in window.parts) >= 5_000


def test_without_an_exporter_it_says_what_to_set(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "agents", "dcgm"],
        env={**os.environ, "SUANQUAN_URL": "http://x", "SUANQUAN_AGENT_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 3
    assert "SUANQUAN_EXPORTERS" in result.stderr
    assert "两者取一" in result.stderr
