"""Unary gRPC over a unix socket: as much of it as a question to the kubelet needs.

HTTP/2 is left to the library h2; what gRPC puts on top is small: a request is one message of five
bytes more than its content, the answer is the same, and its outcome stands in the trailers
(`grpc-status`, `grpc-message`). grpcio does this too, at four times the memory.

One connection is kept. It is given up when the server ends it, when something on it cannot be
understood, and when the socket's file is another one than before, as after the server's restart: a
connection to the old process would go on answering what was true then.

Source: gRPC over HTTP2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md), RFC 9113.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

ANSWER_MAX = 16 * 2**20  # bytes; a node's pods fill some hundred KiB
_READ = 65_536
_PREFIX = 5  # one byte «compressed», four of length
_OK = "0"
_STATUS = {
    "1": "cancelled",
    "2": "unknown",
    "3": "invalid_argument",
    "4": "deadline_exceeded",
    "5": "not_found",
    "6": "already_exists",
    "7": "permission_denied",
    "8": "resource_exhausted",
    "9": "failed_precondition",
    "10": "aborted",
    "11": "out_of_range",
    "12": "unimplemented",
    "13": "internal",
    "14": "unavailable",
    "15": "data_loss",
    "16": "unauthenticated",
}


class CallFailed(Exception):
    """A call had no answer.

    `code` is gRPC's word for it, or one of ours: no_socket, not_permitted, too_large, broken (what
    came was no gRPC).
    """

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(f"{code}: {words}" if words else code)
        self.code = code


class _Connection(h2.connection.H2Connection):
    """One that asks every second for months: h2 would remember 65,536 streams that are closed."""

    MAX_CLOSED_STREAMS = 16


class Channel:
    """Questions to one server, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line: _Line | None = None
        self._inode = 0

    def call(self, method: str, message: bytes, deadline_s: float) -> bytes:
        """The answer to `message`. Raises CallFailed, at the latest after `deadline_s` seconds."""
        until = time.monotonic() + deadline_s
        kept = self._line is not None
        try:
            return self._connected(until).ask(method, message, until)
        except CallFailed as error:
            self.close()
            if not (kept and error.code == "unavailable"):
                raise
        except BaseException:
            self.close()
            raise
        return self.call(method, message, until - time.monotonic())  # the server had gone away

    def close(self) -> None:
        """Give the connection up; the next call makes a new one."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self, until: float) -> _Line:
        try:
            inode = self._path.stat().st_ino
        except PermissionError as error:
            raise CallFailed("not_permitted", str(error)) from error
        except OSError as error:
            raise CallFailed("no_socket", str(error)) from error
        if self._line is None or self._inode != inode or self._line.over:
            self.close()
            self._line, self._inode = _Line(self._path, until), inode
        return self._line


class _Line:
    """One connection. Once it has failed it must not be used again."""

    def __init__(self, path: Path, until: float) -> None:
        self.over = False  # the server takes no further questions here
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._wait_until(until)
            self._socket.connect(str(path))
        except PermissionError as error:
            self.close()
            raise CallFailed("not_permitted", str(error)) from error
        except TimeoutError as error:
            self.close()
            raise CallFailed("deadline_exceeded", "connecting") from error
        except OSError as error:  # the file stays when the server has gone
            self.close()
            raise CallFailed("unavailable", str(error)) from error
        self._http = _Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._http.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: ANSWER_MAX,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1,
            },
        )
        self._http.initiate_connection()
        self._http.increment_flow_control_window(ANSWER_MAX)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def ask(self, method: str, message: bytes, until: float) -> bytes:
        """Send one message and wait for its answer."""
        try:
            stream = self._http.get_next_available_stream_id()
            self._http.send_headers(stream, _headers(method, until))
            body = b"\0" + len(message).to_bytes(4, "big") + message
            self._http.send_data(stream, body, end_stream=True)
            answer = _Answer(stream)
            while not answer.ended:
                self._send(until)
                for event in self._http.receive_data(self._receive(until)):
                    self._take(event, answer)
            with suppress(OSError):
                self._send(until)  # acknowledgements; the answer is here already
        except TimeoutError as error:
            raise CallFailed("deadline_exceeded", "no answer in time") from error
        except OSError as error:
            raise CallFailed("unavailable", str(error)) from error
        except (h2.exceptions.H2Error, ValueError) as error:
            code = "unavailable" if self.over else "broken"
            raise CallFailed(code, f"{type(error).__name__}: {error}") from error
        return answer.message()

    def _take(self, event: h2.events.Event, answer: _Answer) -> None:
        if isinstance(event, h2.events.DataReceived):
            length = event.flow_controlled_length or 0
            self._http.acknowledge_received_data(length, event.stream_id)
        if isinstance(event, h2.events.ConnectionTerminated):
            self.over = True
            if event.error_code or (event.last_stream_id or 0) < answer.stream:
                raise CallFailed("unavailable", f"the server closes: {event.error_code}")
        elif getattr(event, "stream_id", None) == answer.stream:
            answer.take(event)

    def _send(self, until: float) -> None:
        waiting = self._http.data_to_send()
        if waiting:
            self._wait_until(until)
            self._socket.sendall(waiting)

    def _receive(self, until: float) -> bytes:
        self._wait_until(until)
        received = self._socket.recv(_READ)
        if not received:
            raise CallFailed("unavailable", "the server closed the connection")
        return received

    def _wait_until(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


class _Answer:
    """What came on one stream until now."""

    def __init__(self, stream: int) -> None:
        self.stream = stream
        self.ended = False
        self._headers: dict[str, str] = {}
        self._data = bytearray()

    def take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
            self._headers |= {str(name): str(value) for name, value in event.headers or ()}
        elif isinstance(event, h2.events.DataReceived):
            self._data += event.data or b""
            if len(self._data) > ANSWER_MAX:
                raise CallFailed("too_large", f"an answer of more than {ANSWER_MAX} bytes")
        elif isinstance(event, h2.events.StreamReset):
            refused = event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
            raise CallFailed("unavailable" if refused else "internal", f"reset {event.error_code}")
        elif isinstance(event, h2.events.StreamEnded):
            self.ended = True

    def message(self) -> bytes:
        """The one message. Raises CallFailed where the server gave none, with its reason."""
        status = self._headers.get("grpc-status")
        if status is None:
            raise CallFailed("broken", f"HTTP {self._headers.get(':status')}, no grpc-status")
        if status != _OK:
            words = unquote(self._headers.get("grpc-message", ""))
            raise CallFailed(_STATUS.get(status, "unknown"), words)
        length = int.from_bytes(self._data[1:_PREFIX], "big")
        if self._data[:1] != b"\0" or len(self._data) != _PREFIX + length:
            raise CallFailed("broken", "not one plain message")
        return bytes(self._data[_PREFIX:])


def _headers(method: str, until: float) -> list[tuple[str, str]]:
    left_ms = max(1, int((until - time.monotonic()) * 1000))
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "suanquan-agent"),
        ("grpc-timeout", f"{left_ms}m"),
    ]
