"""The event log as people read it: searched by person, time and what it was about."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.people.codes import EventResult

_EVENTS = text("""
    SELECT e.id, e.at, e.actor, t.role, p.name AS person, e.session_id AS session, e.address,
           e.act, e.noun, e.number, e.result, e.code, e.omitted, e.request
    FROM events e LEFT JOIN tokens t ON t.id = e.token_id LEFT JOIN persons p ON p.id = t.person_id
    WHERE (CAST(:who AS text) IS NULL OR strpos(plain_name(p.name), plain_name(:who)) > 0)
        AND (CAST(:since AS timestamptz) IS NULL OR e.at >= :since)
        AND (CAST(:until AS timestamptz) IS NULL OR e.at < :until)
        AND (CAST(:noun AS text) IS NULL OR e.noun = :noun)
        AND (CAST(:number AS text) IS NULL OR e.number = :number)
        AND (CAST(:result AS text) IS NULL OR e.result = :result)
    ORDER BY e.id DESC LIMIT :limit OFFSET :offset
""")


@dataclass(frozen=True)
class EventQuery:
    """Which events: of whom (part of a name), from when until when, about what, how they ended."""

    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    noun: str | None = None
    number: str | None = None
    result: EventResult | None = None


@dataclass(frozen=True)
class EventView:
    """One event. `actor`, `role` and `person` are None where nobody known asked."""

    id: int
    at: datetime
    actor: str | None
    role: str | None
    person: str | None
    session: int | None
    address: str
    act: str
    noun: str
    number: str
    result: str
    code: str
    omitted: int
    request: str


def events(db: Session, query: EventQuery, *, limit: int, offset: int = 0) -> Sequence[EventView]:
    """Return the events that were asked for, the newest first."""
    rows = db.execute(_EVENTS, {**asdict(query), "limit": limit, "offset": offset})
    return [EventView(**row) for row in rows.mappings()]
