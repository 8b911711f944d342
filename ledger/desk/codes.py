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


class InventoryState(StrEnum):
    """How a GPU that the agents see stands to the registry."""

    NEW = "new"
    MOVED = "moved"
    SEEN_TWICE = "seen_twice"
    OTHER_CENTRE = "other_centre"
    AFTER_RETIREMENT = "after_retirement"
    BEFORE_REGISTRATION = "before_registration"
    SILENT = "silent"
    UNKNOWN_MODEL = "unknown_model"
    OTHER_MODEL = "other_model"
    MIG_ON = "mig_on"


class Safeguard(StrEnum):
    """What a database has before its pages bear no mark."""

    NO_DRILL = "no_drill"
    ADMINISTRATORS = "administrators"
    SECOND_FACTOR = "second_factor"
    SEALING = "sealing"
    BACKUP = "backup"
    POLICY = "policy"


class ReportTable(StrEnum):
    """A table of the report of a month."""

    CONTRACTS = "contracts"
    DOCUMENTS = "documents"
    TREATMENTS = "treatments"
    CLAIMS = "claims"
