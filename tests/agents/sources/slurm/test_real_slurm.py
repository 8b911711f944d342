"""A real Slurm: what its sacct says of jobs of every kind, live, as JSON, and while it is down."""

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents import wire
from agents.commands.doctor.slurm import checks
from agents.commands.slurm.live import ask
from agents.errors import SourceError
from agents.sources.slurm import json_jobs
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.runs import Run
from agents.sources.slurm.sinfo import Sinfo
from agents.sources.slurm.store import RunStore
from tests.support.paths import DOCS
from tests.support.postgres import open_folder
from tests.support.processes import AGENT
from tests.support.slurm.cluster import Cluster, slurm, why_not

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with open_folder() as folder, slurm(folder) as running:
        yield running


@pytest.fixture(scope="module")
def numbers(cluster: Cluster) -> dict[str, str]:
    """Jobs of every kind, all of them over but the one that is held and the one that goes on."""
    jobs = {
        "done": cluster.submit("alice", "--gres=gpu:2", seconds=4),
        "array": cluster.submit("bob", "--gres=gpu:h100:1", "--array=0-2%2", seconds=2),
        "cpu": cluster.submit("alice", "--mem=200", seconds=2),
        "held": cluster.submit("bob", "--gres=gpu:1", "--hold", seconds=2),
        "cancelled": cluster.submit("alice", "--gres=gpu:1", "-J", "a|b", seconds=300),
    }
    cluster.wait("it runs", lambda: cluster.state(jobs["cancelled"]) == "RUNNING")
    time.sleep(2)
    cluster.command("scancel", jobs["cancelled"])
    jobs["suspended"] = cluster.submit("alice", "--gres=gpu:1", "--qos=high", seconds=8)
    jobs["requeued"] = cluster.submit("bob", "--gres=gpu:1", "--requeue", seconds=6)
    both = ("suspended", "requeued")
    cluster.wait("both run", lambda: {cluster.state(jobs[name]) for name in both} == {"RUNNING"})
    time.sleep(2)
    cluster.command("scontrol", "suspend", jobs["suspended"])
    cluster.command("scontrol", "requeue", jobs["requeued"])
    time.sleep(3)
    cluster.command("scontrol", "resume", jobs["suspended"])
    cluster.command("scontrol", "update", f"jobid={jobs['requeued']}", "StartTime=now")
    jobs["running"] = cluster.submit("alice", "--gres=gpu:1", "-p", "spot", seconds=600)
    busy = "RUNNING,COMPLETING,SUSPENDED,CONFIGURING"
    cluster.wait(
        "all but one are over",
        lambda: (
            "COMPLETED" in cluster.command("sacct", "-nX", "-j", jobs["requeued"], "-o", "State")
            and len(cluster.command("squeue", "-h", "-t", busy).splitlines()) == 1
            and cluster.state(jobs["running"]) == "RUNNING"
        ),
    )
    return jobs


@pytest.fixture
def live(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("SLURM_CONF", cluster.env["SLURM_CONF"])
    return cluster


def context() -> Context:
    return Context("testc", wire.start_ms(datetime.now(UTC)))


def runs_of(store: RunStore, number: str) -> list[Run]:
    return [run for run in store.all() if f":{number}@" in run.key]


def test_jobs_of_every_kind_are_known_once(live: Cluster, numbers: dict[str, str]) -> None:
    store = RunStore(":memory:")
    for _ in range(3):
        counter = ask(store, context(), None)
    assert counter[Silence.UNKNOWN] == 1  # the job without a GPU
    assert counter["faults"] == 0
    final = [run for run in store.all() if run.is_final]
    gpus = Counter(sum(d.count for d in run.devices) for run in final)
    assert gpus == {2: 1, 1: 3 + 1 + 1 + 2}  # done; array, cancelled, suspended, requeued
    (whole_run,) = runs_of(store, numbers["done"])
    assert 4_000 <= whole_run.until_ms - whole_run.start_ms <= 15_000
    assert (whole_run.account, whole_run.user, whole_run.partition, whole_run.qos) == (
        "lab1",
        "alice",
        "gpu",
        "normal",
    )
    assert [d.model for d in whole_run.devices] == ["h100"]
    (suspended,) = runs_of(store, numbers["suspended"])
    assert suspended.suspended_ms >= 2_000
    assert suspended.until_ms - suspended.start_ms >= 8_000  # suspended time is in it
    assert suspended.qos == "high"
    first, second = sorted(runs_of(store, numbers["requeued"]), key=lambda run: run.start_ms)
    assert first.until_ms <= second.start_ms
    (going_on,) = runs_of(store, numbers["running"])
    assert not going_on.is_final
    assert store.open_jobs() == [numbers["running"]]
    assert runs_of(store, numbers["held"]) == runs_of(store, numbers["cpu"]) == []


def test_its_json_says_the_same(live: Cluster, numbers: dict[str, str]) -> None:
    store = RunStore(":memory:")
    ask(store, context(), None)
    content = live.command("sacct", "--json", "-S", "now-1days").encode()
    runs = [run for _, run in json_jobs.read(content, "f", context()) if isinstance(run, Run)]
    by_json = {run.key: run for run in runs if run.is_final}
    assert by_json == {run.key: run for run in store.all() if run.is_final}
    assert len(by_json) == 8


def test_the_doctor_finds_it_well(live: Cluster, numbers: dict[str, str]) -> None:
    assert numbers
    results = [check() for check in checks(datetime.now(UTC))]
    assert [str(result) for result in results if result.code] == []
    assert "accounting records GPUs (by type: gres/gpu:h100)" in [r.en for r in results]


def test_sinfo_tells_each_partition_and_each_node_once(live: Cluster) -> None:
    assert live.command("sinfo", "-h", "-o", "%R").split()
    told = Sinfo(None).news(datetime.now(UTC))
    assert told is not None
    assert (told.gpus, told.partitions) == (8, {"gpu": 8, "spot": 8})


def test_while_its_database_is_down_nothing_is_an_answer(
    live: Cluster, numbers: dict[str, str]
) -> None:
    store = RunStore(":memory:")
    ask(store, context(), None)
    before = list(store.all())
    live.stop_database()
    try:
        with pytest.raises(SourceError, match="exited with 1"):
            ask(store, context(), None)
        assert list(store.all()) == before
    finally:
        live.start_database()
    ask(store, context(), None)
    assert [run for run in store.all() if run.is_final] == [run for run in before if run.is_final]
    assert numbers["running"] in store.open_jobs()


def test_the_script_for_a_head_without_python_sends_the_same(
    live: Cluster, numbers: dict[str, str], tmp_path: Path
) -> None:
    page = (DOCS / "agents" / "slurm.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert len(script.splitlines()) == 5
    agent = " ".join(AGENT)
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nshift 2\nexec {agent} "$@" --check --json\n')
    (tmp_path / "ssh").chmod(0o755)
    environment = {**live.env, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=True)
    store = RunStore(":memory:")
    ask(store, context(), None)
    facts = json.loads(process.stdout)
    accounts: Counter[str] = Counter()
    for run in store.all():
        if run.is_final:
            gpus = sum(d.count for d in run.devices)
            accounts[run.account] += gpus * (run.until_ms - run.start_ms)
    assert facts["accounts"] == accounts
    assert (facts["final"], facts["unknown"]) == (8, 1)
    (tmp_path / "sacct").write_text("#!/bin/sh\necho Cluster\nexit 1\n")
    (tmp_path / "sacct").chmod(0o755)
    process = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, check=False
    )
    assert (process.returncode, process.stdout) == (1, b"")


def test_a_qos_may_have_a_long_name(live: Cluster) -> None:
    """The last one: its job is none of those that the others count."""
    qos = "q" * 200
    live.command("sacctmgr", "-i", "add", "qos", qos)
    live.command("sacctmgr", "-i", "modify", "user", "bob", "set", f"qos+={qos}")
    number = live.submit("bob", "--gres=gpu:1", f"--qos={qos}", seconds=1)
    store = RunStore(":memory:")

    def is_told() -> bool:
        ask(store, context(), None)
        return any(f":{number}@" in run.key and run.qos == qos for run in store.all())

    live.wait("sacct tells it", is_told)
