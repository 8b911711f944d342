"""Codes of the policy. Their labels: `api/language/labels/policy.py`."""

from enum import StrEnum


class Result(StrEnum):
    """What a clause says to a case."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    INSUFFICIENT = "insufficient"
    JUDGEMENT = "judgement"
    REJECTED = "rejected"


class ConditionState(StrEnum):
    """How a condition stands."""

    MET = "met"
    UNMET = "unmet"
    JUDGEMENT = "judgement"
    OPEN = "open"
    EXEMPT = "exempt"


class CapScope(StrEnum):
    """What a cap, or an award, is counted for; a project's kind says `model` and `team` too."""

    MODEL = "model"
    TEAM = "team"
    BUILDER = "builder"
    PERSON = "person"
    PROJECT = "project"
    ENTERPRISE = "enterprise"
    PLATFORM = "platform"
    SUPPLIER = "supplier"
    PRODUCT = "product"
    SCENARIO = "scenario"
    SITE = "site"


class CapPeriod(StrEnum):
    """Over which time an award is counted."""

    LIFETIME = "lifetime"
    ONCE = "once"
    YEAR = "year"
    UNSTATED = "unstated"


class PoolRule(StrEnum):
    """How a pool that is too small is shared out."""

    PRO_RATA = "pro_rata"
    FIRST_COME = "first_come"
    RANKED = "ranked"


class FileRole(StrEnum):
    """What a claim's file is for."""

    APPLICATION = "application"
    COMMITMENT = "commitment"
    RECEIPT = "receipt"
    ACCOUNT = "account"
    CONTRACT = "contract"
    RESULT = "result"
    OTHER = "other"


class RoundingUnit(StrEnum):
    """To what a sum is rounded."""

    FEN = "fen"
    YUAN = "yuan"
    HUNDRED_YUAN = "hundred_yuan"
    WAN = "wan"
