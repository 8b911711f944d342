"""Dispatch a person's action on a claim to its step.

Objections, approval and payment are not here, as each needs more: the objection, another person's
decision, the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session

from ledger.claims.steps.claims import StepResult, act, missing_files, next_of
from ledger.claims.steps.eligibility import accept
from ledger.claims.steps.publication import publish
from ledger.claims.tables import Claim
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer

Action = Literal[
    "submit", "return", "accept", "reject", "publish", "refuse", "withdraw", "terminate"
]

_WITH_REASON = ("return", "reject", "refuse", "terminate")  # the other side is told why


@dataclass(frozen=True)
class Wish:
    """The action, its note, and what it needs besides."""

    action: Action
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # accept: what the clerk knows anew
    reference: str = ""  # accept: the number of a talent's recognition
    channel: str = ""  # publish: where to object


def handle(db: Session, claim: Claim, wish: Wish, *, viewer: Viewer, now: datetime) -> StepResult:
    """Take the step. If anything is missing, do nothing and report everything that is missing.

    Raises:
        Refused, Conflict: as the step itself.
    """
    by: dict[str, Any] = {
        "viewer_role": viewer.role, "actor": viewer.actor, "now": now, "note": wish.note,
    }  # fmt: skip
    next_of(db, claim, wish.action, viewer.role)
    if wish.action in _WITH_REASON and not wish.note.strip():
        return StepResult(claim, "claim_lacks", (Finding("note", "note_missing"),))
    if wish.action == "submit" and (missing := missing_files(db, claim)):
        return StepResult(claim, "claim_lacks", tuple(missing))
    if wish.action == "accept":
        return accept(db, claim, wish.facts, reference=wish.reference, **by)
    if wish.action == "publish":
        return publish(db, claim, wish.channel, **by)
    return StepResult(act(db, claim, wish.action, **by))
