"""The driver as the agent sees it: read by another process, which is watched.

One look may last eight seconds. A process that is late, or dies, is killed and started again; what
it had seen until then counts, and the GPU at which it hung is left out of the next looks for a
while, first a minute, at most ten, so that it costs the others nothing. While there is no process
that reads, every GPU is a gap. A process that cannot be killed (the kernel waits for the hardware)
is left behind; there are never more than two such.

A new process is also started beside the old one, and takes over when it can read, where that may
bring something back: a GPU that is lost stays lost to whoever had it open. Beside, because the last
process that lets go of a driver without persistence mode unloads it.
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
from agents.driver.pipe import Ask, Begun, Done, Saw, line, read_word
from agents.errors import NoDriver
from agents.observations import Look, Sight

LOOK_S = 8.0
OPEN_S = 60.0  # eight GPUs without persistence mode wake up one after the other
_PAUSES_S = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0)
_AWAY_S = (60.0, 120.0, 300.0, 600.0)  # a GPU that hung, or is lost, is tried again after these
_ENDING_S = 3.0
_UNDEAD_MAX = 2
_CHUNK = 65_536
_log = logging.getLogger(__name__)


class Child:
    """One process that reads the driver (agents/driver/reader.py)."""

    def __init__(self) -> None:
        ours = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
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
        self.asked = False
        self.at: str | None = None  # the GPU that it was last about to ask
        self.seen: dict[str, Look | wire.GapReason] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, ask: Ask) -> None:
        """Begin a look."""
        self.asked, self.at, self.seen = True, None, {}
        try:
            os.write(self._to, line(ask))  # far smaller than the pipe: it never waits
        except BrokenPipeError:
            _log.debug("process %d is gone already", self.pid)  # reading will find it out

    def answer(self, wait_s: float) -> Done | None:
        """What ends the look, or None when that does not come in time. Raises EOFError."""
        until = time.monotonic() + wait_s
        while True:
            done = self._read()
            if done is not None:
                self.asked = False
                return done
            left_s = until - time.monotonic()
            if left_s <= 0 or not self._ready.poll(left_s * 1000):
                return None

    def end(self) -> None:
        """Ask it to end; it lets go of the driver."""
        for pipe in self._pipes:
            pipe.close()

    def kill(self) -> None:
        """End it; where the kernel waits for the hardware, it will die when that answers."""
        self._process.kill()
        self.end()

    def is_gone(self) -> bool:
        """Whether nothing is left of it."""
        return self._process.poll() is not None

    def wait(self, seconds: float) -> None:
        """Wait for its end, then kill it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def _read(self) -> Done | None:
        try:
            chunk = os.read(self._from, _CHUNK)
        except BlockingIOError:
            return None
        if not chunk:
            raise EOFError
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for said in lines:
            try:
                word = read_word(said)
            except msgspec.DecodeError as error:
                raise EOFError(f"it does not speak as agreed: {error}") from error
            if isinstance(word, Begun):
                self.at = word.gpu
            elif isinstance(word, Saw):
                self.at = None
                self.seen[word.gpu] = word.look or word.fault or wire.GapReason.NVML_ERROR
            else:
                return word
        return None


class _Suspect(msgspec.Struct):
    """A GPU that hung, by its UUID or index: how often, and until when it is left out."""

    times: int = 0
    until_s: float = 0.0


class Watched:
    """The driver of this machine, read in a process that is watched."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.restarts = -1  # the first start is none
        self._clock = clock
        self._child: Child | None = None
        self._next: Child | None = None  # it opens the driver
        self._next_until_s = 0.0
        self._ending: list[tuple[float, Child]] = []
        self._failures = 0
        self._try_s = 0.0
        self._why = wire.GapReason.NVML_ERROR  # there is no child
        self._suspects: dict[str, _Suspect] = {}
        self._numbers: dict[str, int] = {}  # NVML's index of every GPU that was ever seen
        self._lost_times = 0
        self._look_s: float | None = None
        self._sorry: tuple[str, str] | None = None

    def open(self, wait_s: float = OPEN_S) -> None:
        """Start to read. Raises NoDriver; a driver that does not answer at all is only a gap."""
        until = self._clock() + wait_s
        while self._child is None and self._clock() < until:
            self._tend(until - self._clock())
            if self._sorry is not None:
                self.close()
                raise NoDriver(*self._sorry)
            if self._failures:
                _log.error("the driver does not answer: it is asked again and again")
                return

    def ask(self) -> None:
        """Begin a look."""
        self._look_s = self._clock()
        self._tend(0)
        if self._child is not None and not self._child.asked:
            self._child.ask(self._ask())

    def answer(self, wait_s: float) -> Sight | None:
        """The look that was begun, or None while it lasts: for eight seconds at most."""
        began = self._clock() if self._look_s is None else self._look_s
        deadline = began + LOOK_S
        until = min(self._clock() + wait_s, deadline)
        while True:
            left_s = max(0.0, until - self._clock())
            if self._child is None:
                self._tend(left_s)
            sight = self._from_child(left_s)
            if sight is None and self._child is None and self._next is None:
                sight = Sight(self._why)
            if sight is None and self._clock() >= deadline:
                sight = self._give_up("did not answer in time")
            if sight is not None or self._clock() >= until:
                self._look_s = self._look_s if sight is None else None
                return sight

    def close(self) -> None:
        """End every process."""
        left = [child for child in (self._child, self._next) if child is not None]
        for child in left:
            child.end()
        for child in [*left, *(child for _, child in self._ending)]:
            child.wait(_ENDING_S)
        self._child, self._next, self._ending = None, None, []

    # One look.

    def _ask(self) -> Ask:
        now = self._clock()
        without = {name for name, one in self._suspects.items() if now < one.until_s}
        without |= {f"#{self._numbers[name]}" for name in without if name in self._numbers}
        return Ask(tuple(sorted(without)), tuple(sorted(self._suspects)))

    def _from_child(self, wait_s: float) -> Sight | None:
        if self._child is None:
            return None
        if not self._child.asked:
            self._child.ask(self._ask())
        try:
            done = self._child.answer(wait_s)
        except EOFError as error:
            return self._give_up(f"died {error}".strip())
        return None if done is None else self._take(self._child, done)

    def _take(self, child: Child, done: Done) -> Sight:
        if done.ended:
            _log.warning("the driver was replaced: it is read by a new process")
            self._drop(done.fault or wire.GapReason.DRIVER_RELOAD)
            self._tend(0)
        if done.fault is not None:
            return Sight(done.fault, done.announced)
        self._failures = 0
        for uuid, look in child.seen.items():
            if isinstance(look, Look):
                if look.index is not None:
                    self._numbers[uuid] = look.index
                self._suspects.pop(uuid, None)
                self._suspects.pop(f"#{look.index}", None)
        self._seek_the_lost(child, done.silent)
        return Sight(self._with_suspects(child.seen), done.announced)

    def _give_up(self, how: str) -> Sight:
        """Kill it; what it saw before counts, and where it was is left out for a while."""
        child = self._child
        if child is None:
            return Sight(self._why)
        _log.error("the process that reads the driver %s (at %s)", how, child.at or "no GPU")
        if child.at is not None:
            self._suspect(child.at)
        seen = child.seen
        self._drop(wire.GapReason.NVML_ERROR)
        self._tend(0)
        missed = dict.fromkeys(set(self._numbers) - set(seen), wire.GapReason.NVML_ERROR)
        return Sight(seen | missed if seen else wire.GapReason.NVML_ERROR)

    def _with_suspects(
        self, seen: dict[str, Look | wire.GapReason]
    ) -> dict[str, Look | wire.GapReason]:
        hung = [uuid for uuid in self._suspects if uuid in self._numbers and uuid not in seen]
        return seen | dict.fromkeys(hung, wire.GapReason.NVML_ERROR)

    def _suspect(self, gpu: str) -> None:
        by_number = {f"#{number}": uuid for uuid, number in self._numbers.items()}
        one = self._suspects.setdefault(by_number.get(gpu, gpu), _Suspect())
        one.until_s = self._clock() + _AWAY_S[min(one.times, len(_AWAY_S) - 1)]
        one.times += 1

    # Which process reads.

    def _seek_the_lost(self, child: Child, silent: int) -> None:
        """A GPU that is lost, or not even listed: a new process may find it again."""
        absent = set(self._numbers) - set(child.seen) - set(self._suspects)
        if (
            not (absent or (silent and not self._suspects))
            and wire.GapReason.GPU_LOST not in child.seen.values()
        ):
            self._lost_times = 0
            return
        if self._lost_times == 0 or self._clock() >= self._try_s:
            if self._lost_times > 0:
                self._start()
            self._try_s = self._clock() + _AWAY_S[min(self._lost_times, len(_AWAY_S) - 1)]
            self._lost_times += 1

    def _tend(self, wait_s: float) -> None:
        """See to the processes that come and go; wait for the one that comes."""
        self._bury()
        if self._child is None and self._next is None and self._clock() >= self._try_s:
            self._start()
        if self._next is None:
            return
        try:
            done = self._next.answer(wait_s)
        except EOFError as error:
            done = Done(wire.GapReason.NVML_ERROR, ended=True)
            _log.error("the process that opens the driver died %s", error)
        if done is not None and not done.ended:
            self._take_over(self._next)
        elif done is not None:
            self._sorry = done.sorry
            self._abandon(done.fault or wire.GapReason.NVML_ERROR)
        elif self._clock() >= self._next_until_s:
            _log.error("the driver does not open (at %s)", self._next.at or "its start")
            if self._next.at is not None:
                self._suspect(self._next.at)
            self._abandon(wire.GapReason.NVML_ERROR)

    def _start(self) -> None:
        if self._next is not None or len(self._ending) >= _UNDEAD_MAX:
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
            if self._look_s is not None and old.asked:
                child.ask(self._ask())

    def _abandon(self, why: wire.GapReason) -> None:
        """The process that should have taken over cannot."""
        if self._next is not None:
            self._next.kill()
            self._ending.append((self._clock(), self._next))
            self._next = None
        if self._child is None:
            self._pause(why)

    def _drop(self, why: wire.GapReason) -> None:
        if self._child is not None:
            self._child.kill()
            self._ending.append((self._clock(), self._child))
            self._child = None
        self._pause(why)

    def _pause(self, why: wire.GapReason) -> None:
        self._why = why
        self._try_s = self._clock() + _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1

    def _bury(self) -> None:
        left = []
        for kill_s, child in self._ending:
            if not child.is_gone():
                if self._clock() >= kill_s:
                    child.kill()
                left.append((kill_s, child))
        self._ending = left
