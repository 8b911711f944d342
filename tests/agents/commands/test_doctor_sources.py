"""`doctor` of exporters and of Slurm: each fault in one sentence, with what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.commands.doctor import exporters, slurm
from agents.commands.doctor.check import Check
from agents.commands.doctor.examine import kind_of
from agents.errors import AgentError
from tests.support.agents.fake_driver import gpu_uuid
from tests.support.agents.fake_exporter import (
    FakeExporter,
    dcgm_rows,
    page,
    pod,
    row,
    serving_exporter,
)  # fmt: skip

A, B = gpu_uuid(0), gpu_uuid(1)
GOOD = page(dcgm_rows(A, **pod("a", pod_uid="u-1")) + dcgm_rows(B, 7))


def run(checks: object) -> list[Check]:
    """The checks, one after the other."""
    results = []
    for check in checks:  # type: ignore[attr-defined]
        try:
            results.append(check())
        except AgentError as error:
            results.append(Check(error.exit_code, error.zh, error.en))
    return results


def faults(checks: list[Check]) -> list[str]:
    return [check.en for check in checks if check.code]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Check]]:
    """What the doctor says of an exporter that writes this."""

    def examine(text: str, fault: str = "", late: timedelta = timedelta(0)) -> list[Check]:
        with serving_exporter(FakeExporter(lambda: text, fault)) as exporter:
            monkeypatch.setenv("SUANQUAN_EXPORTERS", exporter.url)
            return run(exporters.checks(datetime.now(UTC) + late))

    return examine


def test_exporters_that_are_well_pass(ask: Callable[..., list[Check]]) -> None:
    checks = ask(GOOD + 'npu_exporter_version_info{exporterVersion="v6.0.0"} 1\n')
    assert faults(checks) == []
    assert [check.en for check in checks][:3] == [
        "1 exporters answer, 2 GPUs",
        "clocks agree (1 exporters tell the time)",
        "version of the exporters: v6.0.0 (—: not told)",
    ]
    assert len(checks) == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (page(dcgm_rows(A)), "no row has pod labels"),
        (page(dcgm_rows(A, GPU_I_ID="1", **pod("a"))), "lack the label GPU_I_PROFILE"),
        (page(dcgm_rows(A, **pod("a")) + dcgm_rows(A, **pod("b"))), "--kubernetes-virtual-gpus"),
        (page([row("DCGM_FI_DEV_GPU_UTIL", 1, UUID=A, **pod("a"))]), "no energy counter"),
        (page([r.replace("UUID=", "uuid=") for r in dcgm_rows(A, **pod("a"))]), "old label names"),
        ("up 1\n", "no_gpus); it has no family that we know"),
        ("DCGM_FI_DEV_GPU_UTIL{ 1\n", "broken: line 1"),
        (GOOD[:-1], "the last line has no end"),
    ],
)
def test_what_is_wrong_with_an_exporter_is_said_with_what_to_do(
    ask: Callable[..., list[Check]], text: str, words: str
) -> None:
    (sentence,) = faults(ask(text))
    assert words in sentence


def test_slots_and_old_pods_are_told(ask: Callable[..., list[Check]]) -> None:
    slots = [dcgm_rows(A, vgpu=str(n), **pod(name)) for n, name in enumerate("ab")]
    checks = ask(page(slots[0] + slots[1]))
    assert faults(checks) == []
    text = "\n".join(str(check) for check in checks)
    assert "slots bear the label vgpu" in text
    assert "--kubernetes-enable-pod-uid" in text


@pytest.mark.parametrize("fault", ["503", "401", "gzip", "cut", "drop"])
def test_an_exporter_that_does_not_answer_is_named(
    ask: Callable[..., list[Check]], fault: str
) -> None:
    (sentence,) = faults(ask(GOOD, fault))
    assert sentence.startswith("some exporters do not answer wholly (127.0.0.1 127.0.0.1:")
    assert ("SUANQUAN_SCRAPE_TOKEN" in sentence) == (fault == "401")


def test_clocks_of_exporters_are_compared(ask: Callable[..., list[Check]]) -> None:
    (sentence,) = faults(ask(GOOD, late=timedelta(seconds=60)))
    assert "our clock is more than 5 s away" in sentence


def test_what_is_examined_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (kind_of(None), kind_of("slurm")) == ("node", "slurm")
    monkeypatch.setenv("SUANQUAN_PROMETHEUS", "http://p:9090")
    assert (kind_of(None), kind_of("node")) == ("dcgm", "node")


CONFIG = """Configuration data as of {at}
AccountingStorageTRES   = cpu,mem,energy,node,billing,gres/gpu,gres/gpu:h100
AccountingStorageType   = accounting_storage/slurmdbd
JobCompType             = jobcomp/none
PrivateData             = none
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Programs of Slurm that say what a test wants."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    def make(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    make("sinfo", "true")
    make(
        "sacct",
        'case "$*" in --version) echo slurm 22.05.8;; *Partition*) echo'
        ' "gpu|1772438400|1772438400|Unknown|gres/gpu=2";; *) echo "1|gres/gpu=2";; esac',
    )
    make("scontrol", f"cat <<EOF\n{CONFIG.format(at='2026-03-02T12:00:01')}EOF")
    return make


def test_a_slurm_that_is_well_passes(tools: Callable[[str, str], None]) -> None:
    del tools
    checks = run(slurm.checks(NOON))
    assert faults(checks) == []
    assert "sacct answers: 1 jobs within a day, 1 with GPUs" in [check.en for check in checks]
    assert len(checks) == 8


def config(old: str, new: str, at: str = "2026-03-02T12:00:01") -> str:
    assert old in CONFIG
    return f"cat <<EOF\n{CONFIG.format(at=at).replace(old, new)}EOF"


@pytest.mark.parametrize(
    ("name", "script", "code", "words"),
    [
        ("sacct", "exit 1", 11, "do slurmdbd and slurmctld run"),
        ("sacct", "echo slurm 17.02.1", 1, "17.02.1' was not tried"),
        ("sacct", 'case "$1" in --version) echo slurm 23.11.4;; *) echo "1|cpu=2";; esac', 1,
         "none says that it has GPUs"),
        ("scontrol", config("gres/gpu,gres/gpu:h100", "gres/fs"), 11, "lacks gres/gpu"),
        ("scontrol", config("accounting_storage/slurmdbd", "accounting_storage/none"), 11,
         "use slurmdbd"),
        ("scontrol", config("AccountingStorageType   = accounting_storage/slurmdbd\n"
                            "JobCompType             = jobcomp/none",
                            "AccountingStorageType   = (null)\nJobCompType = jobcomp/filetxt"), 11,
         "JobCompType=jobcomp/filetxt have no GPUs"),
        ("scontrol", config("none\n", "none\n", "2026-03-02T11:00:00"), 1, "is 3600 s away"),
        ("sinfo", "echo 'gpu|n1|gpu:1'", 1, "jobs of gpu held more GPUs at once within a day than"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_slurm_is_said_with_what_to_do(
    tools: Callable[[str, str], None], name: str, script: str, code: int, words: str
) -> None:
    tools(name, script)
    wrong = [check for check in run(slurm.checks(NOON)) if check.code]
    assert any(words in check.en for check in wrong), wrong
    assert wrong[0].code == code


def test_without_slurms_programs_it_is_said_where_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    first, *rest = run(slurm.checks(NOON))
    assert first.code == 11
    assert "sacct, sinfo, scontrol not found" in first.en
    assert all(check.code for check in rest[:3])
    assert os.environ["PATH"] == str(tmp_path)
