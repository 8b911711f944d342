"""`once`, `doctor` and `node` on a node whose kubelet says who holds what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.__main__ import main
from agents.reporting.identity import enrol
from tests.support.agents.fake_driver import FakeDriver, gpu_line, gpu_uuid, mig_uuid, sliced_lines
from tests.support.agents.fake_kubelet import GPU, FakeKubelet, Pod, running
from tests.support.agents.tiny_server import TinyServer

PODS = [
    Pod("whole", claims=[("whole-gpu", "gpu.nvidia.com", "gpu-15")]),  # the fake driver's minor
    Pod("slice", [("nvidia.com/mig-1g.10gb", mig_uuid(1, 0))]),
    Pod("left", [("nvidia.com/mig-1g.10gb.shared", f"{mig_uuid(1, 1)}::0")]),
    Pod("right", [("nvidia.com/mig-1g.10gb.shared", f"{mig_uuid(1, 1)}::7")]),
]


@pytest.fixture
def kubelet(
    tmp_path: Path, driver: FakeDriver, server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeKubelet]:
    driver.say(gpu_line(0), *sliced_lines(1, 3))
    for name, value in {
        "SUANQUAN_URL": server.url,
        "SUANQUAN_AGENT_DATA": str(tmp_path / "agent"),
        "SUANQUAN_KUBELET": str(tmp_path / "kubelet.sock"),
        "SUANQUAN_HEALTH_PORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)  # busy machines
    with running(FakeKubelet(tmp_path / "kubelet.sock", PODS)) as fake:
        yield fake


def test_once_shows_pods_on_whole_gpus_slices_and_shares(
    kubelet: FakeKubelet, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["once", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output["holders_fault"] is None
    shares = {
        device["device"]: [
            (item["holder"].get("pod", ""), item["share"]) for item in device["held"]
        ]
        for gpu in output["gpus"]
        for device in gpu["devices"]
    }
    assert shares == {
        gpu_uuid(0): [("whole", "1/1")],
        mig_uuid(1, 0): [("slice", "1/1")],
        mig_uuid(1, 1): [("left", "1/2"), ("right", "1/2")],
        mig_uuid(1, 2): [("", "1/1")],
    }
    assert main(["once"]) == 0
    assert "pod lab left main 1/2" in capsys.readouterr().out


def test_once_says_why_nobody_is_known(
    kubelet: FakeKubelet, capsys: pytest.CaptureFixture[str]
) -> None:
    kubelet.stop()
    assert main(["once"]) == 0
    assert "holders unknown: unavailable" in capsys.readouterr().out


def test_the_doctor_finds_a_kubelet_that_answers(
    kubelet: FakeKubelet,
    tmp_path: Path,
    server: TinyServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    enrol(tmp_path / "agent", server.url, "code-1", "node-1")
    assert main(["doctor"]) == 0
    assert "the kubelet answers: 3 devices are held" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("stop", "unavailable: the kubelet does not answer, it may be restarting"),
        ("remove", "no_socket: there is no such socket"),
        ("hami", "hami_id"),
        ("twice", "claimed_twice: the kubelet gave one device to two pods"),
    ],
)
def test_the_doctor_says_what_is_wrong_with_the_kubelet(
    kubelet: FakeKubelet, capsys: pytest.CaptureFixture[str], spoil: str, words: str
) -> None:
    if spoil in ("stop", "remove"):
        kubelet.stop(file_stays=spoil == "stop")
    else:
        name = f"{gpu_uuid(0)}-1" if spoil == "hami" else mig_uuid(1, 0)
        kubelet.pods = [*PODS, Pod("odd", [(GPU, name)])]
    assert main(["doctor"]) != 0
    assert words in capsys.readouterr().out
