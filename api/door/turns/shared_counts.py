"""Counts of requests and guesses that all processes of a server keep together.

A file in memory, one small place for each key, found by a keyed hash: who knows the address of
another cannot find one that shares its place. With 65,536 places two of a thousand callers meet in
one every now and then, and are counted together for a minute; the limits are wide enough for that.
What several servers behind a load balancer count, each counts for itself.
"""

import fcntl
import mmap
import os
import secrets
import struct
import time
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from limits.storage import Storage

KEY_BYTES = 16
PLACES = 65_536
_PLACE = struct.Struct("<II")  # when its count ends, seconds since 1970; how many


class SharedCounts(Storage):
    """The storage of a `limits` limiter, in a file that `create` has made."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_RDWR)
        self._places = mmap.mmap(self._file, KEY_BYTES + PLACES * _PLACE.size)
        self._key = bytes(self._places[:KEY_BYTES])
        self._lock = Lock()  # the file's locks are between processes

    @staticmethod
    def create(path: Path) -> None:
        """Make a file with nothing counted, which only we can read."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, secrets.token_bytes(KEY_BYTES))
        os.truncate(handle, KEY_BYTES + PLACES * _PLACE.size)
        os.close(handle)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What reading or writing may raise."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, from now on for so many seconds if nothing was counted; return how many."""
        at, now = self._place(key), time.time()
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX, _PLACE.size, at)
            try:
                until, number = _PLACE.unpack_from(self._places, at)
                if until <= now:
                    until, number = int(now) + expiry, 0
                number = min(number + amount, 2**32 - 1)
                _PLACE.pack_into(self._places, at, until, number)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _PLACE.size, at)
        return int(number)

    def get(self, key: str) -> int:
        """Return how many were counted."""
        until, number = _PLACE.unpack_from(self._places, self._place(key))
        return int(number) if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return until when that counts; now, if nothing was counted."""
        until, _ = _PLACE.unpack_from(self._places, self._place(key))
        return max(float(until), time.time())

    def check(self) -> bool:
        """Say that it is there."""
        return True

    def reset(self) -> None:
        """Forget what was counted of all keys, in every process; how many were, nobody knows."""
        self._places[KEY_BYTES:] = bytes(PLACES * _PLACE.size)

    def clear(self, key: str) -> None:
        """Forget what was counted of a key."""
        _PLACE.pack_into(self._places, self._place(key), 0, 0)

    def _place(self, key: str) -> int:
        digest = blake2b(key.encode(), key=self._key, digest_size=8).digest()
        return KEY_BYTES + int.from_bytes(digest) % PLACES * _PLACE.size
