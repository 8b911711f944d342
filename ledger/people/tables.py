"""Identities, tokens, sessions, and decisions that one person takes and another confirms."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Computed, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment

_WAITS = (
    "takes_two(role) AND confirmed_at IS NULL AND renews IS NULL"
    " AND created_by NOT LIKE 'machine:%'"
)


class Decision(SQLModel, table=True):
    """A person's decision about a subject, and another person's answer."""

    __tablename__ = "decisions"
    id: int | None = identity()
    kind: str
    subject: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    digest: str
    reason: str
    decided_by: str
    decided_at: datetime = moment()
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = moment(nullable=True)
    answered_digest: str | None = None
    answer_reason: str  # the database begins with ""


class Person(SQLModel, table=True):
    """An identity: a person, or a program that works for one (a service)."""

    __tablename__ = "persons"
    id: int | None = identity()
    name: str
    service: bool = False
    created_at: datetime = moment()
    created_by: str


class Token(SQLModel, table=True):
    """A secret's SHA-256, whose it is, and its role, scope and rights."""

    __tablename__ = "tokens"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    role: str
    person_id: int = big()
    project_id: int | None = big(nullable=True, default=None)
    centre_id: int | None = big(nullable=True, default=None)
    rights: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime = moment()
    renews: int | None = big(nullable=True, default=None)
    overlap_hours: int = 0
    replaced_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
    revoked_by: str | None = None
    confirmed_at: datetime | None = moment(nullable=True)
    confirmed_by: str | None = None
    waits: bool = Field(  # the database says it; nobody writes it
        default=None, sa_column=Column(Boolean, Computed(_WAITS), nullable=False)
    )


class SignIn(SQLModel, table=True):
    """A browser session: the SHA-256 of its cookie, and from where it is used."""

    __tablename__ = "sessions"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    token_id: int = big()
    device: bytes = Field(sa_type=LargeBinary)
    address: str
    browser: str
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)
    proven_at: datetime | None = moment(nullable=True)
    provider_sid: str | None = None


class SignInLink(SQLModel, table=True):
    """A link that opens a session of a token once: the SHA-256 of its secret."""

    __tablename__ = "sign_in_links"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    token_id: int = big()
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class Invitation(SQLModel, table=True):
    """A link by which a token's holder sets up her account: the SHA-256 of its secret."""

    __tablename__ = "invitations"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    token_id: int = big()
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class Login(SQLModel, table=True):
    """A name that opens a token in a browser, with a password and a code."""

    __tablename__ = "logins"
    id: int | None = identity()
    token_id: int = big()
    name: str
    created_at: datetime = moment()


class Password(SQLModel, table=True):
    """One of a login's passwords, as Argon2id writes it; the newest counts."""

    __tablename__ = "passwords"
    id: int | None = identity()
    login_id: int = big()
    hash: str
    set_at: datetime = moment()


class Authenticator(SQLModel, table=True):
    """The secret that somebody's app makes codes of, as an invitation brought it about."""

    __tablename__ = "authenticators"
    id: int | None = identity()
    invitation_id: int = big()
    secret: bytes = Field(sa_type=LargeBinary)
    set_at: datetime = moment()


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for an authenticator once: its SHA-256."""

    __tablename__ = "recovery_codes"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    authenticator_id: int = big()
    used_at: datetime | None = moment(nullable=True)


class Subject(SQLModel, table=True):
    """Whom a provider of identities names, and the login that it opens."""

    __tablename__ = "subjects"
    id: int | None = identity()
    issuer: str
    subject: str
    login_id: int = big()
    created_at: datetime = moment()
    created_by: str
    ended_at: datetime | None = moment(nullable=True)


class FailedSignIn(SQLModel, table=True):
    """A sign-in that did not succeed: by which login, from where, and what was wrong."""

    __tablename__ = "failed_sign_ins"
    id: int | None = identity()
    login_id: int = big()
    source: bytes = Field(sa_type=LargeBinary)
    address: str
    browser: str
    fault: str
    at: datetime = moment()
