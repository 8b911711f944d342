"""Exporters on real sockets: they write what dcgm-exporter and npu-exporter write, or misbehave."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Labels = dict[str, str]


def row(family: str, value: object, at_ms: int | None = None, /, **labels: str) -> str:
    """One sample."""
    inside = ",".join(f'{name}="{text}"' for name, text in labels.items())
    return f"{family}{{{inside}}} {value}" + ("" if at_ms is None else f" {at_ms}")


def dcgm_rows(uuid: str, energy: int = 1, /, **labels: str) -> list[str]:
    """The rows of one GPU, in the form and order of dcgm-exporter 4."""
    common = {"gpu": "0", "UUID": uuid, "device": "nvidia0", "modelName": "NVIDIA H100",
              "Hostname": "n1", **labels}  # fmt: skip
    values = {
        "DCGM_FI_DEV_SM_CLOCK": 1980,
        "DCGM_FI_DEV_GPU_UTIL": 50,
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": "0.250000",
        "DCGM_FI_DEV_FB_USED": 1024,
        "DCGM_FI_DEV_POWER_USAGE": "300.500000",
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": energy,
        "DCGM_FI_DEV_XID_ERRORS": 0,
    }
    return [row(family, value, **common) for family, value in values.items()]


def page(rows: list[str]) -> str:
    """An exposition: what the exporter has of HELP and TYPE, and the rows of each family."""
    lines = []
    for family in dict.fromkeys(line.partition("{")[0] for line in rows):
        kind = "counter" if "ENERGY" in family else "gauge"
        lines += [f"# HELP {family} Text (in unit).", f"# TYPE {family} {kind}"]
        lines += [line for line in rows if line.partition("{")[0] == family]
    return "\n".join([*lines, ""])


def pod(name: str, **more: str) -> Labels:
    """The labels of a pod, whose namespace and container are known from its name."""
    return {"container": "main", "namespace": name, "pod": name, **more}


@dataclass
class FakeExporter:
    """`write` gives the page of this moment; `fault` is what happens instead."""

    write: Callable[[], str]
    fault: str = ""
    port: int = 0
    requests: list[tuple[str, Labels]] = field(default_factory=list)  # path, headers

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"


class _Handler(BaseHTTPRequestHandler):
    exporter: FakeExporter
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self) -> None:
        exporter = self.exporter
        exporter.requests.append((self.path, dict(self.headers)))
        fault = exporter.fault
        if fault == "drop":
            self.close_connection = True
            return
        if fault.isdigit():
            self._head(int(fault), 0, Location="/elsewhere")
            return
        body = exporter.write().encode()
        if fault == "huge":
            self._stream(body)
        elif fault == "drip":
            self._drip(body)
        elif fault == "gzip":
            self._head(200, len(body), **{"Content-Encoding": "gzip"})
            self.wfile.write(body)
        else:
            self._head(200, len(body))
            self.wfile.write(body[: len(body) * 2 // 3] if fault == "cut" else body)
            self.close_connection = self.close_connection or fault == "cut"

    def _head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _stream(self, body: bytes) -> None:
        """50 MB of rows without a word of their length."""
        self._head(200, None, Connection="close")
        self.close_connection = True
        try:
            for _ in range(50_000_000 // len(body)):
                self.wfile.write(body)
        except OSError:
            return  # the reader has had enough

    def _drip(self, body: bytes) -> None:
        """A byte now and then: no single wait is long."""
        self._head(200, len(body))
        try:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serving_exporter(
    exporter: FakeExporter, context: ssl.SSLContext | None = None
) -> Iterator[FakeExporter]:
    """Serve it on a free port of the loopback."""
    handler = type("Handler", (_Handler,), {"exporter": exporter})
    server = ThreadingHTTPServer(("127.0.0.1", exporter.port), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    exporter.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield exporter
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
