"""The seals that are kept, newest first."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlmodel import Session, col, select

from ledger.errors import NotFound
from ledger.seals.tables import Seal

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


def seal_by_number(db: Session, number: int) -> Seal:
    """Return one seal.

    Raises:
        NotFound: there is none of this number (`seal`).
    """
    seal = db.get(Seal, number)
    if seal is None:
        raise NotFound("seal", number=number)
    return seal
