"""Record who saw account numbers whole: when, which, and where."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session, col, select

from ledger.claims.tables import NumberRead


def record_read(
    db: Session, accounts: Iterable[int], *, place: str, actor: str, now: datetime
) -> None:
    """Record that `actor` saw the numbers of these bank accounts at this address."""
    values = {"at": now, "actor": actor, "accounts": sorted(set(accounts)), "place": place}
    db.execute(insert(NumberRead).values(values))


def number_reads(db: Session, *, limit: int, offset: int) -> Sequence[NumberRead]:
    """Return what was recorded, the newest first."""
    query = select(NumberRead).order_by(col(NumberRead.id).desc())
    return db.exec(query.limit(limit).offset(offset)).all()
