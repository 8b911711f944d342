"""Months as they stand in addresses: 2026-10."""

import re
from datetime import date

from ledger.errors import NotFound

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)


def is_month(said: str) -> bool:
    """Whether it is written as `2026-11`."""
    return _MONTH.fullmatch(said) is not None


def month_of(said: str) -> date:
    """The first day of `2026-11`; anything else is no month of ours."""
    if not is_month(said):
        raise NotFound("reconciliation", id=said)
    return date.fromisoformat(f"{said}-01")
