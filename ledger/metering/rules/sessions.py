"""Sessions: stretches of single days, put together over midnight.

A stretch is how an instance held a device on one Beijing day without being seen to let go of it
(`keep_stretches` in `metering/09_totals.sql` reads them from windows). Over midnight the same rule
holds: what was not seen does not end a session, for an hour, or for a day where a UID or a job
number tells the instance.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Stretch:
    """From `begins_ms` to `ends_ms` of a Beijing day; `key` is the device and the instance.

    `is_first`: nothing of the GPU was seen earlier that day; `is_last`: nothing later.
    """

    key: Hashable
    day: date
    begins_ms: int
    ends_ms: int
    is_first: bool
    is_last: bool
    is_told: bool

    def is_followed_by(self, later: "Stretch") -> bool:
        """Return whether the session goes on as this one: itself again, or of the next day."""
        unseen_ms = DAY_MS - self.ends_ms + later.begins_ms
        return self == later or (
            (self.key, self.day + timedelta(days=1)) == (later.key, later.day)
            and self.is_last
            and later.is_first
            and unseen_ms <= (DAY_MS if later.is_told else HOUR_MS)
        )


def session_numbers(stretches: Iterable[Stretch]) -> Iterator[int]:
    """Yield for each stretch the number of its session, from 1.

    They come by holding, and within a holding by day and time; a stretch may come several times.
    """
    number, last = 0, None
    for stretch in stretches:
        if last is None or not last.is_followed_by(stretch):
            number += 1
        last = stretch
        yield number
