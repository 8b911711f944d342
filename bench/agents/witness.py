"""What the cluster's witness costs at 5,000 pods with GPUs and 500 nodes: memory, processor.

The real process with the official client, at the tests' API server over HTTP. Objects have the size
of real ones (managedFields and all). Each second six pods change, as when 5,000 pods live an hour
and a half each and change five times, and two nodes report their state.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import psutil

from tests.support.agents.fake_api_server import FakeApiServer, Thing, pod, running, serving
from tests.support.agents.tiny_server import TinyServer, listening

PODS, NODES = 5_000, 500
PODS_A_SECOND, NODES_A_SECOND = 6, 2
REAL_S = 120
PADDING = [{"manager": "kubelet", "fieldsV1": {f"f:field-{n}": {} for n in range(200)}}]
MIB = 2**20


def run() -> dict[str, object]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as name, serving(FakeApiServer(bookmark_s=30)) as api:
        for number in range(PODS):
            api.put("pods", _pod(number, is_running=True))
        for number in range(NODES):
            api.put("nodes", _node(number, 0))
        with listening(TinyServer()) as server:
            return _measure(api, server, Path(name))


def _measure(api: FakeApiServer, server: TinyServer, folder: Path) -> dict[str, object]:
    agent = subprocess.Popen(
        [sys.executable, "-m", "agents", "cluster"],
        env={
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(api.kubeconfig(folder)),
            "SUANQUAN_URL": server.url,
            "SUANQUAN_AGENT_DATA": str(folder / "agent"),
            "SUANQUAN_ENROL_CODE": "code-1",
            "SUANQUAN_LABELS": "team",
            "SUANQUAN_HEALTH_PORT": "0",
        },
        stderr=subprocess.DEVNULL,
    )
    process = psutil.Process(agent.pid)
    while len(server.sightings) < PODS + NODES:
        time.sleep(0.5)
    time.sleep(5)
    start_s, begin = _spent_s(process), time.monotonic()
    numbers = count(PODS)
    while time.monotonic() < begin + REAL_S:
        time.sleep(1)
        for _ in range(PODS_A_SECOND):
            number = next(numbers)
            api.put("pods", _pod(number % PODS, is_running=bool(number // PODS % 2 == 0)))
        for _ in range(NODES_A_SECOND):
            api.put("nodes", _node(number % NODES, number))
    spent_s = _spent_s(process) - start_s
    memory, peak_kib = process.memory_full_info(), _peak_kib(agent.pid)
    agent.terminate()
    agent.wait(60)
    return {
        "pods": PODS,
        "nodes": NODES,
        "bytes_of_a_pod": len(json.dumps(_pod(0, is_running=True))),
        "start_cpu_s": round(start_s, 2),
        "cpu_percent_of_a_core": round(100 * spent_s / REAL_S, 2),
        "pss_mib": round(memory.pss / MIB, 1),
        "peak_rss_mib": round(peak_kib / 1024, 1),
    }


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def _spent_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _pod(number: int, *, is_running: bool) -> Thing:
    make = running if is_running else pod
    thing = make(f"train-{number}", node=f"node-{number % NODES}")
    thing["metadata"]["managedFields"] = PADDING
    return thing


def _node(number: int, turn: int) -> Thing:
    return {
        "metadata": {
            "name": f"node-{number}",
            "uid": f"node-{number}",
            "labels": {"team": "a"},
            "managedFields": PADDING,
        },
        "status": {"capacity": {"nvidia.com/gpu": "8"}, "conditions": [{"heartbeat": turn}]},
    }
