"""Tokens for people and programs, and sign-in sessions made from them.

A secret is shown once, when it is made; only its SHA-256 is stored, so a stolen database gives no
access. A token has one role and belongs to one person; a builder's or operator's token to one
project or centre. A browser signs in with a token and gets a session, which expires by itself and
with its token.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, text
from sqlmodel import Session, col, select

from ledger.errors import NotFound, Refused
from ledger.formats.visible import is_visible
from ledger.people.codes import Role
from ledger.people.tables import SignIn, Token
from ledger.postgres.columns import key

TOKEN_PREFIX = "sq_"  # noqa: S105 - so that a secret found in the open is known for one
SECRET_BYTES = 32  # 43 characters of base64url
SESSION_LASTS = timedelta(hours=12)

_TOKENS = text("""
    SELECT t.id, t.role, t.person, p.code AS project, c.name AS centre,
           t.created_at, t.created_by, t.expires_at, t.revoked_at
    FROM tokens t LEFT JOIN projects p ON p.id = t.project_id LEFT
    JOIN centres c ON c.id = t.centre_id
    ORDER BY t.id DESC
""")


@dataclass(frozen=True)
class Viewer:
    """The authenticated user: token, person, role and scope."""

    token: int
    person: str
    role: Role
    project: int | None = None
    centre: int | None = None

    @property
    def actor(self) -> str:
        """How the books name who did something: `clerk:李四#12`."""
        return f"{self.role}:{self.person}#{self.token}"


@dataclass(frozen=True)
class TokenRecord:
    """A token as lists show it, without its secret."""

    id: int
    role: Role
    person: str
    project: str | None
    centre: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


def issue_token(
    db: Session,
    *,
    role: str,
    person: str,
    project: int | None = None,
    centre: int | None = None,
    actor: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Make a token and return its secret, which cannot be read again.

    Raises:
        Refused: there is no such role, the role and the scope don't belong together, the name
            has characters that are not seen, or the token would never be good.
    """
    if role not in set(Role):
        raise Refused("token_role", role=role)
    if (role == Role.BUILDER) != (project is not None):
        raise Refused("token_project", role=role)
    if (role == Role.OPERATOR) != (centre is not None):
        raise Refused("token_centre", role=role)
    if not is_visible(person):
        raise Refused("token_person")
    if expires_at is not None and expires_at <= now:
        raise Refused("token_expired", expires_at=expires_at.isoformat())
    secret = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    db.add(
        Token(
            hash=_hash(secret),
            role=Role(role),
            person=person,
            project_id=project,
            centre_id=centre,
            created_at=now,
            created_by=actor,
            expires_at=expires_at,
        )
    )
    db.flush()
    return secret


def viewer(db: Session, secret: str, now: datetime) -> Viewer | None:
    """Return who holds this secret; None if it is unknown, expired or revoked."""
    token = db.exec(select(Token).where(Token.hash == _hash(secret), _good(now))).one_or_none()
    return _viewer(token) if token else None


def tokens(db: Session) -> list[TokenRecord]:
    """Return every token, newest first, without secrets."""
    rows = db.execute(_TOKENS).mappings()
    return [TokenRecord(**{**row, "role": Role(row["role"])}) for row in rows]


def revoke(db: Session, token: int, now: datetime) -> None:
    """End a token and its sessions; idempotent. NotFound if it is unknown."""
    row = db.get(Token, token)
    if row is None:
        raise NotFound("token", id=token)
    if row.revoked_at is None:
        row.revoked_at = now
        db.add(row)
    db.execute(delete(SignIn).where(col(SignIn.token_id) == token))
    db.flush()


def sign_in(db: Session, secret: str, now: datetime) -> str | None:
    """Open a browser session by a token's secret; return its secret, or None if refused."""
    account = viewer(db, secret, now)
    if account is None:
        return None
    db.execute(delete(SignIn).where(col(SignIn.expires_at) <= now))
    session = secrets.token_urlsafe(SECRET_BYTES)
    db.add(
        SignIn(
            hash=_hash(session),
            token_id=account.token,
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    db.flush()
    return session


def signed_in(db: Session, session: str, now: datetime) -> Viewer | None:
    """Return whose browser session this is; None if it or its token has ended."""
    row = db.exec(
        select(Token)
        .join(SignIn, col(SignIn.token_id) == col(Token.id))
        .where(SignIn.hash == _hash(session), SignIn.expires_at > now, _good(now))
    ).one_or_none()
    return _viewer(row) if row else None


def sign_out(db: Session, session: str) -> None:
    """End a browser session, if it exists."""
    db.execute(delete(SignIn).where(col(SignIn.hash) == _hash(session)))


def _hash(secret: str) -> bytes:
    """Return the SHA-256, which suffices for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _good(now: datetime) -> ColumnElement[bool]:
    """Return the condition: not revoked, and not expired at `now`."""
    expires = col(Token.expires_at)
    return col(Token.revoked_at).is_(None) & or_(expires.is_(None), expires > now)


def _viewer(token: Token) -> Viewer:
    return Viewer(key(token), token.person, Role(token.role), token.project_id, token.centre_id)
