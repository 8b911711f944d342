"""The seals that are kept, newest first."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.errors import NotFound
from ledger.seals.tables import Seal, SealStamp

_CLOSED = text("""
    SELECT max((key::jsonb ->> 1)::date) FROM unsealed_rows
    WHERE relation = 'closes' AND key::jsonb ->> 0 = 'books'
""")


def last_seal(db: Session) -> Seal | None:
    """Return the last seal."""
    return db.exec(select(Seal).order_by(col(Seal.number).desc()).limit(1)).first()


def closed_since(db: Session) -> date | None:
    """Return the last month whose books were closed and that waits to be sealed."""
    month: date | None = db.execute(_CLOSED).scalar()
    return month


def seals(db: Session, *, limit: int, offset: int) -> Sequence[Seal]:
    """Return seals, newest first."""
    query = select(Seal).order_by(col(Seal.number).desc()).limit(limit).offset(offset)
    return db.exec(query).all()


def stamp_of(db: Session, number: int) -> SealStamp | None:
    """Return the time stamp of a seal, where it has one."""
    return db.get(SealStamp, number)


def stamp_moments(db: Session, numbers: Sequence[int]) -> Mapping[int, datetime]:
    """Return when each of these seals was stamped, of those that were."""
    columns = select(SealStamp.seal, SealStamp.stamped_at)
    return dict(db.exec(columns.where(col(SealStamp.seal).in_(numbers))).all())


def seal_by_number(db: Session, number: int) -> Seal:
    """Return one seal.

    Raises:
        NotFound: there is none of this number (`seal`).
    """
    seal = db.get(Seal, number)
    if seal is None:
        raise NotFound("seal", number=number)
    return seal
