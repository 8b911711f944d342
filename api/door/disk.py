"""A full disk: writing is refused before it would fail, reading goes on, and it passes by itself.

A database that cannot extend its log stops altogether, so a part of its disk stays free: below it a
request that changes anything is answered with `disk_full`, and nothing is done in the background.
Where the database is elsewhere, its own word counts, for a moment after it was said.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from api.door.problems import RETRY_S, Refusal, is_disk_full
from api.settings import MIB, Settings

KEPT_S = 1.0
SIGNING = frozenset({"/sign-in", "/sign-in/password", "/sign-out"})
"""To read, one must come in; the rest of the room is for that."""


class Disk:
    """The disks that one server writes to.

    Args:
        folders: that must have room; of one that is not there yet, the folder above.
        reserve: bytes that stay free on each.
    """

    def __init__(self, folders: Sequence[Path], reserve: int) -> None:
        self._folders, self._reserve = folders, reserve
        self._looked_at, self._full_until, self._full = -KEPT_S, 0.0, False

    @classmethod
    def of(cls, settings: Settings) -> "Disk":
        """Those of the embedded database; none where it is named by URL."""
        folders = [settings.postgres] if settings.database_url is None else []
        return cls(folders, settings.reserve_mib * MIB)

    @property
    def is_full(self) -> bool:
        """Whether nothing may be written now."""
        now = time.monotonic()
        if now - self._looked_at >= KEPT_S:
            self._looked_at = now
            self._full = any(_free(folder) < self._reserve for folder in self._folders)
        return self._full or now < self._full_until

    def note(self, error: Exception) -> None:
        """Remember for a moment what the database said."""
        if is_disk_full(error):
            self._full_until = time.monotonic() + RETRY_S

    def refuse_full(self) -> None:
        """Raise Refusal where nothing may be written (`disk_full`, 503)."""
        if self.is_full:
            raise Refusal(503, "disk_full", headers={"Retry-After": str(RETRY_S)})


def _free(folder: Path) -> int:
    """Bytes that an ordinary account may still use."""
    nearest = next(f for f in (folder.absolute(), *folder.absolute().parents) if f.exists())
    status = os.statvfs(nearest)
    return status.f_bavail * status.f_frsize
