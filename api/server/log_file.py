"""The file of the server's log: it never fails a request, and it is kept for as long as it must be.

A line that cannot be written is lost, and counted: the next one that can be says how many. The file
begins anew at its size; the older ones lie beside it, named by the moment at which they ended,
until their days are over. At least six months: 《网络安全法》, article 23 (3).
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.door import logs
from ledger.postgres.old_logs import drop_old, set_aside


class LogFile(logs.Stream):
    """A log that only we can read.

    Args:
        path: of the newest part.
        size: bytes after which it begins anew.
        days: how long older parts stay.
    """

    def __init__(self, path: Path, size: int, days: int) -> None:
        super().__init__()
        self._path, self._size, self._lasts = path, size, timedelta(days=days)
        self._handle = _open(path)
        drop_old(path, datetime.now(UTC), self._lasts)

    def close(self) -> None:
        """End it."""
        os.close(self._handle)

    def append(self, line: bytes) -> None:
        """Write a line whole, or raise OSError and leave nothing of it."""
        length = os.fstat(self._handle).st_size
        if length and length + len(line) > self._size:
            self._begin_anew(datetime.now(UTC))
            length = 0
        if os.write(self._handle, line) < len(line):
            os.ftruncate(self._handle, length)
            raise OSError("the disk took a part of a line")

    def _begin_anew(self, now: datetime) -> None:
        set_aside(self._path, now, self._lasts)
        fresh = _open(self._path)
        os.close(self._handle)
        self._handle = fresh


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
