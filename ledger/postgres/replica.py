"""Read from a replica, and see everything that was committed before one asked.

The primary says how far its log had come; the replica is read once it has replayed that far. So
whoever has just written sees it, as does everybody else, whichever server answers; nothing has to
be kept with a session. A replica that is away, or does not catch up within a fifth of a second, is
left alone for a while, and the primary is read. A server that replays nothing (a replica that was
promoted, or a primary that came back) is no replica.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import Session

WAIT_S, LOOK_S = 0.2, 0.005
AWAY_S = 10.0  # how long it is not asked again
# What others can see is flushed: with synchronous_commit a change shows only after that.
_POSITION = text("SELECT pg_current_wal_flush_lsn()::text WHERE NOT pg_is_in_recovery()")
_HAS_REPLAYED = text("""
    SELECT CASE WHEN pg_is_in_recovery()
        THEN pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn) END
""")

log = structlog.get_logger("suanquan.replica")


class Replica:
    """A server that replays the primary's log, as the application reads it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._away_until = 0.0

    @contextmanager
    def session(self, db: Session) -> Iterator[Session | None]:
        """A transaction on the replica, which has all that the primary has shown so far.

        What `db`, a transaction on the primary, did until now is committed first, and its
        connection let go. None: read the primary.
        """
        if time.monotonic() < self._away_until:
            yield None
            return
        db.commit()
        position = db.scalar(_POSITION)
        db.rollback()
        with Session(self.engine) as copy:
            if not position or not self._catches_up(copy, position):
                yield None
                return
            try:
                yield copy
            except OperationalError as error:  # who asks again is answered by the primary
                self._leave(str(error.orig))
                raise

    def _catches_up(self, copy: Session, position: str) -> bool:
        """Wait a moment until it has replayed so far; note where it does not."""
        until = time.monotonic() + WAIT_S
        try:
            while not (has_replayed := copy.scalar(_HAS_REPLAYED, {"position": position})):
                if has_replayed is None or time.monotonic() >= until:
                    break
                time.sleep(LOOK_S)
        except SQLAlchemyError as error:
            copy.invalidate()
            self._leave(str(error))
            return False
        if not has_replayed:
            copy.rollback()
            self._leave("it is no replica" if has_replayed is None else "it is behind")
        return bool(has_replayed)

    def _leave(self, why: str) -> None:
        self._away_until = time.monotonic() + AWAY_S
        log.warning("the primary is read", why=why, for_s=AWAY_S)
