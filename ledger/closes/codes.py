"""Codes of closes. Their labels: `api/language/labels/desk.py`."""

from enum import StrEnum


class CloseKind(StrEnum):
    """What of a month is closed: its usage first, then its books."""

    USAGE = "usage"
    BOOKS = "books"


class OpenKind(StrEnum):
    """What may be open as a month is closed; it is carried, and nothing waits for it."""

    UNPRICED = "unpriced"
    QUARANTINE = "quarantine"
    MONTH = "month"
    FALL = "fall"
    CLEARING = "clearing"
    DECISION = "decision"
    CLAIM = "claim"
    RECOVERY = "recovery"
    YEAR_END = "year_end"
