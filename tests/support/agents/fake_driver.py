"""A driver for the agent's tests: fake_nvml.c, loaded by the real nvidia-ml-py, and its state."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import files
from pathlib import Path

from agents.driver.nvml import Nvml
from agents.observations import NodeLook

HERE = Path(__file__).parent


@dataclass
class FakeDriver:
    """The fake driver's library and its state file."""

    folder: Path  # holds libnvidia-ml.so.1
    state: Path
    lines: list[str] = field(default_factory=lambda: ["driver 580.65.06"])

    def say(self, *lines: str) -> None:
        """Make this the whole state, at once."""
        draft = self.state.with_suffix(".new")
        draft.write_text("\n".join(("driver 580.65.06", *lines)) + "\n")
        draft.replace(self.state)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to load this driver in place of a real one."""
        return {
            **os.environ,
            "LD_LIBRARY_PATH": str(self.folder),
            "FAKE_NVML": str(self.state),
            "PYTHONPATH": str(HERE.parents[1]),
        }

    def run(self, code: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python code in a process of its own, on this driver."""
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def gpu_uuid(number: int) -> str:
    return f"GPU-00000000-0000-4000-8000-{number:012d}"


def mig_uuid(gpu: int, place: int) -> str:
    return f"MIG-00000000-0000-4000-8000-{gpu:06d}{place:06d}"


def gpu_line(number: int, **values: int) -> str:
    answer = {"error": 0, "mig": 0, "util": 37, "memory": 1024, "power": 300_000, "energy": 5_000}
    answer |= values
    return f"gpu {gpu_uuid(number)} {' '.join(map(str, answer.values()))} NVIDIA H100 80GB HBM3"


def sliced_lines(number: int, slices: int = 7, **values: int) -> list[str]:
    return [
        gpu_line(number, **{"mig": 1, "util": -1, **values}),
        *(
            f"slice {place + 1} 0 {place} 1 {100 + place} {mig_uuid(number, place)} 1g.10gb"
            for place in range(slices)
        ),
    ]


def compile_driver(folder: Path, *options: str) -> Path:
    """Compile the fake driver into `folder`. Raises where there is no C compiler."""
    header = next(path for path in files("nvidia-nvml-dev") or [] if path.name == "nvml.h")
    library = folder / "libnvidia-ml.so.1"
    include = Path(str(header.locate())).parent
    subprocess.run(
        [
            *("gcc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-Wl,-soname,libnvidia-ml.so.1"),
            *(*options, f"-I{include}", "-o", str(library), str(HERE / "fake_nvml.c")),
        ],
        check=True,
    )
    return library


class Direct:
    """The driver read in this very process, where a test needs no other one."""

    restarts = 0

    def __init__(self, nvml: Nvml | None = None) -> None:
        self.nvml = Nvml() if nvml is None else nvml

    def poll(self) -> None:
        """There is no other process."""

    def ask(self) -> None:
        """The answer is taken when it is asked for."""

    def answer(self, wait_s: float) -> NodeLook | None:
        del wait_s
        events = self.nvml.events()
        return NodeLook(self.nvml.look(), events)

    def close(self) -> None:
        self.nvml.close()
