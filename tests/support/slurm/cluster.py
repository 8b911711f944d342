"""A real Slurm of Debian for tests: daemons, a database and eight GPUs that are null devices."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 60.0
_HERE = Path(__file__).parent
_PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "sbatch", "runuser")


def why_not() -> str:
    """Why there can be no Slurm here; empty if there can."""
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    return f"Slurm is not installed ({', '.join(missing)}): see .ci/run" if missing else ""


@dataclass(frozen=True)
class Cluster:
    """The running daemons, in one folder."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment in which Slurm's clients find it."""
        return {**os.environ, "SLURM_CONF": str(self.folder / "etc/slurm.conf")}

    def command(self, *words: str) -> str:
        """What a client of Slurm prints."""
        return subprocess.run(
            words, env=self.env, capture_output=True, text=True, check=True, cwd=self.folder
        ).stdout

    def submit(self, user: str, *words: str, seconds: int) -> str:
        """Submit a job that sleeps; its number."""
        sbatch = ("sbatch", "--parsable", "--output=/dev/null", *words)
        return subprocess.run(
            ("runuser", "-u", user, "--", "env", f"SLURM_CONF={self.env['SLURM_CONF']}", *sbatch),
            input=f"#!/bin/sh\nsleep {seconds}\n", capture_output=True, text=True, check=True,
            cwd="/tmp",  # noqa: S108 - a folder that every user may enter
        ).stdout.strip()  # fmt: skip

    def state(self, number: str) -> str:
        """The state of a job, of the controller."""
        return self.command("squeue", "-h", "-t", "all", "-j", number, "-o", "%T").strip()

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until it is so."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, what
            time.sleep(0.5)

    def stop_database(self) -> None:
        """End slurmdbd, as when its host goes down."""
        pid = int((self.folder / "run/slurmdbd.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        self.wait("slurmdbd ends", lambda: not Path(f"/proc/{pid}").exists())

    def start_database(self) -> None:
        """Start slurmdbd again and wait until it answers."""
        line = f"setsid slurmdbd -D </dev/null >>{self.folder}/log/stderr.log 2>&1 &"
        subprocess.run(["bash", "-c", line], env=self.env, check=True)
        self.wait("slurmdbd answers", self._answers)

    def _answers(self) -> bool:
        words = ("sacctmgr", "-nP", "show", "cluster")
        return subprocess.run(words, env=self.env, capture_output=True, check=False).returncode == 0


@contextmanager
def slurm(folder: Path) -> Iterator[Cluster]:
    """Start it, and end it however the tests went."""
    script = str(_HERE / "up.sh")
    try:
        with (folder / "up.log").open("wb") as log:
            subprocess.run(["bash", script, str(folder), str(_ports(4))], check=True, stdout=log,
                           stderr=log, timeout=120)  # fmt: skip
        yield Cluster(folder)
    finally:
        subprocess.run(["bash", str(_HERE / "down.sh"), str(folder)], check=False, timeout=120)


def _ports(count: int) -> int:
    """The first of some free ports that follow one another."""
    for first in range(26_800, 32_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("no free ports")
