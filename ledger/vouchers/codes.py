"""Codes of vouchers. Their labels: `api/language/labels/vouchers.py`."""

from enum import StrEnum


class VoucherState(StrEnum):
    """How a project's voucher is doing."""

    ABSENT = "absent"
    USED_UP = "used_up"
    NOT_STARTED = "not_started"
    RUNNING_OUT = "running_out"
    STALE = "stale"
    IN_USE = "in_use"


class VersionState(StrEnum):
    """How far a policy version is on its way to be paid under."""

    INCOMPLETE = "incomplete"  # no days, or a question of every clause is open
    KNOWN = "known"
    PROPOSED = "proposed"
    PAYABLE = "payable"
