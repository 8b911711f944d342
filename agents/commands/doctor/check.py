"""The result of one check: a sentence in both languages, with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

SKEW_MAX_S = 5


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check; `code` is 0 if all is well."""

    code: int
    zh: str
    en: str

    def __str__(self) -> str:
        mark = "✓" if self.code == 0 else "✗"
        return f"{mark} {self.zh}\n  {self.en}"


def skew_s(header: str, now: datetime) -> int | None:
    """Return by how many seconds we are ahead of an answer's Date; None if it has none."""
    try:
        return round((now - parsedate_to_datetime(header)).total_seconds())
    except (ValueError, TypeError):
        return None
