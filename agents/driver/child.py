"""One driver process, as the agent sees it: it is asked, and its lines are read as they come."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from agents import wire
from agents.driver.pipe import (
    GpuOpened,
    GpuResult,
    GpuStart,
    LookEnd,
    LookRequest,
    decode_message,
    encode_line,
)
from agents.observations import Look

_CHUNK = 65_536
_ENDS_WITHIN_S = 0.2
_log = logging.getLogger(__name__)


class Child:
    """One driver process (agents/driver/reader.py)."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "agents.driver.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            bufsize=0,
        )
        self._pipes = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe]
        self._to, self._from = (pipe.fileno() for pipe in self._pipes)
        os.set_blocking(self._from, False)
        self._ready = select.poll()
        self._ready.register(self._from, select.POLLIN)
        self._rest = b""
        self.is_looking = False
        self.at: set[str] = set()  # the GPUs that are being read
        self.results: dict[str, Look | wire.GapReason] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, ask: LookRequest) -> None:
        """Start a look."""
        self.is_looking, self.at, self.results = True, set(), {}
        try:
            os.write(self._to, encode_line(ask))  # far smaller than the pipe, so it never blocks
        except BrokenPipeError:
            _log.debug("process %d is gone already", self.pid)  # reading will raise EOFError

    def answer(self, wait_s: float) -> LookEnd | None:
        """Return the end of the look, or None after `wait_s` seconds. Raises EOFError."""
        until = time.monotonic() + wait_s
        while True:
            end = self._read()
            if end is not None:
                self.is_looking = False
                return end
            left_s = until - time.monotonic()
            if left_s <= 0 or not self._ready.poll(left_s * 1000):
                return None

    def end(self) -> None:
        """Close the pipes: the process closes the driver and ends."""
        for pipe in self._pipes:
            pipe.close()

    def kill(self) -> None:
        """Kill it; if the kernel waits for the hardware, it dies when that answers."""
        self._process.kill()
        self.end()

    def is_gone(self) -> bool:
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def was_killed(self) -> bool:
        """Return whether it was ended from outside, and not by what it was doing.

        Its pipe closes a moment before it has ended.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_S)
        return self._process.returncode in (-signal.SIGKILL, -signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait this many seconds for its end, then kill it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def _read(self) -> LookEnd | None:
        try:
            chunk = os.read(self._from, _CHUNK)
        except BlockingIOError:
            return None
        if not chunk:
            raise EOFError
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for content in lines:
            try:
                message = decode_message(content)
            except msgspec.DecodeError as error:
                raise EOFError(f"it does not speak as agreed: {error}") from error
            if isinstance(message, GpuStart):
                self.at.add(message.gpu)
            elif isinstance(message, GpuOpened):
                self.at.discard(message.gpu)
            elif isinstance(message, GpuResult):
                self.at.discard(message.gpu)
                self.results[message.gpu] = (
                    message.look or message.fault or wire.GapReason.NVML_ERROR
                )
            else:
                return message
        return None
