"""Errors that the ledger raises when a caller breaks a rule.

    LedgerError
    ├── NotFound             it does not exist, or the caller may not see it
    ├── Conflict             it contradicts what is already recorded
    │   └── OutOfOrder       a batch that is ahead of its stream
    ├── Refused              a rule of the books or of the policy forbids it
    ├── Busy                 too much of the kind is being done; again in a moment
    ├── Spent                the caller's share of the day is used up; again later
    └── Unusable             the database cannot be used as it is

Faults in *users' data* are not raised: they are returned as lists of `Finding`s, all at once. An
error carries a stable `code` and the parameters of its message; the message itself is written in
the reader's language where it is shown (`api/door/problems.py`).
"""

from dataclasses import dataclass


class LedgerError(Exception):
    """A caller broke a rule; `code` is stable, `params` fill the message."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code}: " + ", ".join(f"{k}={v}" for k, v in self.params.items())


class NotFound(LedgerError):
    """It does not exist, or the caller may not see it (the two look the same)."""


class Conflict(LedgerError):
    """It contradicts what is already recorded."""


class OutOfOrder(Conflict):
    """A batch is ahead of its stream; `params["expected"]` is the number expected next."""


class Refused(LedgerError):
    """A rule of the books or of the policy forbids it."""


class Busy(LedgerError):
    """Too much of the kind is being done at once; again in a moment."""


class Spent(LedgerError):
    """The caller's share of the day is used up; again later."""


class Unusable(LedgerError):
    """The database cannot be used as it is: wrong version, not migrated, in use elsewhere."""


@dataclass(frozen=True)
class Finding:
    """One fault in a user's data: its place, a stable code, the parameters of its message."""

    where: str  # "line 12: projects[3].uscc", "row 7", "item 41"
    code: str
    params: tuple[tuple[str, str], ...] = ()
