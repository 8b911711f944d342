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
