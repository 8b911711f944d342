"""The child process that reads the driver for the agent, and does nothing else.

A call into a broken driver may never return and cannot be cancelled. So the driver is read here,
where the agent can watch, kill and restart the process (agents/driver/watchdog.py). This process
also loads the driver's library: another version needs another process.

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
from agents.driver.pipe import (
    GpuOpened,
    GpuResult,
    GpuStart,
    LookEnd,
    LookRequest,
    Message,
    decode_request,
    encode_line,
)
from agents.errors import NoDriver
from agents.observations import Look

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve the agent until it closes the pipe."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # sent to the process group; the agent decides
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not mix with the messages
    Reader(out).run()


class Reader:
    """Serves look requests from the pipe with the driver."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._nvml: Nvml | None = None

    def run(self) -> None:
        """Serve until the pipe is closed, or until this process can no longer read the driver."""
        try:
            for content in sys.stdin.buffer:
                end = self._look(decode_request(content))
                self._send(end)
                if end.exits:
                    return
        except BrokenPipeError:
            return
        finally:
            if self._nvml is not None:
                self._nvml.close()

    def _look(self, request: LookRequest) -> LookEnd:
        try:
            if self._nvml is None:
                self._nvml = Nvml(self._send_start, self._send_opened, request)
            events = self._nvml.events()
            fault = self._nvml.see_each(self._send_result, request)
        except NoDriver as error:
            empty = isinstance(error, NoGpu)
            why = wire.GapReason.NVML_ERROR if empty else wire.GapReason.DRIVER_RELOAD
            return LookEnd(why, exits=True, no_driver=(error.zh, error.en))
        except DriverReplaced:
            return LookEnd(wire.GapReason.DRIVER_RELOAD, exits=True)
        return LookEnd(fault, events=events, silent=self._nvml.silent)

    def _send_start(self, gpu: str) -> None:
        self._send(GpuStart(gpu))

    def _send_opened(self, gpu: str) -> None:
        self._send(GpuOpened(gpu))

    def _send_result(self, gpu: str, look: Look | wire.GapReason) -> None:
        self._send(GpuResult(gpu, look) if isinstance(look, Look) else GpuResult(gpu, None, look))

    def _send(self, message: Message) -> None:
        rest = memoryview(encode_line(message))
        while rest:
            rest = rest[os.write(self._out, rest) :]


if __name__ == "__main__":
    main()
