"""Hold a case up (挂起), and let it go on: apart from its stage, with a reason and a clock.

The bureau opens a hold; which steps wait meanwhile says its kind (`ledger/claims/rules/holds.py`).
An objection's is opened and ended with the objection, by the database.
"""

from datetime import datetime

import psycopg
from sqlalchemy import insert
from sqlmodel import Session

from ledger.claims.codes import HoldKind
from ledger.claims.rules.courses import OPEN
from ledger.claims.tables import CaseHold, Claim
from ledger.errors import Conflict, LedgerError, NotFound, Refused
from ledger.postgres.refusals import refusals


def open_hold(
    db: Session, claim: Claim, kind: HoldKind, reason: str, *, actor: str, now: datetime
) -> CaseHold:
    """Hold a case up; the database sets its clock.

    Raises:
        Refused: an objection is recorded instead (`hold_by_objection`), no reason is given
            (`note_missing`), or it is not the bureau's (`not_your_hold`).
        Conflict: the case is over (`case_over`).
    """
    if kind is HoldKind.OBJECTION:
        raise Refused("hold_by_objection")
    if not reason.strip():
        raise Refused("note_missing")
    if claim.state not in OPEN:
        raise Conflict("case_over", number=claim.number)
    values = {
        "claim_id": claim.id,
        "kind": kind,
        "reason": reason.strip(),
        "opened_at": now,
        "opened_by": actor,
    }
    with refusals(_refusal):
        return db.scalars(insert(CaseHold).values(values).returning(CaseHold)).one()


def end_hold(
    db: Session, claim: Claim, hold: int, outcome: str, *, actor: str, now: datetime
) -> CaseHold:
    """End a hold, and say what came of it.

    Raises:
        NotFound: the case has no such hold.
        Refused: nothing is said (`note_missing`); it ends with its objection
            (`hold_by_objection`), or is another's to end (`not_your_hold`).
        Conflict: it has ended (`hold_ended`).
    """
    row = db.get(CaseHold, hold, with_for_update=True, populate_existing=True)
    if row is None or row.claim_id != claim.id:
        raise NotFound("hold", id=hold)
    if row.closed_at is not None:
        raise Conflict("hold_ended", id=hold)
    if row.kind == HoldKind.OBJECTION:
        raise Refused("hold_by_objection")
    if not outcome.strip():
        raise Refused("note_missing")
    row.outcome, row.closed_at, row.closed_by = outcome.strip(), now, actor
    db.add(row)
    with refusals(_refusal):
        db.flush()
    return row


def _refusal(error: object) -> LedgerError | None:
    match error.diag.constraint_name if isinstance(error, psycopg.Error) else None:
        case "actor_acts" | "hold_ended":
            return Refused("not_your_hold")
    return None
