"""How connections are held: uvicorn's, but nobody keeps one open for nothing.

A head that does not come within its time, or is too long, is answered and cut; so is who sends the
rest of a body that was refused too slowly, and who does not read his answer. Where too many are
open, the one that waits for longest at the address with the most of them gives way. A body's time
is the application's matter (`api/door/limits.py`).
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import count

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_S = 10.0  # from the first byte of a request, or from connecting, to the end of its head
HEAD_BYTES = 32 * 1024
HEADERS_MAX = 100
REST_S = 5.0  # for what is left of a body after its request was answered
READ_S = 300.0  # for taking some more of an answer that does not fit into the buffers
CONNECTIONS_MAX = 1_000
_numbers = count()
GRACE_S = 10  # for requests under way when the server is stopped


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    number = 0  # in the order in which they came
    reads_head = True  # from the end of a request on
    _fed_bytes = 0  # of a head that has not ended yet
    _head_bytes = 0  # of its address and headers
    _head_cut: asyncio.TimerHandle | None = None
    _rest_cut: asyncio.TimerHandle | None = None
    _write_cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, and make one first where all are taken."""
        super().connection_made(transport)
        self.number = next(_numbers)
        if len(self.connections) > most_connections():
            self._longest_waiting().cut()
        self._head_cut = self._later(HEAD_S, self._cut_head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        for timer in (self._head_cut, self._rest_cut, self._write_cut):
            _stop(timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head grows too long."""
        self._fed_bytes += len(data)
        super().data_received(data)
        if not self.reads_head or self.transport.is_closing():
            return
        if self._fed_bytes > HEAD_BYTES:
            self._refuse(431)
        elif self._head_cut is None and self.is_waiting:
            self._head_cut = self._later(HEAD_S, self._cut_head)

    def on_url(self, url: bytes) -> None:
        """Measure it: one that comes at once never is half a head."""
        self._measure(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and measure it."""
        self._measure(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application have it."""
        self.reads_head, self._fed_bytes = False, 0
        _stop(self._head_cut)
        self._head_cut = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self.reads_head, self._fed_bytes, self._head_bytes = True, 0, 0
        _stop(self._rest_cut)
        self._rest_cut = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give who is still sending a moment to see the answer."""
        super().on_response_complete()
        if not self.reads_head and self.cycle.response_complete:
            _stop(self._rest_cut)
            self._rest_cut = self._later(REST_S, self.cut)

    def pause_writing(self) -> None:
        """Wait so long for who does not read."""
        super().pause_writing()
        self._write_cut = self._later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        _stop(self._write_cut)
        self._write_cut = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Say what was wrong with a head; after an answer has begun nothing fits any more."""
        if self.is_waiting and not self.transport.is_closing():
            super().send_400_response(msg)
        self.cut()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def cut(self) -> None:
        """Close it, after what was written."""
        self.transport.close()

    def _measure(self, part: bytes) -> None:
        self._head_bytes += len(part) if self.reads_head else 0
        if self._head_bytes > HEAD_BYTES or len(self.headers) >= HEADERS_MAX:
            self._refuse(431)
            raise ValueError("head too large")  # ends the parser's work; it is answered by now

    def _cut_head(self) -> None:
        self._refuse(408) if self._fed_bytes else self.cut()

    def _refuse(self, status: int) -> None:
        if self.is_waiting and not self.transport.is_closing():
            line = STATUS_LINE[status]
            self.transport.write(line + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.cut()

    def _longest_waiting(self) -> "GuardedProtocol":
        """The one that gives way; ourselves where every other one is being answered."""
        company = [c for c in self.connections if isinstance(c, GuardedProtocol)]
        candidates = [c for c in company if c.is_waiting and c.client and c is not self]
        if not candidates:
            return self
        crowd = Counter(c.client[0] for c in candidates if c.client)
        (address, _), *_rest = crowd.most_common(1)
        return min((c for c in candidates if c.client and c.client[0] == address), key=_waits_until)

    def _later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, act)


def configuration(
    app: FastAPI,
    *,
    port: int = 0,
    lifespan: str = "auto",
    protocol: type[GuardedProtocol] = GuardedProtocol,
) -> uvicorn.Config:
    """How a server of this application is run, whatever starts it.

    Args:
        app: the application; it knows the proxies it believes, uvicorn believes none.
        port: where no socket is handed over.
        lifespan: "off" leaves out what runs beside the requests.
        protocol: how each connection is held.
    """
    return uvicorn.Config(
        app,
        port=port,
        http=protocol,
        ws="none",
        lifespan=lifespan,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,  # which program it is helps attackers alone
        timeout_graceful_shutdown=GRACE_S,
    )


@cache
def most_connections() -> int:
    """How many may be open: half of the files that this process may have, for it needs company."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 4 * CONNECTIONS_MAX
    soft = max(soft, files if hard == resource.RLIM_INFINITY else min(files, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(CONNECTIONS_MAX, soft // 2)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _waits_until(connection: GuardedProtocol) -> tuple[float, int]:
    timer = connection._head_cut or connection.timeout_keep_alive_task  # noqa: SLF001 - our own
    return timer.when() if timer else 0.0, connection.number
