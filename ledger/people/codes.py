"""Codes of people and of what they decide. Their labels: `api/language/labels/people.py`."""

from enum import StrEnum


class Role(StrEnum):
    """What a token's holder is. Builder and operator have a scope; the others are the bureau's."""

    BUILDER = "builder"  # a project's people; scope: the project
    OPERATOR = "operator"  # a centre's people; scope: the centre
    CLERK = "clerk"  # 经办
    APPROVER = "approver"  # 审批
    FINANCE = "finance"  # 财务
    AUDITOR = "auditor"  # 审计: reads everything, writes nothing
    SYSTEM_ADMIN = "systemadmin"  # 系统管理员: the machine and its agents
    SECURITY_ADMIN = "securityadmin"  # 安全管理员: who may come in, as what
    AUDIT_ADMIN = "auditadmin"  # 审计管理员: who came in, and what they did


class DecisionKind(StrEnum):
    """What one person proposes and another confirms."""

    DOCUMENT = "document"
    RECONCILIATION = "reconciliation"
    EXTRA = "extra"
    FALL = "fall"
    RED_PARTS = "red_parts"
    DEDUCTION_CONSENT = "deduction_consent"
    DEDUCTION_FALL = "deduction_fall"
    CLAIM = "claim"
    ACCOUNT = "account"
    INDICATOR = "indicator"
    PAYMENT_LIST = "payment_list"
    REFUND = "refund"
    RECOVERY = "recovery"
    CAP = "cap"
    LAPSE = "lapse"
    VALIDITY = "validity"
    RATE = "rate"
    POLICY_END = "policy_end"
    POLICY_PAYABLE = "policy_payable"
    EXCLUDED_MONTH = "excluded_month"
    YEAR_CAP = "year_cap"
    POOL = "pool"
    YEAR_END = "year_end"
    BOOKS_CLOSE = "books_close"
    BANK_REVERSAL = "bank_reversal"
    REGISTRY = "registry"
    VOUCHER = "voucher"
    USAGE = "usage"
    CAPACITY = "capacity"
    CORRECTION = "correction"
    INCIDENT = "incident"
    INVENTORY = "inventory"


class Answer(StrEnum):
    """How a proposed decision is answered."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SignInFault(StrEnum):
    """Why somebody did not come in by a login that is there."""

    PASSWORD = "password"  # noqa: S105 - a code
    CODE = "code"  # the password was right
    TOKEN = "token"  # noqa: S105 - all was right, and what it opens has ended
    STEP_UP = "step_up"  # the code that was asked for again, by who had come in


class EventResult(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"
