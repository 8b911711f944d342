"""The relay's door for the nodes: two paths of the server's and nothing else.

| the node asks              | the relay                                                         |
|----------------------------|-------------------------------------------------------------------|
| POST /api/v1/batches       | stores it, waits a moment for the server's answer and passes it   |
|                            | on; else 202 with the SHA-256 of the bytes: «it is on my disk»    |
| … and the disk is full     | asks the server while the node waits; else 503 with Retry-After   |
| POST /api/v1/agents        | asks the server while the node waits; else 503 with Retry-After   |
| GET /healthz               | 200, with the relay's clock                                       |

A batch is never read: its size, its agent's id and its signature are all that is looked at.
"""

from __future__ import annotations

import base64
import binascii
import logging
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, socket
from typing import Any
from uuid import UUID

import msgspec

from agents import relay_words, wire
from agents.errors import SettingsError, SpoolError
from agents.listener import Listener
from agents.parcels import Parcel
from agents.relay.forwarder import Forwarder, is_word, request_of
from agents.relay.queue import Queue, QueueFull
from agents.reporting.identity import ENROL_PATH
from agents.reporting.report import BATCH_PATH
from agents.reporting.server import Request, Response, Server

_ENROL_BYTES_MAX = 64 * 1024
_ANSWER_WAIT_S = 6.0  # the node waits 15
_BODY_S = 12.0  # for all of a body
_IDLE_S = 20.0  # of a connection
_TURNS = 64  # bodies in memory at once
_CONNECTIONS_MAX = 1_000
_RETRY_AFTER_S = 30
_SIGNATURE_BYTES = 64
_PASSED = {
    name.lower(): name for name in ("Retry-After", "Content-Type", wire.SERVER_KEY_HEADER)
}  # of the server's headers
_log = logging.getLogger(__name__)

_WORDS = {
    "not_found": (404, "中继只转发批次与注册", "a relay passes batches and enrolments on, no more"),
    "length_required": (411, "须写明长度（Content-Length）", "Content-Length is needed"),
    "too_large": (413, "请求太大", "the request is too large"),
    "too_slow": (408, "请求传得太慢", "the request came too slowly"),
    "unsigned": (422, "缺少采集端编号或签名", "the agent's id or signature is absent or malformed"),
    "relay_full": (503, "中继的磁盘已满，请稍后再送", "the relay's disk is full: try later"),
    "relay_busy": (503, "中继正忙，请稍后再送", "the relay is busy: try later"),
    "server_away": (503, "中继连不上服务器", "the relay does not reach the server"),
}


@dataclass
class Desk:
    """What the door's threads share."""

    queue: Queue
    forwarder: Forwarder
    url: str | None
    wait_s: float = _ANSWER_WAIT_S
    turns: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_TURNS)
    )
    turned_away: int = 0

    def take(self, parcel: Parcel, date: str, word: str = "") -> Response | str:
        """Return the server's answer, or 202, or the code of a problem.

        `word` is what a relay said that the batch came through.
        """
        if (answer := self._known_answer(parcel)) is not None:
            return answer
        event = self.forwarder.watch(parcel, date)
        try:
            try:
                self.queue.add(parcel)
            except (QueueFull, SpoolError) as error:
                if isinstance(error, SpoolError):
                    _log.error("%s", error)
                return self._pass_on(parcel, date)
            self.forwarder.hear(parcel.agent, word)
            self.forwarder.wake()
            if self.forwarder.is_up:
                event.wait(self.wait_s)
            answer = self._known_answer(parcel)
        finally:
            self.forwarder.leave(parcel)
        if answer is not None:
            return answer
        return Response(202, {}, msgspec.json.encode(relay_words.Relayed(parcel.digest)))

    def enrol(self, body: bytes) -> Response | str:
        """Ask the server; its answer as it is."""
        if self.url is None:
            return "server_away"
        with Server(self.url, timeout_s=self.wait_s) as server:
            answer = server.post(Request(ENROL_PATH, body))
        return "server_away" if answer is None else answer

    def _known_answer(self, parcel: Parcel) -> Response | None:
        try:
            return self.queue.take_answer(parcel.key)
        except SpoolError:  # a full disk: the answer stays, the server gives it again
            return None

    def _pass_on(self, parcel: Parcel, date: str) -> Response | str:
        """Go without the disk, while nothing older of this agent waits and the server answers."""
        answer = None
        if self.url is not None and not self.queue.is_waiting(parcel.agent):
            with Server(self.url, timeout_s=self.wait_s) as server:
                answer = server.post(request_of(parcel, date))
        if answer is not None and is_word(answer):
            return answer
        self.turned_away += 1
        return "relay_full"


class Handler(BaseHTTPRequestHandler):
    """Take one request after the other on one connection."""

    desk: Desk
    protocol_version = "HTTP/1.1"
    server_version = "suanquan-relay"
    sys_version = ""
    timeout = _IDLE_S

    def do_GET(self) -> None:
        """Say that the relay is there."""
        if self.path == "/healthz":
            self._send(200, b'{"relay":"ok"}')
        else:
            self._refuse("not_found")

    def do_POST(self) -> None:
        """Take a batch or an enrolment."""
        limit = {BATCH_PATH: wire.BATCH_BYTES_MAX, ENROL_PATH: _ENROL_BYTES_MAX}.get(self.path)
        if limit is None:
            self._refuse("not_found")
            return
        length = self.headers.get_all("Content-Length") or []
        if "Transfer-Encoding" in self.headers or len(length) != 1 or not length[0].isdecimal():
            self._refuse("length_required")
        elif len(length[0]) > len(str(limit)) or int(length[0]) > limit:
            self._refuse("too_large")
        elif not self.desk.turns.acquire(timeout=1):
            self._refuse("relay_busy")
        else:
            try:
                self._take(int(length[0]))
            finally:
                self.desk.turns.release()

    def _take(self, length: int) -> None:
        body = self._read(length)
        if body is None:
            self._refuse("too_slow")
            return
        if self.path == ENROL_PATH:
            self._pass_on(self.desk.enrol(body))
            return
        agent = self.headers.get(wire.AGENT_HEADER, "")
        signature = self.headers.get(wire.SIGNATURE_HEADER, "")
        if not (_is_id(agent) and _is_signature(signature)):
            self._refuse("unsigned")
            return
        date, word = (self.headers.get(name, "") for name in ("Date", relay_words.RELAY_HEADER))
        self._pass_on(self.desk.take(Parcel(agent, signature, body), date, word))

    def _read(self, length: int) -> bytes | None:
        until, body = time.monotonic() + _BODY_S, bytearray()
        while len(body) < length:
            rest_s = until - time.monotonic()
            if rest_s <= 0:
                return None
            self.connection.settimeout(rest_s)
            try:
                piece = self.rfile.read1(min(65_536, length - len(body)))
            except TimeoutError:
                return None
            if not piece:  # the node went away
                return None
            body += piece
        self.connection.settimeout(self.timeout)
        return bytes(body)

    def _pass_on(self, answer: Response | str) -> None:
        if isinstance(answer, str):
            self._refuse(answer)
        else:
            self._send(
                answer.status,
                answer.body,
                {_PASSED[name]: value for name, value in answer.headers.items() if name in _PASSED},
            )

    def _refuse(self, code: str) -> None:
        """Answer with a problem (RFC 9457). The body may be unread, so the connection ends."""
        status, zh, en = _WORDS[code]
        body = {"type": "about:blank", "status": status, "code": code, "detail": f"{zh} / {en}"}
        headers = {"Content-Type": "application/problem+json", "Connection": "close"}
        if status == 503:  # noqa: PLR2004
            headers["Retry-After"] = str(_RETRY_AFTER_S)
        self._send(status, msgspec.json.encode(body), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Log nothing: each node comes once a minute."""


class _Listener(Listener):
    """A thread for each connection, up to a number; the TLS handshake is the thread's."""

    request_queue_size = 256
    context: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        self._places = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Start a thread, or close the connection: the node comes again."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve one connection."""
        try:
            request.settimeout(_IDLE_S)
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except OSError as error:  # no TLS, or no certificate of ours
            _log.info("connection from %s: %s", client_address[0], error)
            _close(request)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        """Say nothing of a node that went away in the middle."""
        _log.debug("connection from %s ended", client_address[0], exc_info=True)


def _close(connection: socket) -> None:
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)
    connection.close()


def serve(
    desk: Desk, host: str, port: int, context: ssl.SSLContext | None = None
) -> tuple[int, Callable[[], None]]:
    """Serve the door; return the port and a stop function. Raises SettingsError."""
    try:
        server = _Listener((host, port), type("RelayHandler", (Handler,), {"desk": desk}))
    except OSError as error:
        raise SettingsError(
            f"中继的地址 {host}:{port} 无法使用（{error.strerror}）：请改 SUANQUAN_RELAY_LISTEN",
            f"the relay's address {host}:{port} cannot be used ({error.strerror}): "
            "set SUANQUAN_RELAY_LISTEN",
        ) from error
    server.context = context
    return server.start("door")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_signature(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _SIGNATURE_BYTES
    except (binascii.Error, ValueError):
        return False
