"""A receiver of events on this machine, which reads to the end or breaks off."""

import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT_S = 20
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Collector:
    """`fates` says how its next connections end: read, ragged (TLS without a word) or break."""

    context: ssl.SSLContext | None = None
    fates: list[str] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    port: int = 0

    def take(self, connection: socket.socket) -> None:
        """Read one connection as its fate says."""
        connection.settimeout(TIMEOUT_S)
        fate = self.fates.pop(0) if self.fates else "read"
        with connection:
            if fate == "break":
                connection.recv(100)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            stream = b""
            while piece := connection.recv(65_536):
                stream += piece
            self.parts.append(stream)
            if fate == "read" and isinstance(connection, ssl.SSLSocket):
                with suppress(OSError):
                    connection.unwrap()


@contextmanager
def collecting(folder: Path | None = None) -> Iterator[Collector]:
    """Listen on a free port; with a folder by TLS, with the certificate that is made there."""
    collector = Collector(_context(folder) if folder else None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        collector.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, collector), daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT_S)


def _accept(listener: socket.socket, collector: Collector) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError):
            if collector.context:
                connection = collector.context.wrap_socket(connection, server_side=True)
            collector.take(connection)


def _context(folder: Path) -> ssl.SSLContext:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
