"""A person as those see her who let people in or read the logs: tokens, ways in, whom she let in.

What is here is read off what the rooms' own steps keep; nothing is kept twice. When she signed in
is for readers of the logs alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import NotFound, Refused
from ledger.people.codes import Role
from ledger.people.steps.credentials import TokenRecord, tokens_let_in_by, tokens_of
from ledger.people.tables import Person

_LINKS = text("""
    SELECT 'invitation' AS kind, i.token_id AS token, i.created_at, i.created_by, i.expires_at,
        i.used_at
    FROM invitations i JOIN tokens t ON t.id = i.token_id WHERE t.person_id = :person
    UNION ALL
    SELECT 'sign_in', l.token_id, l.created_at, l.created_by, l.expires_at, l.used_at
    FROM sign_in_links l JOIN tokens t ON t.id = l.token_id WHERE t.person_id = :person
    ORDER BY created_at DESC
""")
_ACCOUNTS = text("""
    SELECT l.name, l.token_id AS token, l.created_at,
        (SELECT max(p.set_at) FROM passwords p WHERE p.login_id = l.id) AS password_set_at,
        (SELECT max(a.set_at) FROM authenticators a JOIN invitations i ON i.id = a.invitation_id
            WHERE i.token_id = l.token_id) AS authenticator_set_at,
        (SELECT count(*) FROM recovery_codes r JOIN authenticators a ON a.id = r.authenticator_id
            JOIN invitations i ON i.id = a.invitation_id
            WHERE i.token_id = l.token_id AND r.used_at IS NULL) AS recovery_codes_left,
        s.issuer, s.subject, s.created_at AS linked_at
    FROM logins l JOIN tokens t ON t.id = l.token_id
    LEFT JOIN subjects s ON s.login_id = l.id AND s.ended_at IS NULL
    WHERE t.person_id = :person ORDER BY l.id DESC
""")
_END_SESSIONS = text("""
    UPDATE sessions SET ended_at = :now WHERE ended_at IS NULL
        AND token_id IN (SELECT id FROM tokens WHERE person_id = :person)
""")


@dataclass(frozen=True)
class LinkRecord:
    """A link that was made for her: an `invitation`, or `sign_in`, the machine's; no secret."""

    kind: str
    token: int
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class AccountRecord:
    """An account of hers, and what she proves herself with; `issuer` names her as `subject`."""

    name: str
    token: int
    created_at: datetime
    password_set_at: datetime | None
    authenticator_set_at: datetime | None
    recovery_codes_left: int
    issuer: str | None
    subject: str | None
    linked_at: datetime | None


@dataclass(frozen=True)
class PersonRecord:
    """A person or a program: her tokens, whom she let in, her accounts and links, newest first."""

    id: int
    name: str
    service: bool
    created_at: datetime
    created_by: str
    tokens: Sequence[TokenRecord]
    let_in: Sequence[TokenRecord]
    accounts: Sequence[AccountRecord]
    links: Sequence[LinkRecord]


def person_record(db: Session, number: int) -> PersonRecord:
    """Return a person with all that lets her in. NotFound if there is none of this number."""
    person = _person(db, number)
    facts = {"person": number}
    return PersonRecord(
        id=number,
        name=person.name,
        service=person.service,
        created_at=person.created_at,
        created_by=person.created_by,
        tokens=tokens_of(db, number),
        let_in=tokens_let_in_by(db, number),
        accounts=[AccountRecord(**row) for row in db.execute(_ACCOUNTS, facts).mappings()],
        links=[LinkRecord(**row) for row in db.execute(_LINKS, facts).mappings()],
    )


def end_sessions(db: Session, number: int, now: datetime) -> None:
    """End every browser session of a person at once; her tokens stay good.

    Raises:
        NotFound: there is no such person.
        Refused: she is an audit administrator, whom nobody cuts off (`sessions_audit`).
    """
    _person(db, number)
    if any(row.role is Role.AUDIT_ADMIN and not row.revoked_at for row in tokens_of(db, number)):
        raise Refused("sessions_audit")
    db.execute(_END_SESSIONS, {"person": number, "now": now})


def _person(db: Session, number: int) -> Person:
    person = db.get(Person, number)
    if person is None:
        raise NotFound("person", id=number)
    return person
