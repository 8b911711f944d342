"""The same windows from a Prometheus server's HTTP API; this one knows what it scraped."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from agents import wire
from agents.commands.dcgm import PastSampler
from agents.commands.health import Health
from agents.exporters.client import ScrapeFault
from agents.exporters.prometheus import Prometheus
from agents.exporters.settings import ScrapeSettings
from agents.observations import ShareRule
from agents.reporting.spool import Spool

GPU = "GPU-00000000-0000-4000-8000-000000000001"
NOON = 1_767_268_800
START = ("agent_down", -60, 0)  # the minute in which the agent began
TARGET = {"job": "dcgm", "instance": "10.0.0.1:9400", "pod": "dcgm-exporter-x",
          "namespace": "gpu-operator", "container": "exporter"}  # fmt: skip


@dataclass
class Server:
    """What it scraped: for each time, whether the exporter answered, and which pod it named."""

    scrapes: dict[int, str | None] = field(default_factory=dict)
    reply: dict[str, Any] | None = None  # instead of an answer
    ups: bool = True
    port: int = 0
    queries: list[dict[str, str]] = field(default_factory=list)

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        self.queries.append(query)
        if self.reply is not None:
            return self.reply
        steps = range(int(query["start"]), int(query["end"]) + 1, int(query["step"]))
        result: list[dict[str, Any]] = []
        if query["query"].startswith("up{") and self.ups:
            result = [{"metric": {"__name__": "up", **TARGET},
                       "values": [[at, "1"] for at in steps]}]  # fmt: skip
        elif query["query"].startswith("last_over_time("):
            result = list(self._series(steps))
        return {"status": "success", "data": {"resultType": "matrix", "result": result}}

    def _series(self, steps: range) -> Iterator[dict[str, Any]]:
        for name in sorted({name for name in self.scrapes.values() if name is not None}):
            at_steps = [at for at in steps if self._last(at) == name]
            pod = {f"exported_{key}": name for key in ("pod", "namespace")} if name else {}
            pod |= {"exported_container": "main"} if name else {}
            labels = {**TARGET, **pod, "UUID": GPU, "modelName": "NVIDIA H100", "gpu": "0"}
            for family, value in (
                ("DCGM_FI_DEV_FB_USED", lambda _at: "1024"),
                ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", str),
            ):
                if at_steps:
                    yield {"metric": {"__name__": family, **labels},
                           "values": [[at, value(at)] for at in at_steps]}  # fmt: skip

    def _last(self, at: int) -> str | None:
        times = [time for time in self.scrapes if at - 20 < time <= at]
        return self.scrapes[max(times)] if times else None


@pytest.fixture
def server() -> Iterator[Server]:
    fake = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            assert parts.path == "/prom/api/v1/query_range"
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.dumps(fake.answer(query)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    fake.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def prometheus(server: Server) -> Iterator[Prometheus]:
    url = f"http://127.0.0.1:{server.port}/prom"
    client = Prometheus(ScrapeSettings.read({"SUANQUAN_PROMETHEUS": url}))
    yield client
    client.close()


class Site:
    """An agent on a clock of the test's."""

    def __init__(self, folder: Path, prometheus: Prometheus) -> None:
        self.spool, self.now = Spool(folder / "spool.db"), NOON + 30.0
        self.prometheus = prometheus
        self.begin()

    def begin(self) -> None:
        self.health = Health(self.spool)
        self.sampler = PastSampler(
            self.prometheus, ShareRule.HELD, self.spool, self.health, lambda: self.now
        )  # fmt: skip

    def run(self, seconds: int) -> None:
        for _ in range(0, seconds, 15):
            self.sampler.sample()
            self.now += 15

    def windows(self) -> list[wire.Window]:
        rows = self.spool._file.rows("SELECT body FROM windows ORDER BY start_ms")
        return [msgspec.json.decode(zlib.decompress(body), type=wire.Window) for (body,) in rows]


@pytest.fixture
def site(tmp_path: Path, prometheus: Prometheus) -> Iterator[Site]:
    site = Site(tmp_path, prometheus)
    yield site
    site.spool.close()


def spans(windows: list[wire.Window]) -> list[tuple[str, int, int]]:
    """Who held it or why nobody knows, in seconds since noon; joined where they meet."""
    result: list[tuple[str, int, int]] = []
    for window in windows:
        start = wire.start_ms(window.start) - NOON * 1000
        pieces = [(in_words(p.holder), p.from_ms, p.to_ms) for p in window.parts]
        pieces += [(str(gap.reason), gap.from_ms, gap.to_ms) for gap in window.gaps]
        for word, low, high in sorted(pieces, key=lambda piece: piece[1]):
            begin, end = (start + low) // 1000, (start + high) // 1000
            if result and result[-1][0] == word and result[-1][2] == begin:
                result[-1] = (word, result[-1][1], end)
            else:
                result.append((word, begin, end))
    return result


def in_words(holder: wire.Holder) -> str:
    return holder.pod if isinstance(holder, wire.Pod) else getattr(holder, "reason", "free")


def test_what_it_scraped_becomes_windows(site: Site, server: Server) -> None:
    server.scrapes = {NOON + at: "a" if at < 100 else "b" for at in range(0, 300, 15)}
    site.run(240)
    assert spans(site.windows()) == [
        START, ("a", 0, 70), ("changed_between_scrapes", 70, 120), ("b", 120, 180),
    ]  # fmt: skip
    window = site.windows()[2]
    assert (window.model, window.energy_mj) == ("NVIDIA H100", 60)


def test_the_exporters_own_pod_is_never_the_holder(site: Site, server: Server) -> None:
    """honor_labels: false, and the exporter named nobody."""
    server.scrapes = {NOON + at: "" for at in range(0, 300, 15)}
    site.run(120)
    assert spans(site.windows()) == [START, ("no_pod_labels", 0, 60)]


def test_without_the_targets_labels_nothing_is_believed(site: Site, server: Server) -> None:
    server.scrapes, server.ups = {NOON + at: "a" for at in range(0, 300, 15)}, False
    site.run(120)
    assert site.windows() == []


def test_an_exporter_that_was_away_is_a_gap(site: Site, server: Server) -> None:
    server.scrapes = {NOON + at: "a" for at in range(0, 400, 15) if not 65 < at < 110}
    site.run(300)
    assert spans(site.windows()) == [
        START, ("a", 0, 40), ("exporter_unreachable", 40, 120), ("a", 120, 240),
    ]  # fmt: skip


def test_what_passed_while_nobody_asked_is_caught_up_with(site: Site, server: Server) -> None:
    """The server was away, and the agent was started anew: it asks for every step it lacks."""
    server.scrapes = {NOON + at: "a" for at in range(0, 4_000, 15)}
    site.run(90)
    server.reply = {"status": "error", "errorType": "unavailable", "error": "no"}
    site.run(600)
    assert 'scrape_faults_total{kind="broken"} 40' in site.health.metrics()
    server.reply = None
    site.begin()
    site.run(15)
    assert spans(site.windows()) == [
        START, ("a", 0, 40), ("agent_down", 40, 60), ("a", 60, 660),
    ]  # fmt: skip
    assert sum(w.parts == () for w in site.windows()) == 1
    steps = [int(q["end"]) - int(q["start"]) for q in server.queries]
    assert max(steps) <= 19 * 30


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ({"status": "error", "error": "query timed out"}, "broken"),
        ({"status": "success"}, "broken"),
        ({"status": "success", "data": {"result": [{"metric": {}}]}}, "broken"),
        ({"status": "success", "data": {"result": []}, "warnings": ["no store"]}, "partial"),
    ],
)
def test_an_answer_in_part_is_none(
    server: Server, prometheus: Prometheus, reply: dict[str, Any], word: str
) -> None:
    server.reply = reply
    with pytest.raises(ScrapeFault) as failure:
        list(prometheus.rounds(NOON, NOON + 15))
    assert failure.value.word == word
