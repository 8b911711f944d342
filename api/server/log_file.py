"""The file of the server's log: it never fails a request, and it is kept for as long as it must be.

A line that cannot be written is lost, and counted: the next one that can be says how many. The file
begins anew at its size; the older ones lie beside it, named by the moment at which they ended,
until their days are over. At least six months: 《网络安全法》, article 23 (3).
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.door import logs

STAMP = "%Y%m%dT%H%M%S%fZ"


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
        self._drop_old(datetime.now(UTC))

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
        self._path.replace(self._path.with_name(f"{self._path.name}.{now:{STAMP}}"))
        fresh = _open(self._path)
        os.close(self._handle)
        self._handle = fresh
        self._drop_old(now)

    def _drop_old(self, now: datetime) -> None:
        for part in self._path.parent.glob(f"{self._path.name}.*"):
            with suppress(ValueError, OSError):
                stamp = part.name.removeprefix(f"{self._path.name}.")
                end = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
                if end + self._lasts < now:
                    part.unlink()


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
