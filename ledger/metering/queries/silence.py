"""The minutes of a registered GPU without a window."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session


def silent_minutes(db: Session, gpu: str, since: datetime, until: datetime) -> Sequence[datetime]:
    """Return the minutes in [since, until) in which a GPU has no window."""
    rows = db.execute(
        text("""
            SELECT m FROM generate_series(CAST(:since AS timestamptz),
                CAST(:until AS timestamptz) - interval '1 minute', interval '1 minute') m
            WHERE NOT EXISTS (SELECT FROM windows w WHERE w.gpu = :gpu AND w.start = m)
            ORDER BY m
        """),
        {"gpu": gpu, "since": since, "until": until},
    )
    return [row.m for row in rows]
