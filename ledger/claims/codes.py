"""Codes of claims. Their labels: `api/language/labels/claims.py`."""

from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    OBJECTED = "objected"
    APPROVED = "approved"
    LISTED = "listed"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ClaimAction(StrEnum):
    """What is done with a claim."""

    SUBMIT = "submit"
    RETURN = "return"
    ACCEPT = "accept"
    PUBLISH = "publish"
    OBJECT = "object"
    DISMISS = "dismiss"
    UPHOLD = "uphold"
    PROPOSE = "propose"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LIST = "list"
    BOUNCE = "bounce"
    PAY = "pay"
    REOPEN = "reopen"


class ClaimStage(StrEnum):
    """The stages on a claim's way to the bank, each by the state that it leads to."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    APPROVED = "approved"
    LISTED = "listed"
    PAID = "paid"
