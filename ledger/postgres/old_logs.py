"""Logs of earlier runs: named by the moment at which they were set aside, and kept for their days.

At least six months: 《网络安全法》, article 23 (3).
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEPT = timedelta(days=366)
STAMP = "%Y%m%dT%H%M%S%fZ"


def set_aside(log: Path, now: datetime, lasts: timedelta = KEPT) -> None:
    """Give a log that has lines its own name, for us alone, and drop those whose days are over."""
    if log.exists() and log.stat().st_size:
        old = log.with_name(f"{log.name}.{now:{STAMP}}")
        log.replace(old)
        old.chmod(0o600)
    drop_old(log, now, lasts)


def drop_old(log: Path, now: datetime, lasts: timedelta = KEPT) -> None:
    """Drop what was set aside of a log longer ago than it lasts."""
    for part in log.parent.glob(f"{log.name}.*"):
        with suppress(ValueError, OSError):
            stamp = part.name.removeprefix(f"{log.name}.")
            if datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) + lasts < now:
                part.unlink()
