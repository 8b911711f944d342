"""`suanquan-agent cluster` as the real process: a fake API server before it, a server behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from agents.__main__ import main
from agents.sightings import Phase, PodSighting, Watch
from tests.support.agents.fake_api_server import FakeApiServer, finished_pod, pod, running, serving
from tests.support.agents.tiny_server import TinyServer

QUICK = """
import sys, time
import agents.commands.cluster, agents.commands.reporter
agents.commands.cluster.TAKE_S = 0.2
agents.commands.cluster.STALE_S = 1.0
agents.commands.reporter.phase_s = lambda _: time.time() + 0.2
from agents.__main__ import main
sys.exit(main(["cluster"]))
"""


def environment(server: TinyServer, folder: Path, config: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(config),
        "SUANQUAN_URL": server.url,
        "SUANQUAN_AGENT_DATA": str(folder / "witness"),
        "SUANQUAN_ENROL_CODE": "code-1",
        "SUANQUAN_NODE": "witness",
        "SUANQUAN_LABELS": "team",
        "SUANQUAN_HEALTH_PORT": "0",
    }


class Witness:
    """The process, with its health pages."""

    def __init__(self, variables: dict[str, str], folder: Path) -> None:
        self.log = folder / "witness.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", QUICK], env=variables, stderr=output
            )

    def get(self, path: str) -> tuple[int, str]:
        port = self.log.read_text().partition("http://127.0.0.1:")[2].partition("\n")[0]
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def stop(self, by: int = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return self.process.wait(30)


def test_what_ran_arrives_signed_and_numbered_and_an_outage_is_a_gap(
    tmp_path: Path, server: TinyServer
) -> None:
    with serving(FakeApiServer()) as api:
        variables = environment(server, tmp_path, api.kubeconfig(tmp_path))
        api.put("pods", pod("waits"))
        api.put("pods", running("train"))
        witness = Witness(variables, tmp_path)
        try:
            witness.until(lambda: "pod/uid-train" in server.sightings)
            witness.until(lambda: any(isinstance(s, Watch) for s in server.sightings.values()))
            assert witness.get("/healthz") == (200, "正常\nhealthy\n")
            api.status = dict.fromkeys(("pods", "claims", "nodes", "slices"), 504)
            api.break_watches()
            witness.until(lambda: witness.get("/healthz")[0] == 503)
            assert "HTTP 504" in witness.get("/healthz")[1]
            api.put("pods", finished_pod("train", "2026-03-02T00:01:00Z", "2026-03-02T02:00:00Z"))
            api.status.clear()
            witness.until(lambda: sum(isinstance(s, Watch) for s in server.sightings.values()) == 2)
            page = witness.get("/metrics")[1]
            assert 'suanquan_agent_objects{kind="pods"} 2' in page
            assert 'suanquan_agent_watch_lists_total{kind="pods"} 1' in page
            assert witness.stop() == 0
        finally:
            witness.process.kill()
            witness.process.wait()
        train, waits = server.sightings["pod/uid-train"], server.sightings["pod/uid-waits"]
        assert isinstance(train, PodSighting)
        assert isinstance(waits, PodSighting)
        assert (train.phase, waits.phase, waits.runs) == (Phase.SUCCEEDED, Phase.PENDING, ())
        assert len(server.keys) == 1


def more_watches(server: TinyServer) -> Callable[[], bool]:
    def count() -> int:
        return sum(isinstance(s, Watch) for s in server.sightings.values())

    before = count()
    return lambda: count() > before


def test_killed_it_goes_on_in_a_new_span_and_says_everything_again(
    tmp_path: Path, server: TinyServer
) -> None:
    with serving(FakeApiServer()) as api:
        variables = environment(server, tmp_path, api.kubeconfig(tmp_path))
        api.put("pods", running("train"))
        api.put("pods", running("goes"))
        for _ in range(2):
            witness = Witness(variables, tmp_path)
            try:
                witness.until(more_watches(server))
            finally:
                witness.stop(signal.SIGKILL)
            if "uid-goes" in api.things["pods"]:
                api.delete("pods", "uid-goes")
        spans = sorted(
            (s for s in server.sightings.values() if isinstance(s, Watch)), key=lambda s: s.since
        )
        train, goes = server.sightings["pod/uid-train"], server.sightings["pod/uid-goes"]
        assert isinstance(train, PodSighting)
        assert isinstance(goes, PodSighting)
        assert train.seen_at >= spans[-1].since
        assert goes.seen_at < spans[-1].since  # nobody was there to see it go


def test_without_an_api_server_the_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", missing)
    monkeypatch.setenv("SUANQUAN_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SUANQUAN_AGENT_DATA", str(tmp_path))
    monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-1")
    assert main(["cluster"]) == 3
    assert "KUBECONFIG" in capsys.readouterr().err


def test_the_node_agent_does_not_import_the_client() -> None:
    code = (
        "import sys, json, agents.__main__, agents.commands.node\n"
        "print(json.dumps([m for m in sys.modules if m.startswith(('kubernetes', 'urllib3'))]))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(process.stdout) == []


@pytest.mark.parametrize("labels", ["team ", "a b", "/x", "a/b/c", "x" * 64, ",".join("abc" * 20)])
def test_labels_that_are_none_are_named(
    labels: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUANQUAN_LABELS", labels)
    assert main(["cluster"]) == 3
    assert ("SUANQUAN_LABELS" in capsys.readouterr().err) == (labels != "team ")
