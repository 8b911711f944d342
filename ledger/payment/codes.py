"""Codes of payment. Their labels: `api/language/labels/payment.py`."""

from enum import StrEnum


class LineResult(StrEnum):
    """What the bank did with a line of a list."""

    PAID = "paid"
    RETURNED = "returned"


class HoldReason(StrEnum):
    """Why an approved claim is on no list."""

    WITHOUT_ACCOUNT = "without_account"
    ACCOUNT_CHANGING = "account_changing"
    PAYABLE_GONE = "payable_gone"
