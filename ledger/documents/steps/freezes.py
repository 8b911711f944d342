"""Freeze (冻结, R18): a red confirmation is on its way, so no more is allocated of its invoice.

What was allocated before stays until the red one comes. When it does, with the number of that
confirmation, the freeze is lifted by itself; where it was withdrawn, a clerk lifts it.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from ledger.documents.tables import CostDocument, Freeze
from ledger.errors import Conflict, NotFound, Refused


def freeze(db: Session, document: int, confirmation: str, *, actor: str, now: datetime) -> Freeze:
    """Freeze a blue document for the red confirmation (红字确认单) of that number.

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
    """Lift the freeze of a document, of that confirmation if one is named; none is no error."""
    current = open_freeze(db, document)
    if current is None or confirmation not in (None, current.confirmation):
        return
    current.lifted_at, current.lifted_by = now, actor
    db.add(current)
    db.flush()


def open_freeze(db: Session, document: int) -> Freeze | None:
    """The freeze that a document is under."""
    query = select(Freeze).where(Freeze.document == document, col(Freeze.lifted_at).is_(None))
    return db.exec(query).one_or_none()
