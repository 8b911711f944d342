"""Who may enter: tokens for people and programs, and sign-in sessions made from them.

A secret is shown once, when it is made; only its SHA-256 is kept, so a stolen database opens no
door. A token has one role, belongs to one person, and a builder's or operator's token one project
or one centre. A browser signs in with a token and holds a session instead, which ends by itself
and ends with its token.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, text
from sqlmodel import Session, col, select

from ledger.errors import NotFound, Refused
from ledger.people.codes import Role
from ledger.people.tables import SignIn, Token
from ledger.postgres.columns import key

TOKEN_PREFIX = "sq_"  # noqa: S105 - so that a secret found in the open is known for one
SECRET_BYTES = 32  # 43 characters of base64url
SESSION_LASTS = timedelta(hours=12)

_TOKENS = text("""
    SELECT t.id, t.role, t.person, p.code AS project, c.name AS centre,
           t.created_at, t.created_by, t.expires_at, t.revoked_at
    FROM tokens t LEFT JOIN projects p ON p.id = t.project LEFT JOIN centres c ON c.id = t.centre
    ORDER BY t.id DESC
""")


@dataclass(frozen=True)
class Viewer:
    """Somebody who came through a door: the token used, its person, role and scope."""

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
    """A token as a list shows it: whose it is, what it opens, and since and until when."""

    id: int
    role: str
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
    """Make a token and return its secret, which nobody can read again.

    Raises:
        Refused: there is no such role, the role and the scope don't belong together, or the
            token would never be good.
    """
    if role not in set(Role):
        raise Refused("token_role", role=role)
    if (role == Role.BUILDER) != (project is not None):
        raise Refused("token_project", role=role)
    if (role == Role.OPERATOR) != (centre is not None):
        raise Refused("token_centre", role=role)
    if expires_at is not None and expires_at <= now:
        raise Refused("token_expired", expires_at=expires_at.isoformat())
    secret = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    db.add(
        Token(
            hash=_hash(secret),
            role=Role(role),
            person=person,
            project=project,
            centre=centre,
            created_at=now,
            created_by=actor,
            expires_at=expires_at,
        )
    )
    db.flush()
    return secret


def viewer(db: Session, secret: str, now: datetime) -> Viewer | None:
    """Who holds this secret; None when it is unknown, expired or revoked."""
    token = db.exec(select(Token).where(Token.hash == _hash(secret), _good(now))).one_or_none()
    return _viewer(token) if token else None


def tokens(db: Session) -> list[TokenRecord]:
    """Every token ever made, newest first; their secrets are not there to be shown."""
    return [TokenRecord(**row._mapping) for row in db.execute(_TOKENS)]  # noqa: SLF001 - SQLAlchemy's name


def revoke(db: Session, token: int, now: datetime) -> None:
    """End a token and every session made from it; again changes nothing. NotFound if unknown."""
    row = db.get(Token, token)
    if row is None:
        raise NotFound("token", id=token)
    if row.revoked_at is None:
        row.revoked_at = now
        db.add(row)
    db.execute(delete(SignIn).where(col(SignIn.token) == token))
    db.flush()


def sign_in(db: Session, secret: str, now: datetime) -> str | None:
    """Open a browser session by a token's secret; return the session's secret, None if refused."""
    account = viewer(db, secret, now)
    if account is None:
        return None
    db.execute(delete(SignIn).where(col(SignIn.expires_at) <= now))
    session = secrets.token_urlsafe(SECRET_BYTES)
    db.add(
        SignIn(
            hash=_hash(session), token=account.token, created_at=now, expires_at=now + SESSION_LASTS
        )
    )
    db.flush()
    return session


def signed_in(db: Session, session: str, now: datetime) -> Viewer | None:
    """Whose browser session this is; None when it, or its token, has ended."""
    row = db.exec(
        select(Token)
        .join(SignIn, col(SignIn.token) == col(Token.id))
        .where(SignIn.hash == _hash(session), SignIn.expires_at > now, _good(now))
    ).one_or_none()
    return _viewer(row) if row else None


def sign_out(db: Session, session: str) -> None:
    """End a browser session; an unknown one is ended already."""
    db.execute(delete(SignIn).where(col(SignIn.hash) == _hash(session)))


def _hash(secret: str) -> bytes:
    """SHA-256 suffices: a secret has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def _good(now: datetime) -> ColumnElement[bool]:
    """Not revoked, and not expired at `now`."""
    expires = col(Token.expires_at)
    return col(Token.revoked_at).is_(None) & or_(expires.is_(None), expires > now)


def _viewer(token: Token) -> Viewer:
    return Viewer(key(token), token.person, Role(token.role), token.project, token.centre)
