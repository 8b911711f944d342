"""The driver, read by a child process under a watchdog.

A GPU whose call hangs costs only itself (agents/driver/workers.py). A look may last eight seconds;
a process that is late is killed, and its results until then count. When a process dies, the next
one begins at once, still within the look. Where it died while several GPUs were read, the next one
reads them one by one, and the GPU at which that one dies is skipped for a while, first for a
minute, at most for ten. While no process reads, every GPU is a gap. A process that cannot be killed
(the kernel waits for the hardware) is abandoned; there are at most two.

A lost GPU stays lost to a process that had it open. So while a GPU is lost, before each look a new
process is started beside the old one and takes over when it can read. The old one stays until then,
because the last process that closes a driver without persistence mode unloads it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

import msgspec

from agents import wire
from agents.driver.child import Child
from agents.driver.pipe import LookEnd, LookRequest
from agents.errors import NoDriver
from agents.observations import Look, NodeLook

LOOK_S = 8.0
GPU_S = 7.0  # of them, for each GPU
OPEN_S = 60.0  # eight GPUs without persistence mode wake up one after the other
_PAUSES_S = (0.0, 0.0, 2.0, 4.0)  # before a driver that fails is opened again
_AWAY_S = (60.0, 120.0, 300.0, 600.0)  # before a GPU that killed its reader is tried again
_RETRY_LOST_S = 2.0  # after a look that found a GPU lost, a new process looks for it
_LOST_LONG_S, _RETRY_LONG_LOST_S = (
    600.0,
    60.0,
)  # a GPU that is lost for long is looked for less often
_ENDING_S = 3.0
_ZOMBIES_MAX = 2
_log = logging.getLogger(__name__)


class _Suspect(msgspec.Struct):
    """A GPU that killed its reader: how often, and until when it is skipped."""

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
        self._is_careful = False  # a process died, at one of several GPUs
        self._lost_since_s: float | None = None
        self._retry_s: float | None = None  # when a new process shall look for the lost GPUs
        self._look_s: float | None = None
        self._partial: dict[str, Look | wire.GapReason] = {}  # of this look, by processes that died
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

    def poll(self) -> None:
        """Notice a process that died, and start or take over another."""
        if self._child is not None and not self._child.is_looking and self._child.is_gone():
            _log.error("the process that reads the driver died")
            self._drop(wire.GapReason.NVML_ERROR)
        self._poll_processes(0)

    def ask(self) -> None:
        """Start a look."""
        self._look_s = self._clock()
        self._partial = {}
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
            if sight is None and self._clock() >= deadline:
                self._bury("did not answer in time")
                sight = self._give_up()
            if sight is None and self._child is None and self._next is None:
                self._poll_processes(0)
                if self._next is None:
                    sight = self._give_up()
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
        return LookRequest(
            tuple(sorted(skip)), tuple(sorted(self._suspects)), GPU_S, self._is_careful
        )

    def _poll_child(self, wait_s: float) -> NodeLook | None:
        if self._child is None:
            return None
        if not self._child.is_looking:
            self._child.ask(self._ask())
        try:
            end = self._child.answer(wait_s)
        except EOFError as error:
            self._bury(f"died {error}".strip())
            return None
        return None if end is None else self._take(self._child, end)

    def _take(self, child: Child, end: LookEnd) -> NodeLook:
        if end.exits:
            _log.warning("the driver was replaced: it is read by a new process")
            self._drop(end.fault or wire.GapReason.DRIVER_RELOAD)
            self._poll_processes(0)
        if end.fault is not None:
            return NodeLook(end.fault, end.events)
        self._failures, self._is_careful = 0, False
        for uuid, look in child.results.items():
            if isinstance(look, Look):
                if look.index is not None:
                    self._numbers[uuid] = look.index
                self._suspects.pop(uuid, None)
                self._suspects.pop(f"#{look.index}", None)
        self._note_lost_gpus(child, end.silent)
        return NodeLook(self._in_order(self._with_suspects(child.results)), end.events)

    def _bury(self, how: str) -> None:
        """Kill the child and start another; what it saw until now counts."""
        child = self._child
        if child is None:
            return
        at = ", ".join(sorted(child.at)) or "no GPU"
        _log.error("the process that reads the driver %s (at %s)", how, at)
        if not child.was_killed():
            self._blame(child.at)
        self._partial |= child.results
        self._drop(wire.GapReason.NVML_ERROR)
        self._poll_processes(0)

    def _give_up(self) -> NodeLook:
        """End the look with what was seen until now."""
        results, self._partial = self._partial, {}
        if not results:
            return NodeLook(self._gap_reason)
        gaps = dict.fromkeys(set(self._numbers) - set(results), self._gap_reason)
        return NodeLook(results | gaps)

    def _in_order(
        self, results: dict[str, Look | wire.GapReason]
    ) -> dict[str, Look | wire.GapReason]:
        """Return the results by NVML's numbers; the threads answer in any order."""
        return dict(sorted(results.items(), key=lambda item: self._numbers.get(item[0], -1)))

    def _with_suspects(
        self, results: dict[str, Look | wire.GapReason]
    ) -> dict[str, Look | wire.GapReason]:
        stuck = [uuid for uuid in self._suspects if uuid in self._numbers and uuid not in results]
        return results | dict.fromkeys(stuck, wire.GapReason.NVML_ERROR)

    def _blame(self, gpus: Collection[str]) -> None:
        """Skip the GPU at which a process died for a while, or find out which it was."""
        self._is_careful = len(gpus) > 1
        if len(gpus) != 1:
            return
        by_number = {f"#{number}": uuid for uuid, number in self._numbers.items()}
        (gpu,) = gpus
        suspect = self._suspects.setdefault(by_number.get(gpu, gpu), _Suspect())
        suspect.until_s = self._clock() + _AWAY_S[min(suspect.times, len(_AWAY_S) - 1)]
        suspect.times += 1

    # Which process reads.

    def _note_lost_gpus(self, child: Child, silent: int) -> None:
        """Plan a new process when a GPU is lost or not listed: it may find the GPU again."""
        absent = set(self._numbers) - set(child.results) - set(self._suspects)
        is_lost = (
            bool(absent)
            or (silent > 0 and not self._suspects)
            or wire.GapReason.GPU_LOST in child.results.values()
        )
        now = self._clock()
        if not is_lost:
            self._lost_since_s = self._retry_s = None
            return
        if self._lost_since_s is None:
            self._lost_since_s = now
        is_old = now - self._lost_since_s > _LOST_LONG_S
        if self._retry_s is None:
            self._retry_s = now + (_RETRY_LONG_LOST_S if is_old else _RETRY_LOST_S)

    def _poll_processes(self, wait_s: float) -> None:
        """Reap old processes, start a new one if due, and wait for it to open the driver."""
        self._reap()
        if self._retry_s is not None and self._clock() >= self._retry_s:
            self._retry_s = None
            self._start()
        if self._child is None and self._next is None and self._clock() >= self._try_s:
            self._start()
        if self._next is None:
            return
        try:
            end = self._next.answer(wait_s)
        except EOFError as error:
            end = LookEnd(wire.GapReason.NVML_ERROR, exits=True)
            self._blame(self._next.at)
            _log.error("the process that opens the driver died %s", error)
        if end is not None and not end.exits:
            self._take_over(self._next)
        elif end is not None:
            self._no_driver = end.no_driver
            self._abandon(end.fault or wire.GapReason.NVML_ERROR)
        elif self._clock() >= self._next_until_s:
            _log.error("the driver does not open (at %s)", self._next.at or "its start")
            self._blame(self._next.at)
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
