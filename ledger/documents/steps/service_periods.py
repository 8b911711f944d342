"""State for which days a document is (服务期), where it does not say so or contradicts itself.

Nothing of it is allocated before. A clerk states the days with a reason; as long as nothing is
allocated, he may state them anew.
"""

from datetime import date, datetime

from sqlmodel import Session, select

from ledger.documents.queries.documents import has_allocations
from ledger.documents.tables import CostDocument, StatedPeriod
from ledger.errors import NotFound, Refused
from ledger.formats.field_parsers import FIRST_DAY, LAST_DAY


def state_period(
    db: Session, document: int, since: date, until: date, reason: str, *, actor: str, now: datetime
) -> StatedPeriod:
    """State the service days of a document, both included; its red ones have them too.

    Raises:
        NotFound: there is no such document.
        Refused: it is a red one (`period_of_red`), it says its days itself (`period_known`), some
            of it is allocated (`period_allocated`), the days are in the wrong order or no days of
            this programme (`period_days`), or there is no reason (`no_reason`).
    """
    row = db.get(CostDocument, document, with_for_update={"key_share": True})
    if row is None:
        raise NotFound("document", id=document)
    if row.reverses_id is not None:
        raise Refused("period_of_red", number=row.number)
    if not (row.period_assumed or row.period_contradicts or _was_stated(db, document)):
        raise Refused("period_known", number=row.number)
    if has_allocations(db, document):
        raise Refused("period_allocated", number=row.number)
    if not FIRST_DAY <= since <= until <= LAST_DAY:
        raise Refused("period_days", since=since, until=until)
    if not reason.strip():
        raise Refused("no_reason")
    period = StatedPeriod(
        document_id=document, since=since, until=until, reason=reason.strip(), stated_at=now,
        stated_by=actor,
    )  # fmt: skip
    db.add(period)
    db.flush()
    db.expire(row)
    return period


def _was_stated(db: Session, document: int) -> bool:
    query = select(StatedPeriod.id).where(StatedPeriod.document_id == document)
    return db.exec(query).first() is not None
