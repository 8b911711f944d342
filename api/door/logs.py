"""The server's log: one JSON object a line on standard error, with no secret in it.

Nothing here is meant to log a secret; should a field bear the name of one all the same, its value
is not written. Errors are written with their place in the code and without anyone's values. Where a
line cannot be written, nothing else fails for it: `is_failing` says so, and `/readyz`.
"""

import json
import sys
from threading import Lock
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
SECRETS = frozenset({"token", "secret", "code", "password", "authorization", "cookie", "session"})


class Stream:
    """Where lines go; what cannot be written is lost and counted, and raises nothing."""

    def __init__(self, text: TextIO | None = None) -> None:
        self._text, self._lock = text, Lock()
        self._draft, self.lost = "", 0

    def write(self, part: str) -> None:
        """Add to the line."""
        self._draft += part

    def flush(self) -> None:
        """Write the line; before it, how many were lost."""
        with self._lock:
            line, self._draft = self._draft, ""
            try:
                if self.lost:
                    self.append(
                        b'{"event": "lines of this log were lost", "lines": %d}\n' % self.lost
                    )
                    self.lost = 0
                self.append(line.encode(errors="replace"))
            except (OSError, ValueError):  # a full disk; a stream that was closed
                self.lost += 1

    def take(self, line: bytes) -> None:
        """Write a line of another process."""
        with self._lock:
            try:
                self.append(line)
            except (OSError, ValueError):
                self.lost += 1

    def append(self, line: bytes) -> None:
        """Write a line to the text stream, or raise OSError."""
        if self._text is not None:
            self._text.write(line.decode())
            self._text.flush()


_streams = [Stream()]


def is_failing() -> bool:
    """Whether the newest line of this process's log could not be written."""
    return _streams[0].lost > 0


def configure(stream: Stream | TextIO = sys.stderr, worker: int | None = None) -> None:
    """Write this process's log to a stream; a worker's lines bear its number."""
    out = _streams[0] = stream if isinstance(stream, Stream) else Stream(stream)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([] if worker is None else [_of_worker(worker)]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            hide_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(lambda event, **_: _JSON.encode(event)),
        ],
        logger_factory=structlog.PrintLoggerFactory(out),  # type: ignore[arg-type]
    )


def _of_worker(number: int) -> Processor:
    return lambda _logger, _method, event: {**event, "worker": number}


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Fields that are named like a secret are not written."""
    return {key: "***" if key in SECRETS else value for key, value in event.items()}
