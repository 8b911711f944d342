"""`doctor relay` and `doctor courier`: each fault in one sentence, with what to do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.commands.doctor.check import Check
from agents.commands.doctor.examine import examine
from agents.errors import SettingsError
from agents.parcels import Parcel
from agents.relay.queue import Queue
from agents.relay.settings import queue_path
from agents.reporting.spool import Spool
from agents.settings import Settings
from tests.support.agents.windows import window

NOW = datetime.now(UTC)


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a relay that is not started yet; `see` sets it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    values = {
        "SUANQUAN_AGENT_DATA": str(tmp_path / "data"),
        "SUANQUAN_RELAY_LISTEN": f"127.0.0.1:{port}",
        "SUANQUAN_HEALTH_PORT": str(port),
        "SUANQUAN_RELAY_MIB": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def see(kind: str, variables: dict[str, str], now: datetime = NOW) -> list[Check]:
    return list(examine(Settings.read(variables), now, kind))


def faults(checks: list[Check]) -> list[str]:
    return [check.en for check in checks if check.code]


def certificate(folder: Path, days: int) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificates")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "one.pem", "-out", "crt.pem", "-days", str(days), "-subj", "/CN=r"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "one.pem").write_text(
        (folder / "crt.pem").read_text() + (folder / "one.pem").read_text()
    )
    return folder / "one.pem"


def test_a_relay_that_is_well(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANQUAN_RELAY_CERT", str(certificate(tmp_path, 90)))
    checks = see("relay", variables)
    assert faults(checks) == []
    assert (
        checks[0].en == f"the relay's certificate lasts until {NOW + timedelta(days=90):%Y-%m-%d}"
    )
    assert checks[-1].en.startswith("there is no line")


def test_a_certificate_in_its_last_days(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANQUAN_RELAY_CERT", str(certificate(tmp_path, 3)))
    (fault,) = faults(see("relay", variables))
    assert fault.endswith("renew it, without a restart")


def test_plain_http_a_port_in_use_and_a_queue_that_waits(variables: dict[str, str]) -> None:
    data = Path(variables["SUANQUAN_AGENT_DATA"])
    data.mkdir()
    queue = Queue(queue_path(data))
    for _ in range(2):
        queue.add(Parcel("a", "", os.urandom(300_000)))
    queue.close()
    port = int(variables["SUANQUAN_RELAY_LISTEN"].partition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        checks = see("relay", variables)
    plain, door, waits = faults(checks)
    assert plain.startswith("plain HTTP")
    assert door.startswith(f"cannot listen on 127.0.0.1:{port}")
    assert waits.startswith("2 batches wait for the server")
    assert [check.code for check in checks if check.code] == [1, SettingsError.exit_code, 1]


def test_what_a_courier_needs(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    variables |= {"SUANQUAN_URL": "courier", "SUANQUAN_ENROL_CODE": "a-code"}
    (key,) = faults(see("courier", variables))
    assert "SUANQUAN_SERVER_KEY" in key
    monkeypatch.setenv("SUANQUAN_SERVER_KEY", "0" * 64)
    data = Path(variables["SUANQUAN_AGENT_DATA"])
    data.mkdir(mode=0o700)
    with Spool(data / "spool.db") as spool:
        spool.add([window(1)])
        oldest = spool.oldest()
    assert oldest is not None
    assert faults(see("courier", variables, oldest + timedelta(days=1))) == []
    (late,) = faults(see("courier", variables, oldest + timedelta(days=6)))
    assert late.startswith("1 windows wait to be carried, the oldest for 6 days")
    (no_url,) = faults(see("courier", variables | {"SUANQUAN_URL": ""}, oldest))
    assert "has courier there" in no_url


def test_a_courier_at_a_relay(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(variables["SUANQUAN_AGENT_DATA"])
    data.mkdir()
    Queue(queue_path(data)).close()
    monkeypatch.setenv("SUANQUAN_SERVER_KEY", "0" * 64)
    checks = see("courier", variables)
    assert faults(checks) == []
    assert checks[-1].en == "0 batches wait (suanquan-agent export)"
