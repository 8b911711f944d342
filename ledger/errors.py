"""The tree of errors that the ledger raises when a caller breaks a rule.

    LedgerError
    ├── NotFound             the thing named does not exist, or is not yours to see
    ├── Conflict             what is there already says otherwise
    │   └── OutOfOrder       a batch that is ahead of its stream
    ├── Refused              a rule of the books or of the policy forbids it
    └── Unusable             the database cannot be used as it is

Faults in *users' data* are not raised: they are returned as lists of `Finding`s, all at once.
An error carries a stable `code`, and the parameters of its sentence; the sentence itself is made
where it is read, in the reader's language (`api/door/problems.py`).
"""

from dataclasses import dataclass


class LedgerError(Exception):
    """A caller broke a rule. `code` is stable; `params` fill its sentence."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code}: " + ", ".join(f"{k}={v}" for k, v in self.params.items())


class NotFound(LedgerError):
    """The thing named does not exist, or is not yours to see (the two look the same)."""


class Conflict(LedgerError):
    """What is there already says otherwise."""


class OutOfOrder(Conflict):
    """A batch that is ahead of its stream; `params["expected"]` is the number wanted."""


class Refused(LedgerError):
    """A rule of the books or of the policy forbids it."""


class Unusable(LedgerError):
    """The database cannot be used as it is: wrong version, not migrated, in use elsewhere."""


@dataclass(frozen=True)
class Finding:
    """One fault in what a user gave: where it is, its stable code, its sentence's parameters."""

    where: str  # "line 12: projects[3].uscc", "row 7", "item 41"
    code: str
    params: tuple[tuple[str, str], ...] = ()
