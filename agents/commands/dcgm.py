"""`suanquan-agent dcgm`: meters a cluster by its exporters, and reports as a node's agent does.

Every fifteen seconds all exporters are scraped at once; a Prometheus server is asked for the steps
since the last one instead. What they say goes through the node's meter, spool and reports.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from agents import wire
from agents.commands.health import Health
from agents.commands.keeper import Keeper
from agents.commands.node import Loop, read_clocks, run_and_report
from agents.errors import SettingsError
from agents.exporters.client import ScrapeFault
from agents.exporters.fleet import Answers, Fleet
from agents.exporters.prometheus import STEPS_MAX, Prometheus
from agents.exporters.scraper import Scraper
from agents.exporters.settings import ScrapeSettings
from agents.metering.cadence import Cadence
from agents.metering.meter import Meter
from agents.observations import Instant, ShareRule
from agents.reporting.spool import Spool
from agents.settings import Settings

_MISSED_MAX = 3  # scrapes that may be late before the time between them is nobody's
_SETTLED_S = 30  # after which a Prometheus server has what it scraped
_BACK_S = 72 * 3600
_log = logging.getLogger(__name__)


class Exporters(Protocol):
    """All exporters of a cluster, asked at once."""

    @property
    def faults(self) -> Mapping[str, str]:
        """The faults of the last round, by exporter, in one word."""

    def scrape(self) -> Answers:
        """Ask all of them."""


def run(settings: Settings) -> int:
    """Meter and report until SIGTERM or SIGINT; return the exit code. Raises AgentError."""
    url, scraped = settings.server, ScrapeSettings.read(os.environ)
    stale_s = 3.0 * scraped.every_s + (_SETTLED_S if scraped.prometheus else 0)

    def loop(spool: Spool) -> tuple[Loop, Health]:
        health = Health(spool, stale_s=stale_s)
        if scraped.prometheus is not None:
            server = Prometheus(scraped)
            past = PastSampler(server, settings.shares, spool, health)
            return past, health
        scraper = Scraper(scraped)
        every_ms = scraped.every_s * 1000
        live = LiveSampler(scraper, settings.shares, spool, health, read_clocks, every_ms=every_ms)
        return live, health

    return run_and_report(settings, url, loop)


class _Rounds:
    """What both loops do with a round: judge it, meter it, keep it."""

    def __init__(
        self, rule: ShareRule, spool: Spool, health: Health, at: Instant, every_ms: int
    ) -> None:
        cadence = Cadence(
            holds_ms=_MISSED_MAX * every_ms,
            needs_both_ends=True,
            late_gpu=wire.GapReason.EXPORTER_UNREACHABLE,
        )
        self.meter = Meter(at, None, spool.restore(), cadence)
        self._fleet = Fleet(rule, self.meter.gpus, at.wall_ms)
        self._health, self._keeper = health, Keeper(spool)

    def take(self, answers: Answers, begun: Instant, now: Instant) -> None:
        """Take the answers of one round."""
        sight, holdings = self._fleet.judge(answers, begun.wall_ms)
        minutes = self.meter.see(now, holdings, sight.looks, begun_at=begun, events=sight.events)
        self._health.record_minutes(minutes)
        self._keeper.keep(minutes, self.meter.checkpoint())
        self._health.record_look(sight)


class LiveSampler:
    """Scrapes exporters by the clock."""

    def __init__(
        self,
        exporters: Exporters,
        rule: ShareRule,
        spool: Spool,
        health: Health,
        clocks: Callable[[], Instant],
        *,
        every_ms: int,
    ) -> None:
        self._exporters, self._health, self._clocks = exporters, health, clocks
        self._every_ms = every_ms
        self._rounds = _Rounds(rule, spool, health, clocks(), every_ms)
        self._last_ms: int | None = None

    def run(self, stopping: threading.Event) -> None:
        """Scrape at every interval until `stopping` is set; end with a scrape."""
        every_s = self._every_ms / 1000
        while not stopping.is_set():
            self.sample()
            stopping.wait(every_s - time.time() % every_s)
        self.sample(last=True)

    def sample(self, *, last: bool = False) -> None:
        """Scrape, if it is time."""
        begun = self._clocks()
        turn = begun.wall_ms // self._every_ms
        if turn == self._last_ms and not last:
            return
        self._last_ms = turn
        answers = self._exporters.scrape()
        self._health.record_scrape(self._exporters.faults.values())
        self._rounds.take(answers, begun, self._clocks())


class PastSampler:
    """Asks a Prometheus server for what has passed since the last step."""

    def __init__(
        self,
        server: Prometheus,
        rule: ShareRule,
        spool: Spool,
        health: Health,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server, self._health = server, health
        self._step_s, self._clock = server.step_s, clock
        now = self._settled_s()
        at = Instant(now * 1000, now * 1000)
        has_past = spool.restore() is not None
        self._rounds = _Rounds(rule, spool, health, at, self._step_s * 1000)
        seen_s = -(-self._rounds.meter.seen_ms // 1000) + server.window_s
        begin_s = max(seen_s, now - _BACK_S) if has_past else now
        self._next_s = -(-begin_s // self._step_s) * self._step_s  # the last step once more
        self._last_fault = ""

    def run(self, stopping: threading.Event) -> None:
        """Ask at every interval until `stopping` is set."""
        while not stopping.is_set():
            self.sample()
            stopping.wait(self._step_s)

    def sample(self) -> None:
        """Take all steps that are settled; after a fault they are asked for again."""
        while self._next_s <= self._settled_s():
            last = min(self._settled_s(), self._next_s + (STEPS_MAX - 1) * self._step_s)
            try:
                rounds = list(self._server.rounds(self._next_s, last))
            except (ScrapeFault, SettingsError) as fault:
                word = fault.word if isinstance(fault, ScrapeFault) else "no_bearer"
                if word != self._last_fault:
                    _log.error("Prometheus: %s", fault)
                self._last_fault = word
                self._health.record_scrape([word])
                return
            self._last_fault = ""
            for at_ms, answers in rounds:
                begun_ms = at_ms - self._server.window_s * 1000
                self._rounds.take(answers, Instant(begun_ms, begun_ms), Instant(at_ms, at_ms))
                self._next_s = at_ms // 1000 + self._step_s

    def _settled_s(self) -> int:
        now = int(self._clock()) - _SETTLED_S
        return now - now % self._step_s
