"""HTTP for scrapes: bounded in time and size, and an answer that is not whole is none.

Every failure is a `ScrapeFault` with one word, by which /metrics counts it: `no_address`,
`unreachable`, `tls`, `timeout`, `status_503`, `too_large`, `incomplete`, `encoding`, `broken`,
`no_gpus`, `partial`, `no_bearer`.
A redirect is a status like any other and is not followed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from types import TracebackType
from typing import Self

from agents.exporters.settings import Address

BYTES_MAX = 8 * 1024 * 1024  # 8 GPUs x 7 slices x 60 families are one MiB
_CHUNK = 65_536
_OK = 200


class ScrapeFault(Exception):
    """There is no answer; `word` says why, in one word."""

    def __init__(self, word: str, detail: str = "") -> None:
        super().__init__(f"{word}: {detail}" if detail else word)
        self.word = word


class Client:
    """A kept-alive connection to one address of a host; one request at a time."""

    def __init__(
        self, address: Address, ip: str, context: ssl.SSLContext, *, timeout_s: float = 10
    ) -> None:
        self.date = ""  # the Date of the last answer
        self._timeout_s = timeout_s
        self._connection = _Connection(address, ip, context, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        why: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def get(self, path: str, token: str = "", *, bytes_max: int = BYTES_MAX) -> str:
        """Return the text of a page. Raises ScrapeFault."""
        deadline = time.monotonic() + self._timeout_s
        was_open = self._connection.sock is not None
        try:
            return self._get(path, token, bytes_max, deadline)
        except ScrapeFault as fault:
            self.close()
            if not was_open or fault.word != "unreachable":
                raise
        return self._get_again(path, token, bytes_max, deadline)

    def _get_again(self, path: str, token: str, bytes_max: int, deadline: float) -> str:
        """Ask on a new connection: the idle one may have been closed meanwhile."""
        try:
            return self._get(path, token, bytes_max, deadline)
        except ScrapeFault:
            self.close()
            raise

    def _get(self, path: str, token: str, bytes_max: int, deadline: float) -> str:
        headers = {"Accept": "text/plain;version=0.0.4, */*;q=0.5", "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request("GET", path, headers=headers)
            with self._connection.getresponse() as answer:
                self.date = answer.getheader("Date", "")
                body = _read(answer, bytes_max, deadline)
        except TimeoutError as error:
            raise ScrapeFault("timeout") from error
        except ssl.SSLError as error:
            raise ScrapeFault("tls", str(error)) from error
        except http.client.IncompleteRead as error:
            raise ScrapeFault("incomplete") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ScrapeFault("unreachable", str(error) or type(error).__name__) from error
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ScrapeFault("encoding", str(error)) from error


def addresses_of(host: str, port: int) -> list[str]:
    """Return all addresses of a name: a headless Service has one for each exporter.

    Raises ScrapeFault.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ScrapeFault("no_address", f"{host}: {error}") from error
    return sorted({str(answer[4][0]) for answer in answers})


class _Connection(http.client.HTTPConnection):
    """A connection to this IP, whose certificate must be that of the host's name."""

    def __init__(
        self, address: Address, ip: str, context: ssl.SSLContext, timeout_s: float
    ) -> None:
        super().__init__(address.host, address.port, timeout=timeout_s)
        self._ip, self._wait_s = ip, timeout_s
        self._context = context if address.scheme == "https" else None
        self.default_port = 443 if self._context else 80  # as it stands in the Host header

    def connect(self) -> None:
        """Open the connection."""
        self.sock = socket.create_connection((self._ip, self.port), self._wait_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


def _read(answer: http.client.HTTPResponse, bytes_max: int, deadline: float) -> bytes:
    if answer.status != _OK:
        raise ScrapeFault(f"status_{answer.status}")
    if answer.getheader("Content-Encoding", "identity") != "identity":
        raise ScrapeFault("encoding", "compressed, though it was not asked for")
    length, parts, size = answer.length, list[bytes](), 0
    if length is not None and length > bytes_max:
        raise ScrapeFault("too_large", f"{length} bytes")
    while part := answer.read1(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise ScrapeFault("too_large", f"more than {bytes_max} bytes")
        if time.monotonic() > deadline:
            raise ScrapeFault("timeout", f"{size} bytes came")
    if length is not None and size != length:
        raise ScrapeFault("incomplete", f"{size} of {length} bytes")
    return b"".join(parts)
