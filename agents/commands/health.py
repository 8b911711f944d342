"""Health pages: /healthz for the node's supervisor, /metrics for Prometheus.

Healthy means that the newest look showed a GPU and is younger than fifteen seconds, nothing else:
an agent that cannot reach the server still meters, and a restart would only make a gap. Both pages
are served on the loopback address alone, unless the settings name another.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

from agents import exposition, wire
from agents.commands.readings import Readings
from agents.errors import SettingsError
from agents.listener import Listener
from agents.metering.meter import LOOK_MS, ClosedMinutes
from agents.observations import Holdings, Look, NodeLook
from agents.reporting.spool import Spool

STALE_S = 15 * LOOK_MS // 10_000  # one look and a half
HELP = {
    "look_age_seconds": "age of the newest look at the GPUs; -1 when none yet",
    "gpus": "GPUs that the newest look shows",
    "windows_total": "windows closed",
    "conservation_faults_total": "windows that held a device twice; sent as gaps",
    "gap_seconds_total": "GPU-seconds that were not observed, by reason",
    "left_out_seconds_total": "GPU-seconds that a set clock put into closed minutes",
    "driver_restarts_total": "restarts of the process that reads the driver",
    "announced_total": "events of the driver: XIDs, new MIG slices",
    "holder_faults_total": "seconds with incomplete holders, by reason",
    "scrape_faults_total": "scrapes without a whole answer, by reason",
    "spool_windows": "windows that wait for the server",
    "spool_oldest_age_seconds": "age of the oldest window that waits; 0 when none",
    "spool_refused": "windows that the server refused: kept, and told again each hour",
    "answered_windows_total": "windows that the server answered, by outcome",
    "answer_age_seconds": "time since the server's last answer; -1 when none yet",
    "server_refuses": "1 while the server refuses this agent, by its code",
}


class Health:
    """Figures of the running agent; its threads write them, the pages read them."""

    def __init__(
        self, spool: Spool, readings: Readings | None = None, stale_s: float = STALE_S
    ) -> None:
        self._spool, self._stale_s = spool, stale_s
        self._readings = readings
        self._lock = threading.Lock()
        self._look_s: float | None = None
        self._answer_s: float | None = None
        self._gpus = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._gap_ms: Counter[str] = Counter()
        self._refusal = ""

    def record_look(self, sight: NodeLook, restarts: int = 0) -> None:
        """Record a look. One that shows no GPU does not count for the age of the newest look."""
        looks = sight.looks
        if self._readings is not None:
            self._readings.record_look(looks)
        count = 0 if isinstance(looks, str) else sum(isinstance(x, Look) for x in looks.values())
        with self._lock:
            self._gpus = count
            self._counts["driver_restarts_total", ""] = restarts
            for words in sight.events.values():
                for word in words:
                    self._counts["announced_total", word.partition("@")[0]] += 1
            if count:
                self._look_s = time.monotonic()

    def record_holders(self, fault: str, holdings: Holdings | wire.GapReason) -> None:
        """Record a sample of the holders; `fault` is why it is incomplete, or empty."""
        if self._readings is not None:
            self._readings.record_holdings(holdings)
        if fault:
            with self._lock:
                self._counts["holder_faults_total", fault] += 1

    def record_scrape(self, faults: Iterable[str]) -> None:
        """Record why exporters gave no whole answer, one word for each of them."""
        with self._lock:
            for fault in faults:
                self._counts["scrape_faults_total", fault] += 1

    def record_minutes(self, minutes: ClosedMinutes) -> None:
        """Record windows and gaps."""
        with self._lock:
            for window in minutes.windows:
                self._counts["windows_total", ""] += 1
                self._counts["conservation_faults_total", ""] += "inconsistent" in window.flags
                for gap in window.gaps:
                    self._gap_ms[gap.reason] += gap.to_ms - gap.from_ms
            for run in minutes.gaps:
                length = run.last_ms - run.first_ms + wire.grid_ms(run.gpu)
                self._gap_ms[run.reason] += length
            self._counts["left_out_seconds_total", ""] += minutes.left_out_ms // 1000

    def record_answer(self, answer: wire.Answer) -> None:
        """Record the server's answer to a batch."""
        with self._lock:
            self._answer_s, self._refusal = time.monotonic(), ""
            for word in ("kept", "known"):
                self._counts["answered_windows_total", word] += getattr(answer, word)
            for word in ("conflicts", "quarantined", "refused"):
                self._counts["answered_windows_total", word] += len(getattr(answer, word))

    def record_refusal(self, code: str) -> None:
        """Record why the server refuses this agent, or why nothing was sent."""
        with self._lock:
            self._refusal = code

    def verdict(self) -> tuple[bool, str]:
        """Return whether the agent is healthy, and a sentence in both languages."""
        with self._lock:
            if self._look_s is None:
                return False, "尚未读到任何 GPU\nno GPU was seen yet\n"
            if not self._gpus:
                return False, "最近一次没有读到 GPU\nthe newest look shows no GPU\n"
            age = time.monotonic() - self._look_s
        if age > self._stale_s:
            return False, f"{age:.0f} 秒没有读到 GPU\nno GPU was seen for {age:.0f} s\n"
        return True, "正常\nhealthy\n"

    def metrics(self) -> str:
        """Return the figures in the Prometheus text format."""
        oldest, depth = self._spool.oldest(), self._spool.depth()
        now = time.monotonic()
        with self._lock:
            figures: dict[tuple[str, str], float] = dict(self._counts)
            figures["look_age_seconds", ""] = -1 if self._look_s is None else now - self._look_s
            figures["answer_age_seconds", ""] = (
                -1 if self._answer_s is None else now - self._answer_s
            )
            figures["gpus", ""] = self._gpus
            for reason, ms in self._gap_ms.items():
                figures["gap_seconds_total", reason] = ms / 1000
            if self._refusal:
                figures["server_refuses", self._refusal] = 1
        figures["spool_windows", ""] = depth
        figures["spool_refused", ""] = self._spool.refused()
        figures["spool_oldest_age_seconds", ""] = (
            0 if oldest is None else time.time() - oldest.timestamp()
        )
        families = [_family(name, text, figures) for name, text in HELP.items()]
        if self._readings is not None:
            families += self._readings.families()
        return exposition.write(families)


def _family(name: str, text: str, figures: dict[tuple[str, str], float]) -> exposition.Family:
    values = {label: value for (family, label), value in figures.items() if family == name}
    return exposition.our(f"suanquan_agent_{name}", text, exposition.kinds(values))


class Pages(Protocol):
    """What the two pages say."""

    def verdict(self) -> tuple[bool, str]:
        """Return whether the agent is healthy, and a sentence in both languages."""

    def metrics(self) -> str:
        """Return the figures in the Prometheus text format."""


class _Handler(BaseHTTPRequestHandler):
    """Serve the two pages; 404 for anything else."""

    health: Pages

    def do_GET(self) -> None:
        """Serve a page."""
        if self.path == "/healthz":
            healthy, words = self.health.verdict()
            self._answer(200 if healthy else 503, words)
        elif self.path == "/metrics":
            self._answer(200, self.health.metrics())
        else:
            self._answer(404, "/healthz /metrics\n")

    def _answer(self, status: int, words: str) -> None:
        body = words.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Log nothing: a probe comes every few seconds."""


def page_url(host: str, port: int) -> str:
    """Return the address of the pages."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(health: Pages, port: int, host: str = "127.0.0.1") -> tuple[int, Callable[[], None]]:
    """Serve the pages on an address; return the port and a stop function. Raises SettingsError."""
    handler = type("Handler", (_Handler,), {"health": health})
    try:
        listener = Listener((host, port), handler)
    except OSError as error:
        raise SettingsError(
            f"健康检查不能用地址 {host} 端口 {port}（{error.strerror}）：请改 SUANQUAN_HEALTH_PORT",
            f"the health pages cannot have {host}, port {port} ({error.strerror}): "
            "set SUANQUAN_HEALTH_PORT",
        ) from error
    return listener.start("health")
