"""The process that reads the driver for the agent, and does nothing else.

A call into a wedged driver may never come back, and nothing can call it off. So the driver is asked
here, where the agent can watch, kill and start again (agents/driver/watchdog.py). It also is what
loads the driver's library: another version of it needs another process.

It ends when the agent closes the pipe, and the kernel kills it if the agent dies while it hangs.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys

from agents import wire
from agents.driver.nvml import DriverReplaced, NoGpu, Nvml
from agents.driver.pipe import Ask, Begun, Done, Saw, Word, line, read_ask
from agents.errors import NoDriver
from agents.observations import Look

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answer the agent until it has no more questions."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # said to the whole group: the agent decides
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not come between our words
    Reader(out).run()


class Reader:
    """The driver at one end, the pipe at the other."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._nvml: Nvml | None = None

    def run(self) -> None:
        """Until the pipe is closed, or the driver cannot be read by this process any more."""
        try:
            for said in sys.stdin.buffer:
                done = self._look(read_ask(said))
                self._say(done)
                if done.ended:
                    return
        except BrokenPipeError:
            return
        finally:
            if self._nvml is not None:
                self._nvml.close()

    def _look(self, asked: Ask) -> Done:
        try:
            if self._nvml is None:
                self._nvml = Nvml(begin=self._begin, without=asked.without)
            announced = self._nvml.announced()
            fault = self._nvml.see_each(self._saw, without=asked.without, last=asked.last)
        except NoDriver as error:
            empty = isinstance(error, NoGpu)
            why = wire.GapReason.NVML_ERROR if empty else wire.GapReason.DRIVER_RELOAD
            return Done(why, ended=True, sorry=(error.zh, error.en))
        except DriverReplaced:
            return Done(wire.GapReason.DRIVER_RELOAD, ended=True)
        return Done(fault, announced=announced, silent=self._nvml.silent)

    def _begin(self, gpu: str) -> None:
        self._say(Begun(gpu))

    def _saw(self, gpu: str, look: Look | wire.GapReason) -> None:
        self._say(Saw(gpu, look) if isinstance(look, Look) else Saw(gpu, None, look))

    def _say(self, word: Word) -> None:
        rest = memoryview(line(word))
        while rest:
            rest = rest[os.write(self._out, rest) :]


if __name__ == "__main__":
    main()
