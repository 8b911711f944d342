"""Tokens, sessions, and decisions that one person takes and another confirms."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


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


class Token(SQLModel, table=True):
    """A secret's SHA-256, its owner, and its role and scope."""

    __tablename__ = "tokens"
    id: int | None = identity()
    hash: bytes = Field(sa_type=LargeBinary, unique=True)
    role: str
    person: str
    project: int | None = big(nullable=True, default=None)
    centre: int | None = big(nullable=True, default=None)
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class SignIn(SQLModel, table=True):
    """A browser session: the SHA-256 of its cookie."""

    __tablename__ = "sessions"
    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    token: int = big()
    created_at: datetime = moment()
    expires_at: datetime = moment()
