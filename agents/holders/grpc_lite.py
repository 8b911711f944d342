"""Unary gRPC calls over a unix socket: the part of gRPC that the kubelet's API needs.

HTTP/2 is left to the library h2. gRPC adds little: a request is one message with a prefix of five
bytes, so is the answer, and the status is in the trailers (`grpc-status`, `grpc-message`). grpcio
does this too, with four times the memory.

One connection is reused, also after a refusal. It is closed when the server ends it, when an answer
cannot be decoded, and when the socket's inode has changed, as after the server's restart: the old
process would go on answering with old data.

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
    """A call that got no answer.

    `code` is gRPC's status, or one of no_socket, not_permitted, too_large and broken (the answer is
    not gRPC).
    """

    def __init__(self, code: str, words: str = "", *, is_answer: bool = False) -> None:
        super().__init__(f"{code}: {words}" if words else code)
        self.code = code
        self.is_answer = is_answer  # the server itself refused, so the connection is sound


class _Http2(h2.connection.H2Connection):
    """HTTP/2 that remembers few closed streams: h2 keeps 65,536, and this runs for months."""

    MAX_CLOSED_STREAMS = 16


class Channel:
    """Calls to one server, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: _Connection | None = None
        self._inode = 0
        self.connection_count = 0  # made so far: another number means perhaps another server

    def call(self, method: str, message: bytes, deadline_s: float) -> bytes:
        """Send `message` and return the answer. Raises CallFailed, within `deadline_s` seconds."""
        until = time.monotonic() + deadline_s
        is_old = self._connection is not None
        try:
            return self._connect(until).ask(method, message, until)
        except CallFailed as error:
            if error.is_answer:
                raise
            self.close()
            if not (is_old and error.code == "unavailable"):
                raise
        except BaseException:
            self.close()
            raise
        return self.call(method, message, until - time.monotonic())  # the server has restarted

    def close(self) -> None:
        """Close the connection; the next call makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self, until: float) -> _Connection:
        try:
            inode = self._path.stat().st_ino
        except PermissionError as error:
            raise CallFailed("not_permitted", str(error)) from error
        except OSError as error:
            raise CallFailed("no_socket", str(error)) from error
        if self._connection is None or self._inode != inode or self._connection.is_over:
            self.close()
            self._connection, self._inode = _Connection(self._path, until), inode
            self.connection_count += 1
        return self._connection


class _Connection:
    """One connection. After a failure it must not be used again."""

    def __init__(self, path: Path, until: float) -> None:
        self.is_over = False  # the server takes no further calls here
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
        self._http = _Http2(h2.config.H2Configuration(header_encoding="utf-8"))
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
        """Close the socket."""
        self._socket.close()

    def ask(self, method: str, message: bytes, until: float) -> bytes:
        """Send one message and wait for its answer."""
        try:
            stream = self._http.get_next_available_stream_id()
            self._http.send_headers(stream, _headers(method, until))
            body = b"\0" + len(message).to_bytes(4, "big") + message
            self._http.send_data(stream, body, end_stream=True)
            answer = _Answer(stream)
            while not answer.is_complete:
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
            code = "unavailable" if self.is_over else "broken"
            raise CallFailed(code, f"{type(error).__name__}: {error}") from error
        return answer.message()

    def _take(self, event: h2.events.Event, answer: _Answer) -> None:
        if isinstance(event, h2.events.DataReceived):
            length = event.flow_controlled_length or 0
            self._http.acknowledge_received_data(length, event.stream_id)
        if isinstance(event, h2.events.ConnectionTerminated):
            self.is_over = True
            if event.error_code or (event.last_stream_id or 0) < answer.stream:
                raise CallFailed("unavailable", f"the server closes: {event.error_code}")
        elif getattr(event, "stream_id", None) == answer.stream:
            answer.take(event)

    def _send(self, until: float) -> None:
        outgoing = self._http.data_to_send()
        if outgoing:
            self._wait_until(until)
            self._socket.sendall(outgoing)

    def _receive(self, until: float) -> bytes:
        self._wait_until(until)
        chunk = self._socket.recv(_READ)
        if not chunk:
            raise CallFailed("unavailable", "the server closed the connection")
        return chunk

    def _wait_until(self, until: float) -> None:
        remaining_s = until - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError
        self._socket.settimeout(remaining_s)


class _Answer:
    """What one stream has received so far."""

    def __init__(self, stream: int) -> None:
        self.stream = stream
        self.is_complete = False
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
            is_refusal = event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
            raise CallFailed(
                "unavailable" if is_refusal else "internal", f"reset {event.error_code}"
            )
        elif isinstance(event, h2.events.StreamEnded):
            self.is_complete = True

    def message(self) -> bytes:
        """Return the message. Raises CallFailed with the server's reason if there is none."""
        status = self._headers.get("grpc-status")
        if status is None:
            raise CallFailed("broken", f"HTTP {self._headers.get(':status')}, no grpc-status")
        if status != _OK:
            words = unquote(self._headers.get("grpc-message", ""))
            raise CallFailed(_STATUS.get(status, "unknown"), words, is_answer=True)
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
