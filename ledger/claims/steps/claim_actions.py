"""Handling a claim: what a person wants done with it, led to the step that does it.

These are the steps that a person takes on a claim by itself. Objections, the approval and the
payment have their own ways, as each brings something with it: the objection, the decision of
another person, the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session

from ledger.claims.rules import next_state
from ledger.claims.steps.claims import StepResult, act, missing_files
from ledger.claims.steps.eligibility import accept
from ledger.claims.steps.publication import publish
from ledger.claims.tables import Claim
from ledger.errors import Finding
from ledger.people.steps.credentials import Viewer

Action = Literal["submit", "return", "accept", "publish", "refuse", "withdraw"]

_WITH_REASON = ("return", "refuse")  # the other side is told why


@dataclass(frozen=True)
class Wish:
    """What is wanted: the action, why, and what the action needs besides."""

    action: Action
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # accept: what the clerk knows anew
    reference: str = ""  # accept: the number of a talent's recognition
    channel: str = ""  # publish: where to object


def handle(db: Session, claim: Claim, wish: Wish, *, viewer: Viewer, now: datetime) -> StepResult:
    """Take the step that is wanted; where something lacks, nothing is done and all of it told.

    Raises:
        Refused, Conflict: as the step itself.
    """
    by: dict[str, Any] = {
        "viewer_role": viewer.role, "actor": viewer.actor, "now": now, "note": wish.note,
    }  # fmt: skip
    next_state(claim.state, wish.action, viewer.role)
    if wish.action in _WITH_REASON and not wish.note.strip():
        return StepResult(claim, "claim_lacks", (Finding("note", "note_missing"),))
    if wish.action == "submit" and (missing := missing_files(db, claim)):
        return StepResult(claim, "claim_lacks", tuple(missing))
    if wish.action == "accept":
        return accept(db, claim, wish.facts, reference=wish.reference, **by)
    if wish.action == "publish":
        return publish(db, claim, wish.channel, **by)
    return StepResult(act(db, claim, wish.action, **by))
