"""Serve HTTP in a thread of its own, on an IPv4 or an IPv6 address."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6


class Listener(ThreadingHTTPServer):
    """A thread for each connection. Raises OSError where the address cannot be used."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ":" in address[0]:
            self.address_family = AF_INET6
        super().__init__(address, handler)

    def start(self, name: str) -> tuple[int, Callable[[], None]]:
        """Begin to serve in a thread of this name; return the port and a stop function."""
        thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True
        )
        thread.start()

        def stop() -> None:
            self.shutdown()
            self.server_close()
            thread.join()

        return self.server_address[1], stop
