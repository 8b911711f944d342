"""`once` and `doctor` as a person at the node sees them; each wrong setting in one sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import errors
from agents.__main__ import main
from agents.commands.doctor.examine import examine
from agents.commands.health import Health, serve
from agents.errors import SettingsError
from agents.observations import ShareRule
from agents.reporting.identity import enrol
from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.fake_driver import FakeDriver, gpu_line, gpu_uuid, mig_uuid, sliced_lines
from tests.support.agents.tiny_server import TinyServer
from tests.support.agents.windows import window
from tests.support.paths import DOCS


@pytest.fixture
def place(
    tmp_path: Path, driver: FakeDriver, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A node with a whole GPU and a sliced one, a map, and a server."""
    driver.say(gpu_line(0), "process 41 512", *sliced_lines(1, 2))
    (tmp_path / "holders").write_text(f"{gpu_uuid(0)} model-a 1/2\n{mig_uuid(1, 0)} model-b\n")
    for name, value in {
        "SUANQUAN_URL": server.url,
        "SUANQUAN_AGENT_DATA": str(tmp_path / "agent"),
        "SUANQUAN_HOLDERS": str(tmp_path / "holders"),
        "SUANQUAN_HEALTH_PORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def node(
    place: Path, driver: FakeDriver, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> Node:
    """An enrolled one."""
    enrol(place / "agent", server.url, "code-1", "node-1")
    return Node(place, driver, monkeypatch)


def test_once_shows_every_device_with_its_holder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["once"]) == 0
    text = capsys.readouterr().out
    assert (
        f"{gpu_uuid(0)}  NVIDIA H100 80GB HBM3  static model-a 1/2, unallocated 1/2  37 %" in text
    )
    assert f"{mig_uuid(1, 1)}  NVIDIA H100 80GB HBM3 1g.10gb  unallocated  —  101 MiB  —" in text
    assert re.search(r"T\d\d:\d\d:\d\d\+00:00$", text.splitlines()[0])  # whole seconds
    assert f"\n{gpu_uuid(1)}" not in text  # a parent is no device beside its slices


def test_once_as_json_says_null_and_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["once", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    whole, sliced = output["gpus"]
    assert whole["devices"][0]["processes"] == [
        {"device": gpu_uuid(0), "pid": 41, "memory_mib": 512}
    ]
    assert sliced["devices"][0]["mig"]["placement"] == [0, 1]
    assert sliced["devices"][0]["reading"]["missing"]["util_ppm"] == "not_supported"
    assert "util_ppm" not in {k for k, v in sliced["devices"][0]["reading"].items() if v}


def test_once_names_what_it_could_not_see(
    place: Path, driver: FakeDriver, capsys: pytest.CaptureFixture[str]
) -> None:
    driver.say(gpu_line(0), gpu_line(1, error=15), gpu_line(2, mig=999))
    assert main(["once"]) == 0
    text = capsys.readouterr().out
    assert "GPUs that do not answer: 1" in text
    assert f"{gpu_uuid(2)}  故障 fault: nvml_error" in text


def test_a_healthy_node_passes_the_doctor(
    place: Path, server: TinyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(place / "agent", server.url, "code-1", "node-1")
    with Spool(place / "agent" / "spool.db") as spool:
        spool.add([window(0)])
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert text.count("✓") == 6
    assert "driver 580.65.06: 2 GPUs, 2 MIG slices" in text
    assert "已注册：集群 centre-1，节点 node-1" in text
    assert "1 windows wait, the oldest of 2026-01-01T12:00:00+00:00" in text


@dataclass
class Node:
    """A node to spoil."""

    folder: Path
    driver: FakeDriver
    monkeypatch: pytest.MonkeyPatch

    def no_driver(self) -> None:
        self.driver.say("init 9")

    def lost_gpu(self) -> None:
        self.driver.say(gpu_line(0), gpu_line(1, error=15), *sliced_lines(2))
        self.map("")

    def map(self, text: str) -> None:
        (self.folder / "holders").write_text(text)

    def unset(self, name: str) -> None:
        self.monkeypatch.setenv(name, " ")

    def forget(self) -> None:
        (self.folder / "agent" / "agent.json").unlink()

    def show_key(self) -> None:
        (self.folder / "agent" / "agent.key").chmod(0o644)

    def damage_spool(self) -> None:
        (self.folder / "agent" / "spool.db").write_bytes(b"damaged" * 1_000)

    def replaced_driver(self) -> None:
        self.driver.say("init 18")

    def no_folder(self) -> None:
        """A file where the folder should be, which not even root can write into."""
        self.monkeypatch.setenv("SUANQUAN_AGENT_DATA", str(self.folder / "holders" / "agent"))
        self.monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-1")

    def disk(self, free: int) -> None:
        usage = shutil.disk_usage(self.folder)._replace(free=free)
        self.monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    def no_server(self) -> None:
        self.monkeypatch.setenv("SUANQUAN_URL", "http://127.0.0.1:9")


TWICE = f"{gpu_uuid(0)} a\n{gpu_uuid(0)} b\n"
FAULTS: list[tuple[Callable[[Node], None], int, str]] = [
    (Node.no_driver, 4, "没有可用的 NVIDIA 驱动（driver_not_loaded）"),
    (Node.no_driver, 4, "no working NVIDIA driver (driver_not_loaded)"),
    (Node.replaced_driver, 4, "驱动与其库的版本不一致"),
    (Node.replaced_driver, 4, "driver and its library differ in version"),
    (Node.lost_gpu, 1, "some GPUs cannot be read (GPU ?)"),
    (lambda node: node.map(TWICE), 3, "holders:2: the device's shares sum to 2"),
    (lambda node: node.map(f"{gpu_uuid(7)} x\n"), 1, f"has not: {gpu_uuid(7)}"),
    (lambda node: node.unset("SUANQUAN_HOLDERS"), 1, "no holders file is set"),
    (Node.forget, 5, "not enrolled, and no code is set"),
    (Node.show_key, 5, "can be read by others (mode 0644)"),
    (Node.damage_spool, 7, "is damaged (file is not a database)"),
    (Node.no_folder, 7, "cannot be written (permission, or a read-only file system)"),
    (lambda node: node.disk(10_000), 7, "has 0 MiB left: the spool may need 256 MiB"),
    (lambda node: node.disk(200 << 20), 1, "只剩 200 MiB：上报队列最多要 256 MiB"),
    (Node.no_server, 6, "is not available"),
    (lambda node: node.unset("SUANQUAN_URL"), 3, "no server is set"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), FAULTS)
def test_the_doctor_names_each_fault(
    node: Node,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Node], None],
    code: int,
    words: str,
) -> None:
    spoil(node)
    assert main(["doctor"]) == code
    text = capsys.readouterr().out
    fault = text[text.index("✗") :].split("✓")[0]
    assert words in fault


def test_the_doctor_tells_a_busy_spool(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    with Spool(node.folder / "agent" / "spool.db"):
        assert main(["doctor"]) == 7
    assert "is another suanquan-agent using it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sentence", "code", "words"),
    [
        ("code_unusable", 5, "the code is unknown, used up or expired: get a new one"),
        ("code_unusable", 5, "注册码不存在、已用过或已过期：请领一个新的"),
        ("revoked", 5, "enrol --rotate"),
        ("unknown_agent", 5, "is the address another's"),
        ("malformed", 8, "the server refuses the running agent (malformed): see the log"),
    ],
)
def test_the_doctor_asks_the_running_agent_what_the_server_refuses(
    node: Node, capsys: pytest.CaptureFixture[str], sentence: str, code: int, words: str
) -> None:
    with Spool(node.folder / "agent" / "spool.db") as spool:
        health = Health(spool)
        port, stop = serve(health, 0)
        node.monkeypatch.setenv("SUANQUAN_HEALTH_PORT", str(port))
        try:
            assert main(["doctor"]) == 0
            assert "in use by the running agent" in capsys.readouterr().out
            health.record_refusal(sentence)
            assert main(["doctor"]) == code
            assert words in capsys.readouterr().out
        finally:
            stop()


def test_the_doctor_sees_a_spool_that_is_nearly_full(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    node.monkeypatch.setattr("agents.commands.doctor.site.BYTES_MAX", 60_000)
    with Spool(node.folder / "agent" / "spool.db") as spool:
        spool.add(window(minute) for minute in range(1_000))
    assert main(["doctor"]) == 1
    assert "1000 windows wait, the oldest of 2026-01-01T12:00:00+00:00" in capsys.readouterr().out


def test_enrol_says_at_once_whether_the_code_is_good(
    place: Path,
    server: TinyServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["enrol"]) == 5
    assert "there is no code" in capsys.readouterr().err
    enrol(place / "other", server.url, "code-1", "node-2")
    monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-1")
    assert main(["enrol"]) == 5
    assert "the code was used by another key" in capsys.readouterr().err
    server.codes |= {"code-2": None, "code-3": None}
    monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-2")
    for _ in range(2):
        assert main(["enrol"]) == 0
        assert "enrolled: cluster centre-1" in capsys.readouterr().out
    assert len(server.keys) == 2
    monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-3")
    assert main(["enrol", "--rotate"]) == 0
    assert len(server.keys) == 3
    monkeypatch.setenv("SUANQUAN_URL", "http://127.0.0.1:9")
    assert main(["enrol", "--rotate"]) == 6
    assert "the code is still good" in capsys.readouterr().err


def test_every_exit_code_stands_in_the_operators_page() -> None:
    page = (DOCS / "agents" / "agent.md").read_text(encoding="utf-8")
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    kinds = [errors.AgentError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert table == {0, 2} | {kind.exit_code for kind in kinds}


def test_the_doctor_compares_clocks(place: Path) -> None:
    settings = Settings.read(os.environ)
    late = datetime.now(UTC) + timedelta(seconds=30)
    *_, last = examine(settings, late)
    assert last.code == 1
    assert "30 秒" in last.zh or "29 秒" in last.zh or "31 秒" in last.zh


def test_the_doctor_changes_nothing(place: Path) -> None:
    assert main(["doctor"]) == 5
    assert not (place / "agent").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "http", "9480.0"])
def test_a_wrong_port_is_one_clear_error(
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUANQUAN_HEALTH_PORT", port)
    assert main(["once"]) == 3
    assert f"SUANQUAN_HEALTH_PORT「{port}」" in capsys.readouterr().err


def test_settings_have_sensible_defaults() -> None:
    settings = Settings.read({"SUANQUAN_URL": "  ", "SUANQUAN_NODE": "node-7"})
    assert settings == Settings(
        url=None,
        data=Path("/var/lib/suanquan-agent"),
        enrol_code=None,
        node="node-7",
        holders=None,
        kubelet=None,
        shares=ShareRule.HELD,
        own_pod=None,
        health_port=9480,
        readings=True,
        labels=(),
    )


def test_the_code_is_read_from_its_file_when_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "node-7"
    settings = Settings.read({"SUANQUAN_ENROL_CODE_FILE": str(file)})
    assert settings.read_code() is None  # a known node needs none
    file.write_text(" ABCDEF \n")
    assert settings.read_code() == "ABCDEF"
    file.write_text("\n")
    assert settings.read_code() is None
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError, match="SUANQUAN_ENROL_CODE_FILE"):
        settings.read_code()


def test_the_code_in_the_environment_is_taken_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "code").write_text("FILE")
    variables = {"SUANQUAN_ENROL_CODE": "ENV", "SUANQUAN_ENROL_CODE_FILE": str(tmp_path / "code")}
    assert Settings.read(variables).read_code() == "ENV"


@pytest.mark.parametrize("host", ["localhost", "0.0.0", "::1::"])
def test_the_address_of_the_health_pages_is_an_ip_address(host: str) -> None:
    with pytest.raises(SettingsError, match="SUANQUAN_HEALTH_HOST"):
        Settings.read({"SUANQUAN_HEALTH_HOST": host})


@pytest.mark.parametrize("words", [[], ["nonsense"], ["once", "--nonsense"]])
def test_a_wrong_command_line_is_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


@pytest.mark.parametrize("name", ["node", "once", "top", "doctor"])
def test_where_there_is_no_driver_it_says_so(name: str, tmp_path: Path) -> None:
    """The library itself is not there: an empty folder stands in its place on the search path."""
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"")
    result = subprocess.run(
        [sys.executable, "-m", "agents", name],
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "SUANQUAN_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 4
    assert "本机没有可用的 NVIDIA 驱动" in result.stdout + result.stderr
