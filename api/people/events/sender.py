"""Send events out: as syslog (RFC 5424) or as JSON lines, over TLS (RFC 5425) or plain TCP.

| SUANQUAN_EVENTS_TO       | what is sent                                                       |
|--------------------------|--------------------------------------------------------------------|
| syslog+tls://host[:6514] | RFC 5424, octets counted; facility 13 (audit), the message is JSON |
| json+tls://host:port     | one JSON object a line                                             |
| syslog+tcp, json+tcp     | the same in plain text, for a collector on this machine            |

TCP says nothing of what a receiver has read. So a connection has one part of the log: we end our
side, and only when the receiver has ended its own, in good order, does the bookmark go on. What was
broken off is sent again: nothing is missing, and what comes twice has the same place in the chain.
"""

import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.people.codes import EventResult
from ledger.people.steps.event_log import Dispatch, mark_sent, may_send, unsent

SYSLOG_PORT = 6514
PART = 500
TIMEOUT_S = 10.0
AUDIT = 13 * 8  # facility
NOTICE, WARNING = 5, 4


@dataclass(frozen=True)
class Receiver:
    """Where events go; `authorities` is a file with the certificates that it is trusted by."""

    url: str
    authorities: Path | None = None

    def connect(self) -> socket.socket:
        """Open a connection, checked by the receiver's name. Raises OSError."""
        address = urlsplit(self.url)
        host, port = address.hostname or "", address.port or SYSLOG_PORT
        plain = socket.create_connection((host, port), TIMEOUT_S)
        if not address.scheme.endswith("+tls"):
            return plain
        context = ssl.create_default_context(cafile=self.authorities)
        try:
            return context.wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise

    def frame(self, event: Dispatch) -> bytes:
        """Write an event as this receiver reads it."""
        body = json.dumps({**asdict(event), "at": event.at.isoformat()}).encode()
        return syslog(event, body) if self.url.startswith("syslog") else body + b"\n"


def syslog(event: Dispatch, body: bytes) -> bytes:
    """Write a message of RFC 5424 with its length before it; JSON escapes whatever is not ASCII."""
    level = AUDIT + (WARNING if event.result == EventResult.REFUSED else NOTICE)
    at = event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
    message = f"<{level}>1 {at} {host} suanquan - {event.result} - ".encode() + body
    return b"%d " % len(message) + message


def send_round(engine: Engine, receiver: Receiver) -> int:
    """Send what the receiver does not have yet; return how many events that were.

    Raises:
        OSError: it is away, is another, or broke off; what it did not take is sent again.
    """
    count = 0
    while True:
        with Session(engine) as db:
            events = unsent(db, receiver.url, PART) if may_send(db) else []
            if not events:
                return count
            _send(receiver, events)
            mark_sent(db, receiver.url, events[-1].position)
            db.commit()
        count += len(events)


def _send(receiver: Receiver, events: Sequence[Dispatch]) -> None:
    with closing(receiver.connect()) as connection:
        connection.sendall(b"".join(map(receiver.frame, events)))
        if isinstance(connection, ssl.SSLSocket):
            try:
                connection.unwrap().close()
            except ssl.SSLEOFError:
                return  # it ended without a word of TLS, and in good order
        else:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
