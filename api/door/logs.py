"""The server's log: one JSON object a line on standard error, with no secret in it.

Nothing here is meant to log a secret; should a field bear the name of one all the same, its value
is not written. Errors are written with their place in the code and without anyone's values.
"""

import sys
from typing import TextIO

import structlog
from structlog.types import EventDict, WrappedLogger

SECRETS = frozenset({"token", "secret", "code", "password", "authorization", "cookie", "session"})


def configure(stream: TextIO = sys.stderr) -> None:
    """Write the log of this process to a stream."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            hide_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Fields that are named like a secret are not written."""
    return {key: "***" if key in SECRETS else value for key, value in event.items()}
