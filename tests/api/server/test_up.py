"""`suanquan up`: an empty folder becomes a working server, alone there, and leaves nothing."""

import json
import re
import socket
import stat
from pathlib import Path

import httpx2
import psutil
import pytest

from api.demo.office import PERSONS
from tests.support.agents.fake_driver import FakeDriver, compile_driver, gpu_line
from tests.support.processes import Up, running, until


@pytest.mark.timeout(900)  # weeks of a made-up centre are reported, charged and paid
def test_an_empty_folder_becomes_a_server_with_a_made_up_centre(folder: Path) -> None:
    data = folder / "data"
    with running(data, "--demo", SUANQUAN_WORKERS="2") as up:
        assert httpx2.get(f"{up.url}/healthz", timeout=30).text == "ok\n"
        assert httpx2.get(f"{up.url}/readyz", timeout=30).text == "ok\n"
        assert httpx2.get(f"{up.url}/api/v1/usage").status_code == 401
        assert up.process
        assert up.process.stdout
        link = up.process.stdout.readline().split()[-1]
        for status in (303, 403):
            form = {"code": link.partition("=")[2]}
            answer = httpx2.post(f"{up.url}/sign-in/once", data=form, timeout=30)
            assert answer.status_code == status
        for name in ("tokens/securityadmin", "tokens/clerk", "server.json", "server.log"):
            assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
        usage = until("the demo's usage", up.usage)
        assert set(usage) <= {"helan", "saishang", "fenghuang", "qin-team"}
        quota = until("an accrual", lambda: up.ask("quota", "qin-team")["provisional_fen"] > 0)
        assert quota
        until("the end of the demo's month", lambda: _claim_states(up) == ["paid", "published"])
        (explained,) = up.get("/api/v1/incidents")
        assert (explained["kind"], explained["counts"]) == ("gap", None)
        open_incidents = up.get("/api/v1/incidents/unexplained")
        assert {"contradicting", "gap"} <= {row["kind"] for row in open_incidents}
        never_ran = [row for row in open_incidents if row["kind"] == "contradicting"]
        assert [(row["reason"], row["pods"]) for row in never_ran] == [("never_ran", 1)]
        page = httpx2.get(f"{up.url}/sign-in", timeout=30).text
        assert len(set(re.findall(r'name="part" value="(\d+)"', page))) == len(PERSONS)
        family = up.family()
        assert {"postgres"} < {process.name() for process in family}
        assert up.stop() == 0
    psutil.wait_procs(family, timeout=30)
    assert [process for process in family if process.is_running()] == []
    assert not (data / "server.json").exists()
    secret = up.token
    for log in data.glob("*.log"):
        assert secret not in log.read_text()


def _claim_states(up: Up) -> list[str]:
    return sorted(claim["state"] for claim in up.ask("claim", "ls"))


def test_with_a_driver_this_machines_gpus_are_registered_and_metered(folder: Path) -> None:
    compile_driver(folder)
    driver = FakeDriver(folder, folder / "nvml-state")
    driver.say(gpu_line(0), gpu_line(1))
    library_paths = {name: driver.environment[name] for name in ("LD_LIBRARY_PATH", "FAKE_NVML")}
    with running(folder / "data", "--demo", **library_paths) as up:
        (agent,) = until("the node agent", lambda: up.ask("agent", "list"))
        assert (agent["cluster"], agent["source"]) == ("local", "nvml")
        spool = up.data / "agents" / "node" / "spool.db"
        until("its spool", spool.exists)
        family = up.family()
        assert up.stop() == 0
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
    with running(folder / "data", "--demo", **library_paths) as up:
        assert len(up.ask("agent", "list")) == 1  # the same one goes on


def test_what_was_there_is_there_again_and_the_administrator_stays_the_same(folder: Path) -> None:
    with running(folder / "data") as up:
        token = up.token
        answer = up.ask("token", "create", "李四", "--role", "auditor")
    with running(folder / "data") as up:
        assert up.token == token
        assert answer["id"] in {item["id"] for item in up.ask("token", "list")}
        assert up.by("systemadmin").ask("agent", "list") == []  # --no-demo


def test_a_second_one_on_the_same_folder_is_refused_in_one_sentence(folder: Path) -> None:
    with running(folder / "data") as up:
        second = up.command("up", "--no-demo")
        assert up.process
        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        assert str(up.process.pid) in line
        assert httpx2.get(f"{up.url}/healthz", timeout=30).text == "ok\n"


def test_a_taken_port_is_refused_in_one_sentence_and_nothing_is_left(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        up = Up(folder / "data", port=port)
        result = up.command("up", "--no-demo")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "SUANQUAN_PORT" in line
    assert not (folder / "data" / "server.json").exists()


def test_kill_nine_takes_everything_along_and_the_next_start_finds_all(folder: Path) -> None:
    with running(folder / "data") as up:
        answer = up.ask("token", "create", "李四", "--role", "auditor")
        family = up.family()
        assert up.process
        up.process.kill()
        up.ended()
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
        assert json.loads((up.data / "server.json").read_text())["pid"] == up.process.pid
        up.start()
        assert answer["id"] in {item["id"] for item in up.ask("token", "list")}
