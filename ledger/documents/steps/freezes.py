"""Freeze (冻结, R18): allocate no more of an invoice while a red confirmation is pending.

Earlier allocations stay until the red document arrives. A red document with the number of that
confirmation lifts the freeze; if the confirmation is withdrawn, a clerk lifts it.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from ledger.documents.tables import CostDocument, Freeze
from ledger.errors import Conflict, NotFound, Refused


def freeze(db: Session, document: int, confirmation: str, *, actor: str, now: datetime) -> Freeze:
    """Freeze a blue document for a red confirmation (红字确认单); idempotent.

    The same confirmation again is the same freeze.

    Raises:
        NotFound: there is no such document.
        Refused: it is a red one itself (`freeze_red`).
        Conflict: another confirmation has frozen it (`frozen`).
    """
    row = db.get(CostDocument, document, with_for_update={"key_share": True})
    if row is None:
        raise NotFound("document", id=document)
    if row.reverses is not None:
        raise Refused("freeze_red", number=row.number)
    current = open_freeze(db, document)
    if current is None:
        current = Freeze(
            document=document, confirmation=confirmation, frozen_at=now, frozen_by=actor
        )
        db.add(current)
        db.flush()
    if current.confirmation != confirmation:
        raise Conflict("frozen", number=row.number, confirmation=current.confirmation)
    return current


def lift(
    db: Session, document: int, *, actor: str, now: datetime, confirmation: str | None = None
) -> None:
    """Lift the freeze of a document, or only that of this confirmation; none is no error."""
    current = open_freeze(db, document)
    if current is None or confirmation not in (None, current.confirmation):
        return
    current.lifted_at, current.lifted_by = now, actor
    db.add(current)
    db.flush()


def open_freeze(db: Session, document: int) -> Freeze | None:
    """Return the current freeze of a document."""
    query = select(Freeze).where(Freeze.document == document, col(Freeze.lifted_at).is_(None))
    return db.exec(query).one_or_none()
