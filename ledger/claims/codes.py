"""Codes of claims. Their labels: `api/language/labels/claims.py`."""

from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim stands: the stage that it has reached, or the end at which it left."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    CHECKED = "checked"
    INSPECTED = "inspected"
    SCORED = "scored"
    AGREED = "agreed"
    NOMINATED = "nominated"
    PUBLISHED = "published"
    APPROVED = "approved"
    LISTED = "listed"
    PAID = "paid"
    REJECTED = "rejected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


class ClaimAction(StrEnum):
    """What is done with a claim."""

    SUBMIT = "submit"
    RETURN = "return"
    REVIEW = "review"
    ACCEPT = "accept"
    REJECT = "reject"
    VERIFY = "verify"
    CHECK = "check"
    INSPECT = "inspect"
    SCORE = "score"
    AGREE = "agree"
    NOMINATE = "nominate"
    PUBLISH = "publish"
    OBJECT = "object"
    DISMISS = "dismiss"
    UPHOLD = "uphold"
    PROPOSE = "propose"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    LIST = "list"
    BOUNCE = "bounce"
    PAY = "pay"
    REOPEN = "reopen"


class ClaimStage(StrEnum):
    """The stages that a course may have, each by the state that it leads to."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    CHECKED = "checked"
    INSPECTED = "inspected"
    SCORED = "scored"
    AGREED = "agreed"
    NOMINATED = "nominated"
    PUBLISHED = "published"
    APPROVED = "approved"
    LISTED = "listed"
    PAID = "paid"


class HoldKind(StrEnum):
    """What holds a case up, apart from its stage."""

    APPLICANT = "applicant"
    OBJECTION = "objection"
    CREDIT = "credit"
    QUESTION = "question"
    COURT = "court"
