"""`suanquan-agent relay`: one address for a centre's nodes, one line to the server, a disk between.

Healthy means that the queue can be used. A server that is away is no reason to restart a relay: it
shows in the metrics.
"""

from __future__ import annotations

import logging
import threading

from agents.commands.health import page_url
from agents.commands.health import serve as serve_pages
from agents.commands.reporter import obey_signals
from agents.errors import AgentError
from agents.exposition import Sample, our, write
from agents.relay.door import Desk, serve
from agents.relay.forwarder import Forwarder
from agents.relay.queue import Queue
from agents.relay.settings import RelaySettings, relay_id
from agents.reporting.line import Line

_JOIN_S = 12.0
_RENEW_S = 60.0  # a new certificate counts within so long
HELP = {
    "queue_batches": "batches that wait for the server",
    "queue_oldest_age_seconds": "since the oldest came; 0 when none waits",
    "queue_bytes": "bytes of the queue's file in use",
    "queue_bytes_max": "bytes that the queue may use",
    "answers": "answers that wait for their nodes",
    "server_up": "1 while the server takes batches",
    "forwarded_total": "batches that the server took",
    "refused_total": "batches that the server refused",
    "turned_away_total": "batches met by a full disk",
}
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
        forwarder = Forwarder(queue, settings.url, settings.name, relay_id(settings.data))
        desk = Desk(queue, forwarder, settings.url)
        pages = RelayPages(desk, settings.bytes_max)
        pages_port, stop_pages = serve_pages(pages, settings.health_port, settings.health_host)
        port, stop_door = serve(desk, settings.host, settings.port, context)
        thread = threading.Thread(
            target=forwarder.run, args=(stopping,), name="forward", daemon=True
        )
        thread.start()
        _log.info(
            "relay on %s:%d; health pages on %s",
            settings.host,
            port,
            page_url(settings.health_host, pages_port),
        )
        while not stopping.wait(_RENEW_S):
            settings.renew(context)
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
        figures, forwarder = self._desk.queue.figures(), self._desk.forwarder
        values: dict[str, float] = {
            "queue_batches": figures.parcels,
            "queue_oldest_age_seconds": round(figures.oldest_s, 3),
            "queue_bytes": figures.used_bytes,
            "queue_bytes_max": self._bytes_max,
            "answers": figures.answers,
            "server_up": int(forwarder.is_up),
            "forwarded_total": forwarder.forwarded,
            "refused_total": forwarder.refused,
            "turned_away_total": self._desk.turned_away,
        }
        return write(
            our(f"suanquan_relay_{name}", text, [Sample(values[name])])
            for name, text in HELP.items()
        )
