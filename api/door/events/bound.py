"""How many refusals of one caller are recorded: so many at once, and so many an hour after that.

What is beyond is counted and told with the next one. All strangers are one caller: however many
addresses they come from, they cannot fill the disk.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

AT_ONCE = 400
AN_HOUR = 600
_HOUR_S = 3600


@dataclass
class _Level:
    """How many may still be recorded, as of when, and how many were not."""

    room: float
    at: float
    omitted: int = 0


class Bound:
    """The bound of one process. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._levels: dict[int | None, _Level] = {}

    def admit(self, token: int | None) -> int | None:
        """Count a refusal: how many before it were left out, or None if this one is."""
        with self._lock:
            now = self._clock()
            level = self._levels.setdefault(token, _Level(AT_ONCE, now))
            level.room = min(AT_ONCE, level.room + (now - level.at) * AN_HOUR / _HOUR_S)
            level.at = now
            if level.room < 1:
                level.omitted += 1
                return None
            level.room -= 1
            omitted, level.omitted = level.omitted, 0
            return omitted
