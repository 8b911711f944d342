"""`suanquan-agent node`: a loop that samples, and a thread that reports.

They share only the spool, so a slow or absent server never costs a sample. The driver is read by a
child process (agents/driver/watchdog.py), for which the loop waits a fraction of a second: while it
is slow, the holders are still sampled every second, and when it hangs, the minutes still close. At
SIGTERM the loop takes a last look and stores the open minute, and the thread sends once more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from agents.commands.health import Health, page_url, serve
from agents.commands.keeper import Keeper
from agents.commands.readings import Readings
from agents.commands.reporter import LAST_TRY_S, Reporter, obey_signals, open_spool
from agents.driver.epochs import boot_id
from agents.driver.watchdog import WatchedDriver
from agents.errors import IdentityError
from agents.holders.source import Holders, holders_of
from agents.metering.meter import Meter
from agents.observations import Driver, Instant, NodeLook
from agents.reporting.identity import Identity
from agents.reporting.spool import Spool
from agents.settings import Settings

_LOOK_WAIT_S = 0.3  # the result of a longer look is taken with one of the next samples
_LAST_LOOK_S = 2.0
_log = logging.getLogger(__name__)


class Loop(Protocol):
    """A loop that meters."""

    def run(self, stopping: threading.Event) -> None:
        """Meter until `stopping` is set."""


def run(settings: Settings) -> int:
    """Meter and report until SIGTERM or SIGINT; return the exit code. Raises AgentError."""
    url = None if settings.by_courier else settings.server
    holders = holders_of(settings)
    driver = WatchedDriver()
    driver.open()

    def loop(spool: Spool) -> tuple[Loop, Health]:
        health = Health(spool, Readings(settings.node) if settings.readings else None)
        return Sampler(driver, holders, spool, health, read_clocks), health

    try:
        return run_and_report(settings, url, loop)
    finally:
        driver.close()
        holders.close()


def run_and_report(
    settings: Settings, url: str | None, loop_of: Callable[[Spool], tuple[Loop, Health]]
) -> int:
    """Run this loop beside a thread that reports, until SIGTERM or SIGINT. Raises AgentError.

    Without an address (a courier goes) it keeps what it meters, enrolled or not yet.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    identity = Identity.load(settings.data)
    if identity is None and settings.read_code() is None and url is not None:
        raise IdentityError(
            "本节点尚未注册：请向管理员索取注册码并设置 SUANQUAN_ENROL_CODE",
            "this node is not enrolled: ask an administrator for a code and set "
            "SUANQUAN_ENROL_CODE",
        )
    with open_spool(settings.spool) as spool:
        loop, health = loop_of(spool)
        port, stop_pages = serve(health, settings.health_port, settings.health_host)
        _log.info("metering; health pages on %s", page_url(settings.health_host, port))
        stopping = threading.Event()
        obey_signals(stopping)
        thread = None
        if url is not None:
            reporter = Reporter(settings, url, spool, health, stopping)
            thread = threading.Thread(target=reporter.run, name="report", daemon=True)
            thread.start()
        try:
            loop.run(stopping)
        finally:
            stopping.set()
            if thread is not None:
                thread.join(LAST_TRY_S + 2)
            stop_pages()
    return 0


class Sampler:
    """The sampling loop; `clocks` gives the time."""

    def __init__(
        self,
        driver: Driver,
        holders: Holders,
        spool: Spool,
        health: Health,
        clocks: Callable[[], Instant],
    ) -> None:
        self._driver, self._holders, self._health = driver, holders, health
        self._clocks = clocks
        self._meter = Meter(clocks(), boot_id(), spool.restore())
        self._keeper = Keeper(spool)
        self._pending_look: Instant | None = None  # the start of the look in progress

    def run(self, stopping: threading.Event) -> None:
        """Sample at every whole second until `stopping` is set; end with a look."""
        while not stopping.is_set():
            self.sample()
            stopping.wait(1 - time.time() % 1)
        self.sample(last=True)

    def sample(self, *, last: bool = False) -> None:
        """Take one sample, start a look if one is due, and take the result of the last one."""
        at = self._clocks()
        self._driver.poll()
        if self._pending_look is None and (last or self._meter.due(at)):
            self._driver.ask()
            self._pending_look = at
        begun_at, sight = self._pending_look, self._sight(_LAST_LOOK_S if last else _LOOK_WAIT_S)
        holdings = self._holders.read(datetime.fromtimestamp(at.wall_ms // 1000, UTC))
        self._health.record_holders(self._holders.fault, holdings)
        if sight is None:
            self._meter.see(self._clocks(), holdings, None)
            return
        minutes = self._meter.see(
            self._clocks(), holdings, sight.looks, begun_at=begun_at, events=sight.events
        )
        self._health.record_minutes(minutes)
        self._keeper.keep(minutes, self._meter.checkpoint())
        self._health.record_look(sight, self._driver.restarts)  # healthy: looked, and kept

    def _sight(self, wait_s: float) -> NodeLook | None:
        """Return the result of the look in progress, or None."""
        sight = None if self._pending_look is None else self._driver.answer(wait_s)
        if sight is not None:
            self._pending_look = None
            self._holders.update_devices(sight.looks)
        return sight


def read_clocks() -> Instant:
    """Return this moment on both clocks."""
    return Instant(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000)
