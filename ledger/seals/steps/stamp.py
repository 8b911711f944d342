"""Keep what an authority says of a head: each head commits to all before it."""

from datetime import datetime

from sqlmodel import Session

from ledger.seals.queries.seals import last_seal, stamp_of
from ledger.seals.tables import Seal, SealStamp


def head_to_stamp(db: Session) -> Seal | None:
    """Return the last seal; None where there is none, or it has a stamp."""
    last = last_seal(db)
    return None if last is None or stamp_of(db, last.number) is not None else last


def keep_stamp(db: Session, number: int, answer: bytes, moment: datetime, now: datetime) -> bool:
    """Keep an answer that holds; False where another server was first.

    Args:
        db: a session; the caller commits.
        number: of the seal whose head was asked about.
        answer: as it came.
        moment: what it vouches for.
        now: when it is recorded.
    """
    if stamp_of(db, number) is not None:
        return False
    db.add(SealStamp(seal=number, answer=answer, stamped_at=moment, recorded_at=now))
    db.flush()
    return True
