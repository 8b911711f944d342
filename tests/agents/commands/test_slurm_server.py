"""A Slurm agent and its server: what an older one cannot read is told again; what else is told."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from nacl.signing import SigningKey

from agents import wire
from agents.__main__ import main
from agents.commands.courier import export, import_receipt
from agents.commands.slurm.report import NOT_KEPT
from agents.parcels import RECEIPT, Receipt, answer_digest, parcels, write_file
from agents.reporting.server_key import VARIABLE
from agents.sightings import Partitions
from tests.support.agents.sacct import HEADER, held_s, row, table
from tests.support.agents.tiny_server import TinyServer

JOBS = table(
    f"{row()}|", f"{row(JobIDRaw=2)}|alice", f"{row(JobIDRaw=3, QOS='q' * 37)}|",
    header=f"{HEADER}|User",
)  # fmt: skip


@pytest.fixture
def place(server: TinyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    server.is_older = True
    monkeypatch.setenv("SUANQUAN_URL", server.url)
    monkeypatch.setenv("SUANQUAN_AGENT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SUANQUAN_ENROL_CODE", "code-1")
    (tmp_path / "jobs.txt").write_bytes(JOBS)
    return tmp_path


def tell(place: Path, *arguments: str) -> int:
    return main(["slurm", str(place / "jobs.txt"), *arguments])


def users(server: TinyServer) -> set[str | None]:
    holders = [part.holder for window in server.windows_kept() for part in window.parts]
    return {holder.user for holder in holders if isinstance(holder, wire.Slurm)}


def test_what_an_older_server_cannot_read_is_told_once_it_can(
    server: TinyServer, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert tell(place) == NOT_KEPT
        assert held_s(server.windows_kept()) == 40  # the one run that it can read
        assert "upgrade it first" in capsys.readouterr().err
    server.is_older = False
    assert tell(place) == 0
    assert held_s(server.windows_kept()) == 120
    assert users(server) == {None, "alice"}
    assert tell(place) == 0
    assert "sent 0 windows" in capsys.readouterr().err
    assert server.conflicts == 0


def test_a_kill_before_the_answer_is_used_loses_no_run(
    server: TinyServer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was refused of a batch is kept when the batch is answered, not after."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr("agents.reporting.spool.Spool.acknowledge", die)
        assert tell(place) == 130
    server.is_older = False
    assert tell(place) == NOT_KEPT  # the same batch has the same answer, its runs come after it
    assert tell(place) == 0
    assert held_s(server.windows_kept()) == 120


def test_what_a_receipt_refuses_is_told_again_as_by_line(server: TinyServer, place: Path) -> None:
    data, file = place / "data", place / "disk"
    server.plan = ["serve", *["drop"] * 40]
    assert tell(place, "--patience", "0") != 0
    server.plan.clear()
    export(data, file, datetime.now(UTC))
    key = SigningKey.generate()
    receipts = []
    for parcel in parcels(file):
        status, answer = server.take(parcel.body, parcel.agent, parcel.signature)
        body = msgspec.json.encode(answer)
        signature = key.sign(answer_digest(parcel.key, status, body)).signature
        receipts.append(
            Receipt(parcel.key, parcel.digest, status, body, base64.b64encode(signature).decode())
        )
    write_file(place / "receipt", RECEIPT, receipts)
    import_receipt(data, place / "receipt", {VARIABLE: key.verify_key.encode().hex()})
    assert held_s(server.windows_kept()) == 40
    server.is_older = False
    assert tell(place) == 0
    assert held_s(server.windows_kept()) == 120
    assert users(server) == {None, "alice"}


def test_hours_that_are_not_over_wait_and_are_no_fault(
    server: TinyServer, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.is_older, server.is_early = False, True
    assert tell(place) == 0
    output = capsys.readouterr().err
    assert "6 of them count once their hour is over" in output
    assert "set aside" not in output


def test_what_sinfo_says_is_told_beside_the_windows_and_not_counted_as_one(
    server: TinyServer,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (place / "none.txt").write_bytes(table())
    for name, words in (("sacct", f"cat {place}/none.txt"), ("sinfo", "echo 'gpu|n1|gpu:8'")):
        (place / name).write_text(f"#!/bin/sh\n{words}\n")
        (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    assert main(["slurm", "--once"]) == 0
    assert "sent 0 windows" in capsys.readouterr().err
    news = server.sightings["partitions"]
    assert isinstance(news, Partitions)
    assert (news.gpus, news.partitions) == (8, {"gpu": 8})
