"""Codes of people and of what they decide. Their labels: `api/language/labels/people.py`."""

from enum import StrEnum


class Role(StrEnum):
    """Whom a token makes its holder."""

    BUILDER = "builder"
    OPERATOR = "operator"
    CLERK = "clerk"
    APPROVER = "approver"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class DecisionKind(StrEnum):
    """What one person proposes and another confirms."""

    DOCUMENT = "document"
    RECONCILIATION = "reconciliation"
    EXTRA = "extra"
    CLAIM = "claim"
    ACCOUNT = "account"
    INDICATOR = "indicator"
    PAYMENT_LIST = "payment_list"
    REFUND = "refund"
    RECOVERY = "recovery"
    CAP = "cap"
    LAPSE = "lapse"
    YEAR_END = "year_end"


class Answer(StrEnum):
    """How a proposed decision is answered."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
