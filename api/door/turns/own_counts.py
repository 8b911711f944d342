"""Counts of requests and guesses of a server that is one process.

The storage that comes with `limits` starts a thread for nearly every request that it counts. This
one forgets what is over once a minute, while it counts.
"""

import time
from threading import Lock

from limits.storage import Storage

SWEPT_S = 60.0


class OwnCounts(Storage):
    """The storage of a `limits` limiter, in this process's memory."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[float, int]] = {}  # until when, how many
        self._lock, self._swept_at = Lock(), time.time()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What reading or writing may raise."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, from now on for so many seconds if nothing was counted; return how many."""
        now = time.time()
        with self._lock:
            if now - self._swept_at >= SWEPT_S:
                self._swept_at = now
                self._counts = {k: count for k, count in self._counts.items() if count[0] > now}
            until, number = self._counts.get(key, (0.0, 0))
            if until <= now:
                until, number = now + expiry, 0
            self._counts[key] = until, number + amount
        return number + amount

    def get(self, key: str) -> int:
        """Return how many were counted."""
        until, number = self._counts.get(key, (0.0, 0))
        return number if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return until when that counts; now, if nothing was counted."""
        until, _ = self._counts.get(key, (0.0, 0))
        return max(until, time.time())

    def check(self) -> bool:
        """Say that it is there."""
        return True

    def reset(self) -> None:
        """Forget what was counted of all keys; how many were, nobody asks."""
        with self._lock:
            self._counts.clear()

    def clear(self, key: str) -> None:
        """Forget what was counted of a key."""
        with self._lock:
            self._counts.pop(key, None)
