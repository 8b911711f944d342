"""Codes of payment. Their labels: `api/language/labels/payment.py`."""

from enum import StrEnum


class LineResult(StrEnum):
    """What the bank did with a line of a list."""

    PAID = "paid"
    RETURNED = "returned"


class RowState(StrEnum):
    """Whether a bank's row holds."""

    BOOKED = "booked"  # a plain payment of an open line, at once
    OPEN = "open"  # it contradicts, so two persons decide; until then its claim stops
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDONE = "undone"


class Ruling(StrEnum):
    """What two persons decide about a bank's row."""

    ACCEPT = "accept"  # the bank did it; the books follow
    REJECT = "reject"  # it is false; the books stay
    UNDO = "undo"  # it was booked and is false; the books go back


class HoldReason(StrEnum):
    """Why an approved claim is on no list."""

    WITHOUT_ACCOUNT = "without_account"
    ACCOUNT_CHANGING = "account_changing"
    PAYABLE_GONE = "payable_gone"
    BANK_CONTRADICTION = "bank_contradiction"
    CLAIM_HELD = "claim_held"
