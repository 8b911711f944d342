"""`suanquan-agent relay`: one address for a centre's nodes, one line to the server, a disk between.

Healthy means that the queue can be used. A server that is away is no reason to restart a relay: it
shows in the metrics.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

from agents.commands.health import serve as serve_pages
from agents.commands.reporter import obey_signals
from agents.errors import AgentError
from agents.relay.door import Desk, serve
from agents.relay.forwarder import Forwarder
from agents.relay.queue import Queue
from agents.relay.settings import RelaySettings
from agents.reporting.line import Line

_JOIN_S = 12.0
_log = logging.getLogger(__name__)


def run(settings: RelaySettings) -> int:
    """Take and forward until SIGTERM or SIGINT; return the exit code. Raises AgentError."""
    context = settings.context()
    Line.read()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    queue = Queue(settings.queue, settings.bytes_max)
    stopping = threading.Event()
    obey_signals(stopping)
    try:
        forwarder = Forwarder(queue, settings.url)
        desk = Desk(queue, forwarder, settings.url)
        pages = RelayPages(desk, settings.bytes_max)
        pages_port, stop_pages = serve_pages(pages, settings.health_port, settings.health_host)
        port, stop_door = serve(desk, settings.host, settings.port, context)
        thread = threading.Thread(
            target=forwarder.run, args=(stopping,), name="forward", daemon=True
        )
        thread.start()
        _log.info(
            "relay on %s:%d; health pages on http://127.0.0.1:%d", settings.host, port, pages_port
        )
        stopping.wait()
        stop_door()
        forwarder.wake()
        thread.join(_JOIN_S)
        stop_pages()
    finally:
        queue.close()
    return 0


class RelayPages:
    """The relay's /healthz and /metrics."""

    def __init__(self, desk: Desk, bytes_max: int) -> None:
        self._desk, self._bytes_max = desk, bytes_max

    def verdict(self) -> tuple[bool, str]:
        """Return whether the queue can be used, and a sentence in both languages."""
        try:
            self._desk.queue.figures()
        except AgentError as error:
            return False, f"{error}\n"
        return True, "正常\nhealthy\n"

    def metrics(self) -> str:
        """Return the figures in the Prometheus text format."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        figures, forwarder = self._desk.queue.figures(), self._desk.forwarder
        for name, kind, value, text in (
            ("queue_batches", "gauge", figures.parcels, "batches that wait for the server"),
            (
                "queue_oldest_age_seconds",
                "gauge",
                round(figures.oldest_s, 3),
                "since the oldest came",
            ),
            ("queue_bytes", "gauge", figures.used_bytes, "bytes of the queue's file in use"),
            ("queue_bytes_max", "gauge", self._bytes_max, "bytes that the queue may use"),
            ("answers", "gauge", figures.answers, "answers that wait for their nodes"),
            ("server_up", "gauge", int(forwarder.is_up), "1 while the server takes batches"),
            ("forwarded_total", "counter", forwarder.forwarded, "batches that the server took"),
            ("refused_total", "counter", forwarder.refused, "batches that the server refused"),
            ("turned_away_total", "counter", self._desk.turned_away, "batches met by a full disk"),
        ):
            yield f"# HELP suanquan_relay_{name} {text}"
            yield f"# TYPE suanquan_relay_{name} {kind}"
            yield f"suanquan_relay_{name} {value}"
