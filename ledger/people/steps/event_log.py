"""The event log as people read it, searched by person, time and thing; and as it is sent out."""

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
    WHERE (CAST(:person AS text) IS NULL
            OR strpos(plain_name(coalesce(p.name, e.actor)), plain_name(:person)) > 0)
        AND (CAST(:since AS timestamptz) IS NULL OR e.at >= :since)
        AND (CAST(:until AS timestamptz) IS NULL OR e.at < :until)
        AND (CAST(:nouns AS text[]) IS NULL OR e.noun = ANY(:nouns))
        AND (CAST(:number AS text) IS NULL OR e.number = :number)
        AND (CAST(:result AS text) IS NULL OR e.result = :result)
    ORDER BY e.id DESC LIMIT :limit OFFSET :offset
""")

_UNSENT = text("""
    SELECT l.position, encode(l.hash, 'hex') AS hash, e.id, e.at, e.actor, t.role,
           p.name AS person, e.session_id AS session, e.address, e.act, e.noun, e.number, e.result,
           e.code, e.omitted, e.request
    FROM event_links l JOIN events e ON e.id = l.event_id
    LEFT JOIN tokens t ON t.id = e.token_id LEFT JOIN persons p ON p.id = t.person_id
    WHERE l.position > coalesce(
        (SELECT b.position FROM event_bookmarks b WHERE b.receiver = :receiver), 0)
    ORDER BY l.position LIMIT :limit
""")
_SENT = text("""
    INSERT INTO event_bookmarks (receiver, position) VALUES (:receiver, :position)
    ON CONFLICT (receiver) DO UPDATE SET position = excluded.position
""")
_SENDING = text("SELECT pg_try_advisory_xact_lock(hashtextextended('suanquan.sending', 0))")


@dataclass(frozen=True)
class EventQuery:
    """Which events: of whom (part of a name), from when until when, about what, how they ended."""

    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    nouns: list[str] | None = None
    number: str | None = None
    result: EventResult | None = None


@dataclass(frozen=True)
class EventView:
    """One event; `role` and `person` are a token's, and `actor` is None where nobody is known."""

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


@dataclass(frozen=True)
class Dispatch(EventView):
    """An event at its place in the chain, with the hash of that place."""

    position: int
    hash: str


def may_send(db: Session) -> bool:
    """Return whether this transaction is the one that sends; there is one at a time."""
    return bool(db.scalar(_SENDING))


def unsent(db: Session, receiver: str, limit: int) -> Sequence[Dispatch]:
    """Return the next events that a receiver does not have, in the order of the chain."""
    rows = db.execute(_UNSENT, {"receiver": receiver, "limit": limit})
    return [Dispatch(**row) for row in rows.mappings()]


def mark_sent(db: Session, receiver: str, position: int) -> None:
    """Remember that a receiver has everything up to this place."""
    db.execute(_SENT, {"receiver": receiver, "position": position})
