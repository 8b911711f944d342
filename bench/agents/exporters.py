"""What the agent of a cluster costs: 40 exporters of 8 GPUs, scraped every 15 seconds.

The real process, over sockets, measured over a minute from outside; the exporters run in another
process. Each exposition has 46 families, of which the agent reads ten, with the labels of a pod.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

from tests.support.agents.fake_exporter import (
    FakeExporter,
    dcgm_rows,
    page,
    pod,
    row,
    serving_exporter,
)
from tests.support.agents.tiny_server import TinyServer, listening

EXPORTERS, GPUS, MORE_FAMILIES = 40, 8, 39
EVERY_S, WARM_S, REAL_S = 15, 35, 60
MIB = 2**20


def run() -> dict[str, object]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as name, listening(TinyServer()) as server:
        exporters = subprocess.Popen(
            [sys.executable, "-m", "bench.agents.exporters"], stdout=subprocess.PIPE, text=True
        )
        assert exporters.stdout is not None
        urls, size = exporters.stdout.readline().strip(), exporters.stdout.readline().strip()
        agent = subprocess.Popen(
            [sys.executable, "-m", "agents", "dcgm"],
            env={
                "SUANQUAN_URL": server.url,
                "SUANQUAN_AGENT_DATA": str(Path(name) / "agent"),
                "SUANQUAN_ENROL_CODE": "code-1",
                "SUANQUAN_EXPORTERS": urls,
                "SUANQUAN_SCRAPE_S": str(EVERY_S),
                "SUANQUAN_HEALTH_PORT": "0",
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            return _measure(psutil.Process(agent.pid)) | {
                "KiB of one exposition": round(int(size) / 1024),
                "windows that came": len(server.windows_kept()),
            }
        finally:
            for process in (agent, exporters):
                process.terminate()
                process.wait()


def _measure(process: psutil.Process) -> dict[str, object]:
    time.sleep(WARM_S)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(REAL_S)
    spent, wall = sum(process.cpu_times()[:2]) - before, time.monotonic() - began
    return {
        "% of a core": round(100 * spent / wall, 2),
        "PSS MiB": round(process.memory_full_info().pss / MIB, 1),
    }


def _gpu_rows(exporter: int, gpu: int) -> list[str]:
    uuid = f"GPU-{exporter:08x}-0000-4000-8000-{gpu:012x}"
    labels = pod(f"train-{gpu}")
    energy = 1_000_000 + time.time_ns() // 5_000_000
    common = {"gpu": str(gpu), "UUID": uuid, "device": f"nvidia{gpu}", "modelName": "NVIDIA H100",
              "Hostname": f"node-{exporter}", "DCGM_FI_DRIVER_VERSION": "580.105.08"}  # fmt: skip
    more = [row(f"DCGM_FI_DEV_FIELD_{n}", n, **common, **labels) for n in range(MORE_FAMILIES)]
    return dcgm_rows(uuid, energy, **labels) + more


def _serve() -> None:
    def write(exporter: int) -> str:
        return page([line for gpu in range(GPUS) for line in _gpu_rows(exporter, gpu)])

    with ExitStack() as stack:
        fakes = [FakeExporter(lambda n=n: write(n)) for n in range(EXPORTERS)]  # type: ignore[misc]
        urls = [stack.enter_context(serving_exporter(fake)).url for fake in fakes]
        print(" ".join(urls))
        print(len(write(0)), flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    _serve()
