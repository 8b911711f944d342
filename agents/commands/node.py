"""The agent of one node: a loop that looks, and a thread that reports.

They share nothing but the spool. So a slow or absent server never costs a sample. The driver is
read by a process of its own (agents/driver/watchdog.py), for which the loop hardly waits: while it
is slow the holders are still sampled every second, and when it hangs the minutes close all the
same. At SIGTERM the loop takes a last look, keeps the open minute, and the thread tries to send
once more.
"""

from __future__ import annotations

import logging
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from agents import wire
from agents.commands.health import Health, serve
from agents.driver.epochs import boot_id
from agents.driver.watchdog import Watched
from agents.errors import AgentError, IdentityError, Refused, SpoolDamaged, SpoolError, Unreachable
from agents.holders.holders import Holders, holders_of
from agents.metering.meter import Closed, Meter
from agents.observations import Driver, Instant, Sight
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import drain, phase_s
from agents.reporting.spool import GapRun, Spool
from agents.settings import Settings

_PAUSE_S = 300.0  # after something that a person must mend
_ENROL_AGAIN_S = 30.0
_LAST_TRY_S = 20.0
_LOOK_WAIT_S = 0.3  # a look that takes longer is fetched with one of the next samples
_LAST_LOOK_S = 2.0
_UNSAVED_MAX = 2_000  # windows kept in memory while the disk takes none
_log = logging.getLogger(__name__)


class _Stopping(Exception):
    """The agent was asked to stop while it waited."""


def run(settings: Settings) -> int:
    """Meter and report until SIGTERM or SIGINT; answers the exit code. Raises AgentError."""
    url = settings.server
    holders = holders_of(settings)
    driver = Watched()
    driver.open()
    try:
        return _run(settings, url, holders, driver)
    finally:
        driver.close()


def _run(settings: Settings, url: str, holders: Holders, driver: Driver) -> int:
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
            Sampler(driver, holders, spool, health, read_clocks).run(stopping)
        finally:
            stopping.set()
            thread.join(_LAST_TRY_S + 2)
            stop_pages()
            holders.close()
    return 0


class Sampler:
    """The loop that looks, by the clocks that it is given."""

    def __init__(
        self,
        driver: Driver,
        holders: Holders,
        spool: Spool,
        health: Health,
        clocks: Callable[[], Instant],
    ) -> None:
        self._driver, self._holders, self._spool, self._health = driver, holders, spool, health
        self._clocks = clocks
        self._meter = Meter(clocks(), boot_id(), spool.restore())
        self._unsaved = Closed()
        self._asked: Instant | None = None  # when the look was begun that is not answered yet

    def run(self, stopping: threading.Event) -> None:
        """Sample at every whole second until asked to stop; the last thing is a look."""
        while not stopping.is_set():
            self.sample()
            stopping.wait(1 - time.time() % 1)
        self.sample(last=True)

    def sample(self, *, last: bool = False) -> None:
        """Take one sample, begin a look where one is due, and take in the one that was begun."""
        at = self._clocks()
        if self._asked is None and (last or self._meter.due(at)):
            self._driver.ask()
            self._asked = at
        asked, sight = self._asked, self._sight(_LAST_LOOK_S if last else _LOOK_WAIT_S)
        holding = self._holders.read(datetime.fromtimestamp(at.wall_ms // 1000, UTC))
        self._health.asked(self._holders.fault)
        if sight is None:
            self._meter.see(self._clocks(), holding, None)
            return
        closed = self._meter.see(
            self._clocks(), holding, sight.looks, asked=asked, announced=sight.announced
        )
        self._health.closed(closed)
        self._keep(closed)

    def _sight(self, wait_s: float) -> Sight | None:
        """The look that was begun, if it is over."""
        sight = None if self._asked is None else self._driver.answer(wait_s)
        if sight is not None:
            self._asked = None
            self._health.looked(sight, self._driver.restarts)
            self._holders.seen(sight.looks)
        return sight

    def _keep(self, closed: Closed) -> None:
        """Put it on the disk; while the disk takes nothing, hold on to what is closed."""
        unsaved = self._unsaved
        unsaved.windows += closed.windows
        unsaved.gaps += closed.gaps
        try:
            self._spool.add(unsaved.windows, gaps=unsaved.gaps, checkpoint=self._meter.checkpoint())
            self._unsaved = Closed()
        except SpoolDamaged:
            raise  # the next start puts the file aside
        except SpoolError as error:
            _log.error("%s", error)
            unsaved.gaps += [_overflow(window) for window in unsaved.windows[:-_UNSAVED_MAX]]
            del unsaved.windows[:-_UNSAVED_MAX]


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
                identity = self._renewed(identity)
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
            told = error.code if isinstance(error, IdentityError) else ""
            self._health.refused(told or "not_enrolled")
            self._wait(_ENROL_AGAIN_S if isinstance(error, Unreachable) else _PAUSE_S)
            return None
        return known

    def _renewed(self, identity: Identity) -> Identity:
        """The identity on the disk: somebody may have given the node a new key."""
        try:
            return Identity.load(self._settings.data) or identity
        except AgentError as error:
            _log.error("%s", error)
            return identity

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


def _overflow(window: wire.Window) -> GapRun:
    start = wire.start_ms(window.start)
    overflow = wire.GapReason.SPOOL_OVERFLOW
    return GapRun(window.gpu, window.vendor, window.model, start, start, overflow)


def _obey_signals(stopping: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
