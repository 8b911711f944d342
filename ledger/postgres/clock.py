"""The database's clock, as a server keeps it: asked now and then, carried on in between.

All servers of a database have one present, whatever their own clocks say, and a clock that is set
while a server runs changes nothing: between two answers it is the time since that counts.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

ASK_EVERY_S = 30.0
_NOW = text("SELECT clock_timestamp()")

log = structlog.get_logger("suanquan.clock")


def moment_of(engine: Engine) -> datetime:
    """Return the present by the database's clock."""
    with engine.connect() as connection:
        now: datetime = connection.execute(_NOW).scalar_one()
    return now.astimezone(UTC)


class DatabaseClock:
    """The present by the database's clock; by this machine's until that was asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._anchor: tuple[datetime, float] | None = None
        self._ask_at: float | None = None

    def __call__(self) -> datetime:
        """Return the present; this waits for nothing, and from the first answer on lets ask."""
        if self._ask_at is not None and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + ASK_EVERY_S
            threading.Thread(target=self.ask, daemon=True).start()
        if self._anchor is None:
            return datetime.now(UTC)
        at, since = self._anchor
        return at + timedelta(seconds=time.monotonic() - since)

    def ask(self) -> None:
        """Ask the database; where it is away, the last answer goes on."""
        try:
            began = time.monotonic()
            self._anchor = moment_of(self._engine), began
        except SQLAlchemyError as error:
            log.warning("the database's clock was not asked", why=str(error))
        self._ask_at = time.monotonic() + ASK_EVERY_S
