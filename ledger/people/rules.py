"""Names of people, when two are one; roles that are kept apart; passwords, and how long to wait.

The database holds the same (`plain_name` in 01_people_decisions.sql, `duty_of` and `takes_two` in
06_people_tokens.sql).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from ledger.formats.visible import HIDDEN
from ledger.people.codes import Role

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""三员: three people, made on the machine, none of whom has another role."""

TAKES_TWO = frozenset({Role.CLERK, Role.APPROVER, Role.FINANCE})
"""Who decides about money: two security administrators let her in."""

LENGTH_MAX = 128
FREE_TRIES = 3
_FIRST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=15)
_KINDS = (str.islower, str.isupper, str.isdigit)
_CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def plain(name: str) -> str:
    """Return what tells persons apart: without width, spaces, capitals and what is not seen."""
    visible = HIDDEN.sub("", unicodedata.normalize("NFKC", name)).replace(" ", "")
    return unicodedata.normalize("NFKC", visible).translate(_CAPITALS)


def duty_of(role: Role) -> str:
    """Return what is kept apart: each administrator's duty, or business."""
    return role if role in ADMINISTRATORS else "business"


@dataclass(frozen=True)
class PasswordRules:
    """The shortest password, its kinds of characters, and how many past ones don't come again."""

    length: int
    kinds: int
    history: int


def plain_password(typed: str) -> str:
    """Return a password as it is compared: however the keyboard composed its characters."""
    return unicodedata.normalize("NFKC", typed)


def password_fault(password: str, names: Iterable[str], rules: PasswordRules) -> str | None:
    """Return what is wrong with a new password, as the code of a sentence; None if nothing is."""
    if not rules.length <= len(password) <= LENGTH_MAX:
        return "password_length"
    if _kinds(password) < rules.kinds:
        return "password_kinds"
    folded = password.casefold()
    if any(name.casefold() in folded for name in names if name):
        return "password_name"
    return None


def wait_after(failures: int) -> timedelta:
    """Return how long to wait after so many wrong ones in a row: twice as long each time."""
    if failures < FREE_TRIES:
        return timedelta()
    doublings = min(failures - FREE_TRIES, 20)
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)


def _kinds(password: str) -> int:
    """How many of: small letters, capitals, digits, everything else (Chinese characters too)."""
    present = {next((n for n, is_kind in enumerate(_KINDS) if is_kind(c)), 3) for c in password}
    return len(present)
