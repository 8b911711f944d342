"""Who may enter: tokens with a role and a scope, and browser sessions made from them."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from ledger.tables.columns import big, identity, moment


class Token(SQLModel, table=True):
    """A secret's SHA-256, the person it was given to, and what it opens."""

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
