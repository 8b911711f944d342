"""What the node's agent costs on a node of 8 GPUs x 7 slices x 64 pods: memory, processor, disk.

Twice, on the fake driver of the tests (a real driver's calls cost more; NVML is asked only every
ten seconds). First the real process, asking a kubelet every second and reporting to a small server,
each over a socket, measured over a minute from outside. Then hours of the same loop on driven
clocks, as fast as it goes: the processor time of each second of metering, whether memory stays
flat, and how large the spool would grow if the server were away for 14 days.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from agents import wire
from agents.commands.health import Health
from agents.commands.node import Sampler
from agents.driver.watchdog import WatchedDriver
from agents.holders.kubelet import KubeletHolders
from agents.observations import Instant
from agents.reporting.spool import BYTES_MAX, Spool
from tests.support.agents.fake_driver import FakeDriver, compile_driver, mig_uuid, sliced_lines
from tests.support.agents.fake_kubelet import FakeKubelet, Pod, running
from tests.support.agents.tiny_server import TinyServer, listening

GPUS, SLICES, PODS = 8, 7, 64
REAL_S = 60
HOURS = 6
START_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z
MIB = 2**20


def run() -> dict[str, object]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compile_driver(folder)
        driver = FakeDriver(folder, folder / "state")
        load(driver, random.Random(0))  # noqa: S311  the same use in every run
        return {**_real(driver, folder), **_driven(driver, folder)}


def load(driver: FakeDriver, chance: random.Random) -> None:
    """Give every slice some use."""
    lines = ["growing 1"]
    for gpu in range(GPUS):
        whole, *slices = sliced_lines(gpu, SLICES, power=chance.randrange(90_000, 700_000))
        lines += [whole, "gpm 50"]
        for line in slices:
            words = line.split()
            words[5] = str(chance.randrange(10_000))
            lines += [" ".join(words), f"gpm {chance.randrange(100)}"]
    driver.say(*lines)


def _real(driver: FakeDriver, folder: Path) -> dict[str, object]:
    kubelet = FakeKubelet(folder / "kubelet.sock", _pods())
    with listening(TinyServer()) as server, running(kubelet):
        agent = subprocess.Popen(
            [sys.executable, "-m", "agents", "node"],
            env={
                **driver.environment,
                "SUANQUAN_URL": server.url,
                "SUANQUAN_AGENT_DATA": str(folder / "agent"),
                "SUANQUAN_ENROL_CODE": "code-1",
                "SUANQUAN_KUBELET": str(kubelet.path),
                "SUANQUAN_HEALTH_PORT": "0",
            },
            stderr=subprocess.DEVNULL,
        )
        process = psutil.Process(agent.pid)
        time.sleep(5)  # starting costs once; what is asked is what running costs
        before, began = _spent(process), time.monotonic()
        time.sleep(REAL_S)
        spent, passed = _spent(process) - before, time.monotonic() - began
        pss = [p.memory_full_info().pss / MIB for p in _all(process)]
        agent.terminate()
        assert agent.wait(60) == 0
    return {
        "pss_mib": round(sum(pss), 1),
        "of_it_the_reading_process": round(sum(pss[1:]), 1),
        "goal_pss_mib": 48,
        "core_percent": round(100 * spent / passed, 3),
        "goal_core_percent": 0.3,
    }


def _pods() -> list[Pod]:
    """So many pods, each on a slice of its own."""
    slices = [mig_uuid(gpu, place) for gpu in range(GPUS) for place in range(SLICES)]
    resource = "nvidia.com/mig-1g.10gb"
    return [Pod(f"train-{n}-0", [(resource, name)]) for n, name in enumerate(slices[:PODS])]


def _all(agent: psutil.Process) -> list[psutil.Process]:
    """The agent and the process that reads the driver for it."""
    return [agent, *agent.children(recursive=True)]


def _spent(agent: psutil.Process) -> float:
    times = [process.cpu_times() for process in _all(agent)]
    return float(sum(time_pair.user + time_pair.system for time_pair in times))


def _driven(driver: FakeDriver, folder: Path) -> dict[str, object]:
    kubelet = FakeKubelet(folder / "driven.sock", _pods())
    kubelet.limited = False  # a day passes in minutes
    with running(kubelet):
        result = subprocess.run(
            [sys.executable, "-m", "bench.agents.agent", str(folder)],
            env={**os.environ, **driver.environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    fields: dict[str, object] = json.loads(result.stdout)
    return fields


def drive(folder: Path) -> dict[str, object]:
    """Hours of the loop in this process, and in the one that reads the driver."""
    driver = FakeDriver(folder, folder / "state")
    chance, clock = random.Random(0), 0  # noqa: S311
    process, memory = psutil.Process(), list[float]()
    watched, holders = WatchedDriver(), KubeletHolders(folder / "driven.sock")
    watched.open()
    with Spool(folder / "driven.db") as spool:
        sampler = Sampler(
            watched, holders, spool, Health(spool), lambda: Instant(START_MS + clock, clock)
        )
        sampler.sample()
        before = _spent(process)
        for second in range(1, HOURS * 3600 + 1):
            clock = second * 1_000
            if second % 600 == 0:
                load(driver, chance)
            sampler.sample()
            if second % 3600 == 0:
                memory.append(sum(p.memory_full_info().pss for p in _all(process)) / MIB)
        spent = _spent(process) - before
        windows = spool.depth()
    assert watched.restarts == 0
    watched.close()
    size = (folder / "driven.db").stat().st_size
    in_14_days = 14 * 86_400_000 // wire.MINUTE_MS * GPUS
    return {
        "driven_hours": HOURS,
        "driven_core_percent": round(100 * spent / (HOURS * 3600), 3),
        "driven_pss_mib_first_hour": round(memory[0], 1),
        "driven_pss_mib_last_hour": round(memory[-1], 1),
        "spool_bytes_a_window": round(size / windows),
        "spool_mib_for_14_days": round(size / windows * in_14_days / MIB),
        "spool_mib_bound": BYTES_MAX // MIB,
    }


if __name__ == "__main__":
    print(json.dumps(drive(Path(sys.argv[1]))))
