"""A copy that takes no changes: the same database, by a transaction that may only read."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from ledger.postgres.replica import Replica


class ReadOnly(Replica):
    """It is never behind; `is_asked` tells whether anybody read it."""

    is_asked = False

    @contextmanager
    def session(self, db: Session) -> Iterator[Session | None]:
        db.commit()
        with Session(self.engine) as copy:
            copy.connection().exec_driver_sql("SET TRANSACTION READ ONLY")
            self.is_asked = True
            yield copy
