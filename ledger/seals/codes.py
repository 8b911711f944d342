"""Codes of seals."""

from enum import StrEnum


class SealKind(StrEnum):
    """How a seal came about: by the hour, or as a month was over."""

    LIGHT = "light"
    MONTH = "month"


class Algorithm(StrEnum):
    """What hashes rows, trees and heads; the names are hashlib's."""

    SHA256 = "sha256"
    SM3 = "sm3"


class FaultCode(StrEnum):
    """What can be wrong with sealed rows and with seals."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    REWRITTEN = "rewritten"
    CAME_BACK = "came_back"
    TREE = "tree"
    HEAD = "head"
    CHAIN = "chain"
    SIGNATURE = "signature"
    KEY = "key"
    CLOCK = "clock"
    COLUMNS = "columns"
    DIFFERS = "differs"
    FORM = "form"
    ARCHIVE = "archive"
