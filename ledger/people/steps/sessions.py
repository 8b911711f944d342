"""Browser sessions: rows of the server, of which the browser holds a secret alone.

A session ends by itself when nobody used it for a while (idle), and at its moment (absolute); when
its holder signs out or ends it from another one; and with its token. Each sign-in makes a new
secret and ends the session that the browser had, so nobody can plant one beforehand. The row stays
when it has ended: who signed in when, from where, is asked for years later.

A device is a browser that keeps our cookie. Who is signed in at one at which another person was
signed in within the day before confirms nothing of hers (`shares_device` in people/06_tokens.sql).
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, TextClause, text, update
from sqlmodel import Session, col, select

from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer, digest, holder
from ledger.people.tables import SignIn

SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when a session was used last
SESSIONS_MAX = 10  # of one person at a time; the one unused for longest makes room
BROWSER_MAX = 200

_SEEN = text("""
    UPDATE sessions SET seen_at = :now WHERE id = (
        SELECT id FROM sessions WHERE id = :id FOR UPDATE SKIP LOCKED)
""")
_SESSIONS = """
    SELECT s.id, i.name AS person, t.role, s.address, s.browser, s.created_at, s.seen_at,
           coalesce(s.ended_at, t.revoked_at, CASE WHEN s.expires_at <= :now
               OR s.seen_at <= :unused_since THEN least(s.expires_at, s.seen_at) END) AS ended_at
    FROM sessions s JOIN tokens t ON t.id = s.token_id JOIN persons i ON i.id = t.person_id
"""
_OF_ALL = text(f"{_SESSIONS} ORDER BY s.id DESC LIMIT :limit")
_OF_PERSON = text(f"""{_SESSIONS}
    WHERE t.person_id = coalesce(:person, (SELECT person_id FROM tokens WHERE id = :token))
    ORDER BY s.id DESC LIMIT :limit
""")
_IS_OWN = text("""
    SELECT EXISTS (SELECT FROM sessions s JOIN tokens t ON t.id = s.token_id
        WHERE s.id = :session
            AND t.person_id = (SELECT person_id FROM tokens WHERE id = :token))
""")
_CROWD = text("""
    UPDATE sessions SET ended_at = :now WHERE ended_at IS NULL AND id IN (
        SELECT s.id FROM sessions s JOIN tokens t ON t.id = s.token_id
        WHERE t.person_id = (SELECT person_id FROM tokens WHERE id = :token)
            AND s.ended_at IS NULL
        ORDER BY s.seen_at DESC OFFSET :kept)
""")


@dataclass(frozen=True)
class Lasts:
    """How long a session lasts: unused, and at most."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class SessionRecord:
    """A session as people see it; one that ended by itself ended when it was used last."""

    id: int
    person: str
    role: Role
    address: str
    browser: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Place:
    """From where somebody signs in: her device's secret, its address, and which browser it is."""

    device: str
    address: str
    browser: str


def new_secret() -> str:
    """Return a secret for a session or a device."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Return whether a text has the form of such a secret."""
    return _SECRET.fullmatch(text) is not None


def sign_in(
    db: Session,
    token: int,
    place: Place,
    lasts: Lasts,
    now: datetime,
    *,
    proven: bool = False,
    provider_sid: str | None = None,
) -> str:
    """Open a session of a good token, and return its secret; too many others make room.

    `proven` says that a code of an authenticator was shown just now; `provider_sid` is the session
    of the provider that let her in, "" where it names none.
    """
    db.execute(_CROWD, {"token": token, "now": now, "kept": SESSIONS_MAX - 1})
    secret = new_secret()
    row = SignIn(
        hash=digest(secret),
        token_id=token,
        device=digest(place.device),
        address=place.address,
        browser=place.browser[:BROWSER_MAX],
        created_at=now,
        seen_at=now,
        expires_at=now + lasts.absolute,
        proven_at=now if proven else None,
        provider_sid=provider_sid,
    )
    db.add(row)
    db.flush()
    return secret


def signed_in(db: Session, secret: str, lasts: Lasts, now: datetime) -> Viewer | None:
    """Return whose session this is, and note that it was used; None if it or its token ended."""
    row = _open(db, secret, now)
    if row is None:
        return None
    if row.seen_at + lasts.idle <= now:
        _end(db, col(SignIn.id) == row.id, now)
        return None
    account = holder(db, row.token_id, now)
    if account is not None and row.seen_at + SEEN_EVERY <= now:
        db.execute(_SEEN, {"id": row.id, "now": now})
    return replace(account, session=row.id) if account else None


def sign_out(db: Session, secret: str, now: datetime) -> None:
    """End a session, if there is one."""
    _end(db, col(SignIn.hash) == digest(secret), now)


def sessions(
    db: Session, who: Viewer, lasts: Lasts, now: datetime, limit: int = 50
) -> list[SessionRecord]:
    """Return the newest sessions of whoever asks, those that ended too."""
    facts = {"person": None, "token": who.token, "limit": limit}
    return _records(db, _OF_PERSON, facts, lasts, now)


def sessions_of(
    db: Session, person: int, lasts: Lasts, now: datetime, limit: int
) -> list[SessionRecord]:
    """Return the newest sessions of the person of this number, those that ended too."""
    return _records(db, _OF_PERSON, {"person": person, "token": None, "limit": limit}, lasts, now)


def sign_ins(db: Session, lasts: Lasts, now: datetime, limit: int) -> list[SessionRecord]:
    """Return everybody's newest sessions, those that ended too."""
    return _records(db, _OF_ALL, {"limit": limit}, lasts, now)


def current(db: Session, secret: str) -> int | None:
    """Return the number of the session with this secret."""
    return db.exec(select(SignIn.id).where(SignIn.hash == digest(secret))).one_or_none()


def end(db: Session, who: Viewer, session: int, now: datetime) -> None:
    """End one of a person's own sessions; idempotent. NotFound if it is none of hers."""
    if not db.execute(_IS_OWN, {"token": who.token, "session": session}).scalar_one():
        raise NotFound("session", id=session)
    _end(db, col(SignIn.id) == session, now)


def _records(
    db: Session, query: TextClause, facts: Mapping[str, int | None], lasts: Lasts, now: datetime
) -> list[SessionRecord]:
    moments = {"now": now, "unused_since": now - lasts.idle}
    rows = db.execute(query, {**facts, **moments}).mappings()
    return [SessionRecord(**{**row, "role": Role(row["role"])}) for row in rows]


def _open(db: Session, secret: str, now: datetime) -> SignIn | None:
    is_open = col(SignIn.ended_at).is_(None) & (col(SignIn.expires_at) > now)
    return db.exec(select(SignIn).where(SignIn.hash == digest(secret), is_open)).one_or_none()


def _end(db: Session, which: ColumnElement[bool], now: datetime) -> None:
    is_open = col(SignIn.ended_at).is_(None)
    db.execute(update(SignIn).where(which, is_open).values(ended_at=now))
