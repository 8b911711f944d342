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
    found = db.get(CostDocument, document, with_for_update={"key_share": True})
    if found is None:
        raise NotFound("document", id=document)
    if found.reverses_id is not None:
        raise Refused("freeze_red", number=found.number)
    standing = frozen(db, document)
    if standing is None:
        standing = Freeze(
            document_id=document, confirmation=confirmation, frozen_at=now, frozen_by=actor
        )
        db.add(standing)
        db.flush()
    if standing.confirmation != confirmation:
        raise Conflict("frozen", number=found.number, confirmation=standing.confirmation)
    return standing


def lift(
    db: Session, document: int, *, actor: str, now: datetime, confirmation: str | None = None
) -> None:
    """Lift the freeze of a document, of that confirmation if one is named; none is no error."""
    standing = frozen(db, document)
    if standing is None or confirmation not in (None, standing.confirmation):
        return
    standing.lifted_at, standing.lifted_by = now, actor
    db.add(standing)
    db.flush()


def frozen(db: Session, document: int) -> Freeze | None:
    """The freeze that a document is under."""
    asked = select(Freeze).where(Freeze.document_id == document, col(Freeze.lifted_at).is_(None))
    return db.exec(asked).one_or_none()
