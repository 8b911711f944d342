"""The driver, read by a child process under a watchdog.

One look may last eight seconds. A process that is late or dies is killed and restarted; its results
until then count, and the GPU at which it hung is skipped for a while, first for a minute, at most
for ten, so that it does not delay the others. While no process reads, every GPU is a gap. A process
that cannot be killed (the kernel waits for the hardware) is abandoned; there are at most two.

A lost GPU stays lost to a process that had it open. So when a GPU is lost, a new process is started
beside the old one and takes over when it can read. The old one stays until then, because the last
process that closes a driver without persistence mode unloads it.
"""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from agents import wire
from agents.driver.pipe import (
    GpuResult,
    GpuStart,
    LookEnd,
    LookRequest,
    decode_message,
    encode_line,
)
from agents.errors import NoDriver
from agents.observations import Look, NodeLook

LOOK_S = 8.0
OPEN_S = 60.0  # eight GPUs without persistence mode wake up one after the other
_PAUSES_S = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
_AWAY_S = (60.0, 120.0, 300.0, 600.0)  # pauses before a GPU that hung or is lost is tried again
_ENDING_S = 3.0
_ZOMBIES_MAX = 2
_CHUNK = 65_536
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
        self.at: str | None = None  # the GPU of the call in progress
        self.results: dict[str, Look | wire.GapReason] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, ask: LookRequest) -> None:
        """Start a look."""
        self.is_looking, self.at, self.results = True, None, {}
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
                self.at = message.gpu
            elif isinstance(message, GpuResult):
                self.at = None
                self.results[message.gpu] = (
                    message.look or message.fault or wire.GapReason.NVML_ERROR
                )
            else:
                return message
        return None


class _Suspect(msgspec.Struct):
    """A GPU that hung: how often, and until when it is skipped."""

    times: int = 0
    until_s: float = 0.0


class WatchedDriver:
    """The driver of this machine, read by a child process under a watchdog."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.restarts = -1  # the first start does not count
        self._clock = clock
        self._child: Child | None = None
        self._next: Child | None = None  # it is opening the driver
        self._next_until_s = 0.0
        self._ending: list[tuple[float, Child]] = []
        self._failures = 0
        self._try_s = 0.0
        self._gap_reason = wire.GapReason.NVML_ERROR  # reported while there is no child
        self._suspects: dict[str, _Suspect] = {}
        self._numbers: dict[str, int] = {}  # NVML's index by UUID, for every GPU that ever answered
        self._lost_times = 0
        self._look_s: float | None = None
        self._no_driver: tuple[str, str] | None = None

    def open(self, wait_s: float = OPEN_S) -> None:
        """Start the driver process. Raises NoDriver; a driver that hangs is only a gap."""
        until = self._clock() + wait_s
        while self._child is None and self._clock() < until:
            self._poll_processes(until - self._clock())
            if self._no_driver is not None:
                self.close()
                raise NoDriver(*self._no_driver)
            if self._failures:
                _log.error("the driver does not answer: trying again")
                return

    def ask(self) -> None:
        """Start a look."""
        self._look_s = self._clock()
        self._poll_processes(0)
        if self._child is not None and not self._child.is_looking:
            self._child.ask(self._ask())

    def answer(self, wait_s: float) -> NodeLook | None:
        """Return the look, or None if it needs longer than `wait_s`; it ends within 8 seconds."""
        start_s = self._clock() if self._look_s is None else self._look_s
        deadline = start_s + LOOK_S
        until = min(self._clock() + wait_s, deadline)
        while True:
            left_s = max(0.0, until - self._clock())
            if self._child is None:
                self._poll_processes(left_s)
            sight = self._poll_child(left_s)
            if sight is None and self._child is None and self._next is None:
                sight = NodeLook(self._gap_reason)
            if sight is None and self._clock() >= deadline:
                sight = self._give_up("did not answer in time")
            if sight is not None or self._clock() >= until:
                self._look_s = self._look_s if sight is None else None
                return sight

    def close(self) -> None:
        """End every child process."""
        children = [child for child in (self._child, self._next) if child is not None]
        for child in children:
            child.end()
        for child in [*children, *(child for _, child in self._ending)]:
            child.wait(_ENDING_S)
        self._child, self._next, self._ending = None, None, []

    # One look.

    def _ask(self) -> LookRequest:
        now = self._clock()
        skip = {name for name, suspect in self._suspects.items() if now < suspect.until_s}
        skip |= {f"#{self._numbers[name]}" for name in skip if name in self._numbers}
        return LookRequest(tuple(sorted(skip)), tuple(sorted(self._suspects)))

    def _poll_child(self, wait_s: float) -> NodeLook | None:
        if self._child is None:
            return None
        if not self._child.is_looking:
            self._child.ask(self._ask())
        try:
            end = self._child.answer(wait_s)
        except EOFError as error:
            return self._give_up(f"died {error}".strip())
        return None if end is None else self._take(self._child, end)

    def _take(self, child: Child, end: LookEnd) -> NodeLook:
        if end.exits:
            _log.warning("the driver was replaced: it is read by a new process")
            self._drop(end.fault or wire.GapReason.DRIVER_RELOAD)
            self._poll_processes(0)
        if end.fault is not None:
            return NodeLook(end.fault, end.events)
        self._failures = 0
        for uuid, look in child.results.items():
            if isinstance(look, Look):
                if look.index is not None:
                    self._numbers[uuid] = look.index
                self._suspects.pop(uuid, None)
                self._suspects.pop(f"#{look.index}", None)
        self._retry_lost_gpus(child, end.silent)
        return NodeLook(self._with_suspects(child.results), end.events)

    def _give_up(self, how: str) -> NodeLook:
        """Kill the child; its results count, and the GPU that hung is skipped for a while."""
        child = self._child
        if child is None:
            return NodeLook(self._gap_reason)
        _log.error("the process that reads the driver %s (at %s)", how, child.at or "no GPU")
        if child.at is not None:
            self._suspect(child.at)
        results = child.results
        self._drop(wire.GapReason.NVML_ERROR)
        self._poll_processes(0)
        gaps = dict.fromkeys(set(self._numbers) - set(results), wire.GapReason.NVML_ERROR)
        return NodeLook(results | gaps if results else wire.GapReason.NVML_ERROR)

    def _with_suspects(
        self, results: dict[str, Look | wire.GapReason]
    ) -> dict[str, Look | wire.GapReason]:
        stuck = [uuid for uuid in self._suspects if uuid in self._numbers and uuid not in results]
        return results | dict.fromkeys(stuck, wire.GapReason.NVML_ERROR)

    def _suspect(self, gpu: str) -> None:
        by_number = {f"#{number}": uuid for uuid, number in self._numbers.items()}
        suspect = self._suspects.setdefault(by_number.get(gpu, gpu), _Suspect())
        suspect.until_s = self._clock() + _AWAY_S[min(suspect.times, len(_AWAY_S) - 1)]
        suspect.times += 1

    # Which process reads.

    def _retry_lost_gpus(self, child: Child, silent: int) -> None:
        """Start a new process when a GPU is lost or not listed: it may find the GPU again."""
        absent = set(self._numbers) - set(child.results) - set(self._suspects)
        if (
            not (absent or (silent and not self._suspects))
            and wire.GapReason.GPU_LOST not in child.results.values()
        ):
            self._lost_times = 0
            return
        if self._lost_times == 0 or self._clock() >= self._try_s:
            if self._lost_times > 0:
                self._start()
            self._try_s = self._clock() + _AWAY_S[min(self._lost_times, len(_AWAY_S) - 1)]
            self._lost_times += 1

    def _poll_processes(self, wait_s: float) -> None:
        """Reap old processes, start a new one if due, and wait for it to open the driver."""
        self._reap()
        if self._child is None and self._next is None and self._clock() >= self._try_s:
            self._start()
        if self._next is None:
            return
        try:
            end = self._next.answer(wait_s)
        except EOFError as error:
            end = LookEnd(wire.GapReason.NVML_ERROR, exits=True)
            _log.error("the process that opens the driver died %s", error)
        if end is not None and not end.exits:
            self._take_over(self._next)
        elif end is not None:
            self._no_driver = end.no_driver
            self._abandon(end.fault or wire.GapReason.NVML_ERROR)
        elif self._clock() >= self._next_until_s:
            _log.error("the driver does not open (at %s)", self._next.at or "its start")
            if self._next.at is not None:
                self._suspect(self._next.at)
            self._abandon(wire.GapReason.NVML_ERROR)

    def _start(self) -> None:
        if self._next is not None or len(self._ending) >= _ZOMBIES_MAX:
            return
        self._next = Child()
        self._next.ask(self._ask())
        self._next_until_s = self._clock() + OPEN_S
        self.restarts += 1

    def _take_over(self, child: Child) -> None:
        old, self._child, self._next = self._child, child, None
        if old is not None:
            old.end()
            self._ending.append((self._clock() + _ENDING_S, old))
            if self._look_s is not None and old.is_looking:
                child.ask(self._ask())

    def _abandon(self, reason: wire.GapReason) -> None:
        """Give up the new process, which cannot open the driver."""
        if self._next is not None:
            self._next.kill()
            self._ending.append((self._clock(), self._next))
            self._next = None
        if self._child is None:
            self._pause(reason)

    def _drop(self, reason: wire.GapReason) -> None:
        if self._child is not None:
            self._child.kill()
            self._ending.append((self._clock(), self._child))
            self._child = None
        self._pause(reason)

    def _pause(self, reason: wire.GapReason) -> None:
        self._gap_reason = reason
        self._try_s = self._clock() + _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1

    def _reap(self) -> None:
        running = []
        for kill_s, child in self._ending:
            if not child.is_gone():
                if self._clock() >= kill_s:
                    child.kill()
                running.append((kill_s, child))
        self._ending = running
