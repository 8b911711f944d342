"""Holds (挂起): what keeps a case from going on, apart from its stage, with an owner and a clock.

A hold shuts gates: the steps that are not taken while it is open. Kinds, owners, days and gates
stand in one table, and the database holds the same (`hold_kinds`). A step that ends a case passes,
but where somebody's objection is not answered yet.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ledger.claims.codes import HoldKind
from ledger.claims.rules.courses import STEPS


@dataclass(frozen=True)
class Hold:
    """Who has to act, within how many working days (None: no clock), and what waits meanwhile."""

    owner: str
    days: int | None
    gates: tuple[str, ...]


_ONWARD = tuple(action for action, (_, states, _) in STEPS.items() if states.startswith("<"))
_MONEY = ("nominate", "propose", "approve", "list")

HOLDS: Mapping[HoldKind, Hold] = MappingProxyType(
    {
        HoldKind.APPLICANT: Hold("builder", 10, _ONWARD),
        HoldKind.OBJECTION: Hold("approver", 10, (*_ONWARD, "refuse", "withdraw", "terminate")),
        HoldKind.CREDIT: Hold("clerk", 10, _MONEY),
        # An undecided question, or no indicator: cases are taken and reviewed, and never paid.
        HoldKind.QUESTION: Hold("approver", None, ("list",)),
        HoldKind.COURT: Hold("approver", None, _MONEY),
    }
)


def shut(kinds: Collection[str], action: str) -> str | None:
    """Return the kind of the open holds that keeps this step from being taken, or None."""
    return next((kind for kind in kinds if action in HOLDS[HoldKind(kind)].gates), None)
