"""The agent needs uid 0 and nothing else: no capability, and one folder in which it may write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.node_process import Agent
from tests.support.agents.windows import window
from tests.support.paths import EXAMPLES

UNIT = EXAMPLES / "suanquan-agent.service"
ENVIRONMENT = EXAMPLES / "suanquan-agent.env"
# All mounts become read-only but for the folder; then all capabilities are given up for good.
CAGE = """
set -e
mount --make-rprivate /
mount --bind "$0" "$0"
while read -r _ place _; do
    [ "$place" = "$0" ] || mount -o remount,bind,ro "$place" 2>/dev/null || true
done < /proc/mounts
unset COVERAGE_PROCESS_CONFIG  # coverage keeps its record where nothing may be written now
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""
LOOK_AROUND = """
for place in /etc /root /var /tmp /dev/shm; do ! touch $place/suanquan-test || exit 9; done
grep CapEff /proc/self/status
"""


@pytest.fixture
def cage(tmp_path: Path) -> tuple[str, ...]:
    """How to start a program as uid 0 without any capability, on a read-only machine."""
    folder = tmp_path / "agent"
    folder.mkdir(mode=0o700)
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("only root, with unshare and setpriv of util-linux, can make the cage")
    within = ("unshare", "--mount", "sh", "-c", CAGE, str(folder))
    result = subprocess.run(
        [*within, "sh", "-c", LOOK_AROUND], capture_output=True, text=True, check=False
    )
    if result.returncode != 0 and "unshare" in result.stderr:
        pytest.skip(f"this machine allows no cage: {result.stderr.strip()}")
    assert result.returncode == 0, result.stderr
    assert re.search(r"CapEff:\s+0+$", result.stdout), result.stdout
    return within


def test_uid_0_without_capabilities_on_a_read_only_machine_is_enough(
    agent: Agent, cage: tuple[str, ...]
) -> None:
    """It enrols, meters, sends, renews its spool and ends well."""
    with Spool(agent.folder / "agent" / "spool.db") as spool:
        spool.add([window(0), window(1)])
    agent.start(within=cage)
    agent.until("/metrics", 'answered_windows_total{kind="kept"} 2')
    agent.until("/metrics", "suanquan_agent_gpus 1")
    code, text = agent.stop()
    assert (code, len(agent.server.keys)) == (0, 1), text
    assert agent.open_minute().gpus
    assert "Read-only" not in text


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    systemd = _systemd()
    unit = tmp_path / UNIT.name
    program = Path(sys.executable).with_name("suanquan-agent")
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/suanquan/bin/suanquan-agent", str(program)))
    result = subprocess.run(
        [systemd, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    texts = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert [line for line in texts if "nvidia-smi" not in line] == []
    assert program.exists()


def test_the_unit_leaves_the_agent_little_to_do_harm_with() -> None:
    """As systemd judges it: below 3.0 is «OK»; what is left is root, the network and devices."""
    result = subprocess.run(
        [_systemd(), "security", "--offline=true", "--threshold=30", "--no-pager", UNIT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert "CapabilityBoundingSet=~CAP_SYS_ADMIN" in result.stdout
    rated = [line for line in result.stdout.splitlines() if "✗ CapabilityBoundingSet" in line]
    assert rated == []


def test_the_unit_and_its_environment_start_an_agent(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What systemd would run, started by hand: the same words, the same variables."""
    start = re.search(r"^ExecStart=/opt/suanquan/bin/(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert start is not None
    assert start[1].split() == ["suanquan-agent", "node"]
    lines = ENVIRONMENT.read_text(encoding="utf-8").splitlines()
    environment = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    state = re.search(r"^StateDirectory=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)
    assert state is not None
    settings = Settings.read(environment)
    assert settings.data == Path("/var/lib") / state[1]
    assert (settings.server, settings.holders) == (
        environment["SUANQUAN_URL"],
        Path(environment["SUANQUAN_HOLDERS"]),
    )
    holders = tmp_path / "holders"
    holders.write_text("")
    environment |= {
        "SUANQUAN_URL": agent.server.url,
        "SUANQUAN_HOLDERS": str(holders),
        "SUANQUAN_AGENT_DATA": str(tmp_path / "agent"),
        "SUANQUAN_HEALTH_PORT": "0",
    }
    code = environment["SUANQUAN_ENROL_CODE"]
    agent.server.codes = {code: None}
    program = Path(sys.executable).with_name("suanquan-agent")
    process = subprocess.Popen(
        [program, *start[1].split()[1:]], env={**agent.driver.environment, **environment}
    )
    while agent.server.codes[code] is None:
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    assert process.wait(60) == 0


def _systemd() -> str:
    text = shutil.which("systemd-analyze")
    if text is None:
        pytest.skip("systemd is not installed: its judgement of the unit cannot be had")
    return text
