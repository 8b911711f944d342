"""The agent of one node: a loop that looks, and a thread that reports.

They share nothing but the spool. So a slow or absent server never costs a sample, and a stuck
driver never holds back what is already written. At SIGTERM the loop takes a last look, keeps the
open minute, and the thread makes one last try to send.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from agents import wire
from agents.errors import (
    AgentError,
    IdentityError,
    Refused,
    SpoolDamaged,
    SpoolError,
    Unreachable,
)
from agents.health import Health, serve
from agents.holders import Holders, holders_of
from agents.identity import Identity, enrol
from agents.looks import Instant
from agents.meter import Closed, Meter
from agents.nvml import DriverReplaced, Nvml
from agents.report import drain, phase_s
from agents.settings import Settings
from agents.spool import GapRun, Spool

_PAUSE_S = 300.0  # after something that a person must mend
_ENROL_AGAIN_S = 30.0
_LAST_TRY_S = 20.0
_UNSAVED_MAX = 2_000  # windows kept in memory while the disk takes none
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_log = logging.getLogger(__name__)


class _Stopping(Exception):
    """The agent was asked to stop while it waited."""


def run(settings: Settings) -> int:
    """Meter and report until SIGTERM or SIGINT; answers the exit code. Raises AgentError."""
    url = settings.server
    holders = holders_of(settings)
    nvml = Nvml()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = Identity.load(settings.data)
    if known is None and settings.enrol_code is None:
        raise IdentityError(
            "本节点尚未注册：请向管理员索取注册码并设置 SUANQUAN_ENROL_CODE",
            "this node is not enrolled: ask an administrator for a code and set "
            "SUANQUAN_ENROL_CODE",
        )
    with open_spool(settings.spool) as spool:
        health = Health(spool)
        port, stop_pages = serve(health, settings.health_port)
        _log.info("metering; health pages on http://127.0.0.1:%d", port)
        stopping = threading.Event()
        _obey_signals(stopping)
        reporter = Reporter(settings, url, spool, health, stopping)
        thread = threading.Thread(target=reporter.run, name="report", daemon=True)
        thread.start()
        try:
            Sampler(nvml, holders, spool, health, read_clocks).run(stopping)
        finally:
            stopping.set()
            thread.join(_LAST_TRY_S + 2)
            stop_pages()
            nvml.close()
    return 0


class Sampler:
    """The loop that looks, by the clocks that it is given."""

    def __init__(
        self,
        nvml: Nvml,
        holders: Holders,
        spool: Spool,
        health: Health,
        clocks: Callable[[], Instant],
    ) -> None:
        self._nvml, self._holders, self._spool, self._health = nvml, holders, spool, health
        self._clocks = clocks
        self._meter = Meter(clocks(), boot_id(), spool.restore())
        self._unsaved = Closed()

    def run(self, stopping: threading.Event) -> None:
        """Sample at every whole second until asked to stop; the last thing is a look."""
        while not stopping.is_set():
            self.sample()
            stopping.wait(1 - time.time() % 1)
        self.sample(last=True)

    def sample(self, *, last: bool = False) -> None:
        """Take one sample, and a look where one is due."""
        looks = None
        at = self._clocks()
        if last or self._meter.due(at):
            try:
                looks = self._nvml.look()
            except DriverReplaced:
                self._start_anew()
            else:
                self._health.looked(looks)
                self._holders.seen(looks)
        holding = self._holders.read(datetime.fromtimestamp(at.wall_ms // 1000, UTC))
        self._health.asked(self._holders.fault)
        closed = self._meter.see(self._clocks(), holding, looks)
        if looks is not None:
            self._health.closed(closed)
            self._keep(closed, wire.GapReason.AGENT_DOWN)

    def _keep(self, closed: Closed, away: wire.GapReason) -> None:
        """Put it on the disk; while the disk takes nothing, hold on to what is closed."""
        unsaved = self._unsaved
        unsaved.windows += closed.windows
        unsaved.gaps += closed.gaps
        try:
            self._spool.add(
                unsaved.windows, gaps=unsaved.gaps, checkpoint=self._meter.checkpoint(away)
            )
            self._unsaved = Closed()
        except SpoolDamaged:
            raise  # the next start puts the file aside
        except SpoolError as error:
            _log.error("%s", error)
            unsaved.gaps += [_overflow(window) for window in unsaved.windows[:-_UNSAVED_MAX]]
            del unsaved.windows[:-_UNSAVED_MAX]

    def _start_anew(self) -> None:
        """Only a new process can load the new driver's library; its time away has that reason."""
        _log.warning("the driver was replaced: starting anew")
        self._keep(Closed(), wire.GapReason.DRIVER_RELOAD)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  ourselves, with our own arguments


class Reporter:
    """The thread that reports."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        spool: Spool,
        health: Health,
        stopping: threading.Event,
    ) -> None:
        self._settings, self._url, self._spool = settings, url, spool
        self._health, self._stopping = health, stopping

    def run(self) -> None:
        """Enrol if need be, then send once a minute until asked to stop."""
        identity = None
        try:
            while identity is None:
                identity = self._identity()
            while True:
                self._send(identity)
                self._wait((phase_s(identity.agent) - time.time()) % 60 or 60)
        except _Stopping:
            if identity is not None:
                self._last_try(identity)

    def _identity(self) -> Identity | None:
        try:
            known = Identity.load(self._settings.data)
            if known is None:
                code = self._settings.enrol_code or ""
                known = enrol(self._settings.data, self._url, code, self._settings.node)
                _log.info("enrolled as %s in cluster %s", known.agent, known.cluster)
        except AgentError as error:
            _log.error("%s", error)
            self._health.refused("not_enrolled")
            self._wait(_ENROL_AGAIN_S if isinstance(error, Unreachable) else _PAUSE_S)
            return None
        return known

    def _send(self, identity: Identity) -> None:
        try:
            drain(
                self._spool, identity, self._url, on_answer=self._health.answered, wait=self._wait
            )
        except AgentError as error:  # a person must mend it; metering goes on
            _log.error("%s", error)
            self._health.refused(error.code if isinstance(error, Refused) else "spool")
            self._wait(_PAUSE_S)
        except (ValueError, TypeError, sqlite3.Error):  # a fault of ours must not end the thread
            _log.exception("sending failed")
            self._health.refused("fault")
            self._wait(_PAUSE_S)

    def _last_try(self, identity: Identity) -> None:
        try:
            drain(self._spool, identity, self._url, give_up_after_s=0)
        except AgentError as error:
            _log.warning("%s", error)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopping


def open_spool(path: Path) -> Spool:
    """The spool; a damaged file is put aside and a new one begun, which is a new stream."""
    try:
        return Spool(path)
    except SpoolDamaged as error:
        aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        path.rename(aside)
        for rest in ("-wal", "-shm"):
            path.with_name(path.name + rest).unlink(missing_ok=True)
        _log.error("%s", error)
        _log.error("the damaged spool is kept as %s; a new one begins", aside)
        return Spool(path)


def read_clocks() -> Instant:
    """This moment on both clocks."""
    return Instant(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000)


def boot_id() -> str | None:
    """The kernel's id of this boot, where there is one."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except OSError:
        return None


def _overflow(window: wire.Window) -> GapRun:
    start = wire.start_ms(window.start)
    overflow = wire.GapReason.SPOOL_OVERFLOW
    return GapRun(window.gpu, window.vendor, window.model, start, start, overflow)


def _obey_signals(stopping: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
