"""Codes of what needs attention. Their labels: `api/language/labels/desk.py`."""

from enum import StrEnum


class FindingKind(StrEnum):
    """What a person should look at."""

    CONFLICTS = "conflicts"
    FORKS = "forks"
    QUARANTINE = "quarantine"
    GAPS = "gaps"
    SILENT = "silent"
    UNOWNED = "unowned"
    UNPRICED = "unpriced"
    UNPROVED = "unproved"
    CORRECTIONS = "corrections"
