"""Ask sinfo how many GPUs the partitions have, and say it when it is news.

It only bounds what jobs can have held: without an answer nothing is told, and the jobs count.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Sequence
from datetime import datetime

from agents.sightings import Partitions
from agents.sources.job_trace import beijing_day
from agents.sources.slurm.partitions import SINFO, nodes_of, sighting_of
from agents.wire import start_ms

_TIMEOUT_S = 60
_ERROR_MAX = 300
_log = logging.getLogger(__name__)


class Sinfo:
    """`sinfo` of one Slurm cluster, of the local one without a name."""

    def __init__(self, cluster: str | None) -> None:
        self._command = [*SINFO, *([f"--clusters={cluster}"] if cluster else [])]
        self._told: tuple[object, ...] | None = None
        self._fault = ""

    def news(self, now: datetime) -> Partitions | None:
        """Return what it says if that differs from the last time, or a Beijing day has begun."""
        text = self._ask(self._command)
        if text is None:
            return None
        partitions = sighting_of(nodes_of(text), now)
        content = partitions.gpus, partitions.partitions, beijing_day(start_ms(now))
        if content == self._told or not partitions.partitions:
            return None
        self._told = content
        return partitions

    def _ask(self, command: Sequence[str]) -> str | None:
        try:
            process = subprocess.run(  # noqa: S603 - our own words, no shell
                command, env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
            fault = process.stderr.decode(errors="replace").strip() if process.returncode else ""
            is_answer = process.returncode == 0
        except (OSError, subprocess.TimeoutExpired) as error:
            fault, is_answer = str(error), False
        if fault != self._fault:
            self._fault = fault
            if fault:
                _log.warning("sinfo says nothing of partitions: %s", fault[:_ERROR_MAX])
        return process.stdout.decode(errors="replace") if is_answer else None
