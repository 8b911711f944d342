"""Tokens of identities.

A secret is shown once, when it is made; only its SHA-256 is stored, so a stolen database gives no
access. A token belongs to one identity, has one role, or some of its rights, and ends at its
moment; a builder's or operator's token belongs to one project or centre. Its holder renews it
herself: the new one takes its place when it is first used, so an answer that is lost locks nobody
out. Where its program runs in several places, the old one stays good for some hours from then on.

Security administrators make tokens, and those of administrators are made on the machine alone. The
token of a role that decides about money opens nothing until a second one has confirmed it; she
never sees the secret, and who made it has nothing without her.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, text, update
from sqlmodel import Session, col, select

from ledger.errors import Conflict, NotFound, Refused
from ledger.formats.visible import is_visible
from ledger.people.codes import Role
from ledger.people.queries import person_by_name
from ledger.people.rules.persons import ADMINISTRATORS, duty_of, plain
from ledger.people.steps.decisions import refuse_one_identity
from ledger.people.tables import Person, Token
from ledger.postgres.columns import key

_ACTOR = re.compile(r"[a-z]+:.*#[0-9]+", re.DOTALL)  # `name_is_no_actor` in people/06_tokens.sql
TOKEN_PREFIX = "sq_"  # noqa: S105 - so that a secret found in the open is known for one
MACHINE = "machine:"  # how actors begin who own the database
SECRET_BYTES = 32  # 43 characters of base64url
OVERLAP_HOURS_MAX = 168  # as in people/06_tokens.sql

_TOKENS = """
    SELECT t.id, t.role, t.person_id, i.name AS person, i.service, p.code AS project,
           c.name AS centre, t.rights, t.created_at, t.created_by, t.waits, t.confirmed_by,
           t.expires_at, t.renews, t.overlap_hours, t.replaced_at, t.revoked_at, t.revoked_by,
           l.name AS login
    FROM tokens t JOIN persons i ON i.id = t.person_id
    LEFT JOIN logins l ON l.token_id = t.id
    LEFT JOIN projects p ON p.id = t.project_id
    LEFT JOIN centres c ON c.id = t.centre_id
    WHERE {which} ORDER BY t.id DESC
"""
_ALL_TOKENS = text(_TOKENS.format(which="true"))
_TOKENS_OF_HOLDER = text(
    _TOKENS.format(which="t.person_id = (SELECT person_id FROM tokens WHERE id = :token)")
)
_TOKENS_OF_PERSON = text(_TOKENS.format(which="t.person_id = :person"))
_TOKENS_LET_IN = text(
    _TOKENS.format(
        which="""t.person_id <> :person
        AND :person IN (identity_of(t.created_by), identity_of(t.confirmed_by))"""
    )
)

_REPLACE = text("""
    UPDATE tokens SET replaced_at = :now,
        expires_at = least(expires_at, :now + :hours * interval '1 hour')
    WHERE id = :id AND replaced_at IS NULL AND revoked_at IS NULL
""")
_END_UNUSED = text("""
    UPDATE tokens SET revoked_at = :now, revoked_by = :actor
    WHERE renews = :id AND revoked_at IS NULL AND EXISTS (
        SELECT FROM tokens WHERE id = :id AND revoked_at IS NULL AND replaced_at IS NULL)
""")


@dataclass(frozen=True)
class Viewer:
    """The authenticated identity: token, name, role, scope, and which of the role's rights.

    `session` is the browser's, if she came in by one. Who is `unproven` confirms nothing before
    she has shown a code again (`step_up.py`).
    """

    token: int
    person: str
    role: Role
    project: int | None = None
    centre: int | None = None
    rights: frozenset[str] | None = None
    session: int | None = None
    unproven: bool = False

    @property
    def actor(self) -> str:
        """How the books name who did something: `clerk:李四#12`."""
        return f"{self.role}:{self.person}#{self.token}"


@dataclass(frozen=True)
class TokenRecord:
    """A token as lists show it, without its secret."""

    id: int
    role: Role
    person_id: int
    person: str
    service: bool
    project: str | None
    centre: str | None
    rights: list[str] | None
    created_at: datetime
    created_by: str
    waits: bool
    confirmed_by: str | None
    expires_at: datetime
    renews: int | None
    overlap_hours: int
    replaced_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    login: str | None


def issue_token(
    db: Session,
    *,
    role: str,
    person: str,
    project: int | None = None,
    centre: int | None = None,
    service: bool = False,
    rights: Iterable[str] | None = None,
    actor: str,
    now: datetime,
    expires_at: datetime,
) -> str:
    """Make a token and return its secret, which cannot be read again.

    The identity of this name is found, or made if there is none.

    Args:
        db: the transaction.
        role: what the holder is.
        person: the identity's name.
        project: a builder's.
        centre: an operator's.
        service: whether the identity is a program.
        rights: the names of those of the role's rights that it has; None: all of them.
        actor: who makes it.
        now: when.
        expires_at: when it ends.

    Raises:
        Refused: there is no such role, the role and the scope don't belong together, the name
            has characters that are not seen or is that of a person where a program is meant (or
            the other way round), the token would never be good, it is an administrator's and not
            made on the machine, or its holder has another duty.
    """
    if role not in set(Role):
        raise Refused("token_role", role=role)
    if role in ADMINISTRATORS and not actor.startswith(MACHINE):
        raise Refused("token_administrator", role=role)
    if (role == Role.BUILDER) != (project is not None):
        raise Refused("token_project", role=role)
    if (role == Role.OPERATOR) != (centre is not None):
        raise Refused("token_centre", role=role)
    if expires_at <= now:
        raise Refused("token_expired", expires_at=expires_at.isoformat())
    holder = find_or_make(db, person, service=service, actor=actor, now=now)
    _refuse_second_duty(db, holder, Role(role))
    token = Token(
        hash=b"",
        role=Role(role),
        person_id=key(holder),
        project_id=project,
        centre_id=centre,
        rights=sorted(set(rights)) if rights is not None else None,
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
    )
    return _add(db, token)


def find_or_make(
    db: Session, name: str, *, service: bool = False, actor: str, now: datetime
) -> Person:
    """Return the identity of this name, and make it if there is none.

    Raises:
        Refused: the name has characters that are not seen, or looks like an actor (`token_person`),
            or is that of a person where a program is meant, or the other way round
            (`token_service`).
    """
    if not is_visible(name) or not plain(name) or _ACTOR.fullmatch(name):
        raise Refused("token_person")
    person = person_by_name(db, name)
    if person is None:
        person = Person(name=name, service=service, created_at=now, created_by=actor)
        db.add(person)
        db.flush()
    elif person.service != service:
        raise Refused("token_service", person=person.name)
    return person


def _refuse_second_duty(db: Session, person: Person, role: Role) -> None:
    """Refuse a business role for an administrator, and the other way round (`one_duty` in SQL)."""
    roles = select(Token.role).where(
        col(Token.person_id) == key(person), col(Token.revoked_at).is_(None)
    )
    for other_role in db.exec(roles):
        if duty_of(Role(other_role)) != duty_of(role):
            raise Refused("token_duty", person=person.name, role=role, other=other_role)


def confirm_token(db: Session, token: int, viewer: Viewer, now: datetime) -> None:
    """Let a token open what it may: a second security administrator vouches for its holder.

    Raises:
        NotFound: there is no such token.
        Conflict: it does not wait for anybody (`token_waits_not`).
        Refused: she made it, or is no second person beside who did (as `refuse_one_identity`), or
            has to show a code before (`step_up`).
    """
    if viewer.unproven:
        raise Refused("step_up")
    query = select(Token).where(Token.id == token).with_for_update()
    row = db.exec(query).one_or_none()
    if row is None:
        raise NotFound("token", id=token)
    if not row.waits or row.revoked_at is not None:
        raise Conflict("token_waits_not", id=token)
    refuse_one_identity(db, viewer.actor, row.created_by)
    row.confirmed_at, row.confirmed_by = now, viewer.actor
    db.add(row)
    db.flush()


def renew(
    db: Session, holder: Viewer, now: datetime, expires_at: datetime, overlap_hours: int = 0
) -> str:
    """Return the secret of a token that takes the holder's token's place at its first use.

    A renewal that was never used before is void then. The old token stays good for
    `overlap_hours` from the first use on.

    Raises:
        Refused: it would never be good (`token_expired`), or its holder's token has been replaced
            by another one already (`token_replaced`).
    """
    if expires_at <= now:
        raise Refused("token_expired", expires_at=expires_at.isoformat())
    old = db.exec(select(Token).where(Token.id == holder.token).with_for_update()).one()
    if old.replaced_at is not None:
        raise Refused("token_replaced", id=holder.token)
    _end_unused(db, key(old), holder.actor, now)
    fields = old.model_dump(include={"role", "person_id", "project_id", "centre_id", "rights"})
    token = Token(
        **fields, hash=b"", created_at=now, created_by=holder.actor, expires_at=expires_at,
        renews=old.id, overlap_hours=overlap_hours,
    )  # fmt: skip
    return _add(db, token)


def viewer(db: Session, secret: str, now: datetime) -> Viewer | None:
    """Return who holds this secret; None if it is unknown, expired or revoked."""
    account = _good(db, col(Token.hash) == digest(secret), now)
    if account is None:
        return None
    person = _viewer(*account)
    renews, overlap_hours = account[0].renews, account[0].overlap_hours
    if renews is not None and overlap_hours:
        db.execute(_REPLACE, {"id": renews, "now": now, "hours": overlap_hours})
    elif renews is not None:
        _end(db, renews, person.actor, now)
    return person


def holder(db: Session, token: int, now: datetime) -> Viewer | None:
    """Return who holds the token of this number; None if it expired or was revoked."""
    account = _good(db, col(Token.id) == token, now)
    return _viewer(*account) if account else None


def token_of(db: Session, secret: str) -> Token:
    """Return the row of a secret that was just made."""
    return db.exec(select(Token).where(Token.hash == digest(secret))).one()


def tokens(db: Session, of: Viewer | None = None) -> list[TokenRecord]:
    """Return every token, or those of one identity, newest first, without secrets."""
    return _records(db, _TOKENS_OF_HOLDER, token=of.token) if of else _records(db, _ALL_TOKENS)


def tokens_of(db: Session, person: int) -> list[TokenRecord]:
    """Return the tokens of the person of this number, newest first."""
    return _records(db, _TOKENS_OF_PERSON, person=person)


def tokens_let_in_by(db: Session, person: int) -> list[TokenRecord]:
    """Return the tokens of others that a person made or confirmed, newest first."""
    return _records(db, _TOKENS_LET_IN, person=person)


def _records(db: Session, query: TextClause, **facts: int) -> list[TokenRecord]:
    rows = db.execute(query, facts).mappings()
    return [TokenRecord(**{**row, "role": Role(row["role"])}) for row in rows]


def end_own(db: Session, token: int, holder: Viewer, now: datetime) -> None:
    """End one of the holder's own tokens; idempotent. NotFound if it is none of hers."""
    if token not in {row.id for row in tokens(db, holder)}:
        raise NotFound("token", id=token)
    _end_unused(db, token, holder.actor, now)
    _end(db, token, holder.actor, now)


def revoke(db: Session, token: int, actor: str, now: datetime) -> None:
    """End a token, with its sessions and its renewal if that was never used; idempotent.

    Raises:
        NotFound: it is unknown.
        Refused: it is an audit administrator's, whom nobody cuts off (`token_audit`).
    """
    row = db.get(Token, token)
    if row is None:
        raise NotFound("token", id=token)
    if row.role == Role.AUDIT_ADMIN and not actor.startswith(MACHINE):
        raise Refused("token_audit")
    _end_unused(db, token, actor, now)
    _end(db, token, actor, now)
    db.flush()


def digest(secret: str) -> bytes:
    """Return the SHA-256, which suffices for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _add(db: Session, token: Token) -> str:
    """Keep a new token under its secret's hash, and return the secret."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token.hash = digest(secret)
    db.add(token)
    db.flush()
    return secret


def _end_unused(db: Session, token: int, actor: str, now: datetime) -> None:
    """End the renewal of a token, if it was never used: a thief may have asked for it."""
    db.execute(_END_UNUSED, {"id": token, "now": now, "actor": actor})


def _end(db: Session, token: int, actor: str, now: datetime) -> None:
    """End a token that is good."""
    is_good = (col(Token.id) == token) & col(Token.revoked_at).is_(None)
    db.execute(update(Token).where(is_good).values(revoked_at=now, revoked_by=actor))


def _good(db: Session, which: ColumnElement[bool], now: datetime) -> tuple[Token, Person] | None:
    """Return a token that waits for nobody and has not ended at `now`, and whose it is."""
    is_good = col(Token.revoked_at).is_(None) & (col(Token.expires_at) > now) & ~col(Token.waits)
    query = select(Token, Person).join(Person, col(Person.id) == col(Token.person_id))
    return db.exec(query.where(which, is_good)).one_or_none()


def _viewer(token: Token, person: Person) -> Viewer:
    rights = frozenset(token.rights) if token.rights is not None else None
    return Viewer(
        key(token), person.name, Role(token.role), token.project_id, token.centre_id, rights
    )
