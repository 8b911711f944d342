"""What a password has to be, and how long a wrong one makes the next one wait."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

LENGTH_MAX = 128
FREE_TRIES = 3
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
_KINDS = (str.islower, str.isupper, str.isdigit)


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
    """Return how long to wait after the last of so many wrong ones: twice as long each time."""
    if failures < FREE_TRIES:
        return timedelta()
    doublings = min(failures - FREE_TRIES, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _kinds(password: str) -> int:
    """How many of: small letters, capitals, digits, everything else (Chinese characters too)."""
    present = {next((n for n, is_kind in enumerate(_KINDS) if is_kind(c)), 3) for c in password}
    return len(present)
