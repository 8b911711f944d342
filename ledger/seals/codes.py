"""Codes of seals."""

from enum import StrEnum


class SealKind(StrEnum):
    """How a seal came about: by the hour, as a month was over, or as its books were closed."""

    LIGHT = "light"
    MONTH = "month"
    CLOSE = "close"


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
    COPY = "copy"
    COLUMNS = "columns"
    DIFFERS = "differs"
    FORM = "form"
    ARCHIVE = "archive"
    ACTOR = "actor"
    REPLAY = "replay"
    DAY_TOTAL = "day_total"
    CHARGE = "charge"
    STATEMENT = "statement"
    ALLOCATION = "allocation"
    MATCH = "match"
    POSTING = "posting"
    LIST = "list"
    BANK = "bank"
    STAMP = "stamp"


class UnprovedReason(StrEnum):
    """Why a row could not be computed again from the others."""

    NO_RECORD = "no_record"
    OTHER_ENGINE = "other_engine"
    NO_POLICY = "no_policy"
    NO_READER = "no_reader"
    TWO_SOURCES = "two_sources"
    WITNESSED = "witnessed"
    ROUNDS_SESSIONS = "rounds_sessions"
    BEHIND = "behind"
    NO_BATCHES = "no_batches"
    NO_ROOTS = "no_roots"
