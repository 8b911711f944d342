"""Links that sign somebody in once, for a few minutes: how a machine's owner first comes in.

A link is made on the machine, as the owner of the database. Its secret is shown there and only its
SHA-256 is stored. Of two who use it at once, one comes in.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from ledger.people.steps.credentials import Viewer, digest, holder
from ledger.people.tables import SignInLink

SECRET_BYTES = 32
LASTS = timedelta(minutes=10)


def make_link(db: Session, token: int, actor: str, now: datetime) -> str:
    """Return the secret of a link that opens a session of this token, once.

    Args:
        db: a transaction of the database's owner.
        token: the number of the token.
        actor: who makes it: `machine:…`.
        now: when; the link lasts for `LASTS`.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link = SignInLink(
        hash=digest(secret), token_id=token, created_at=now, created_by=actor,
        expires_at=now + LASTS,
    )  # fmt: skip
    db.add(link)
    db.flush()
    return secret


def use_link(db: Session, secret: str, now: datetime) -> Viewer | None:
    """Return whom a link signs in, this once; None if it is unknown, used, or over."""
    is_good = col(SignInLink.used_at).is_(None) & (col(SignInLink.expires_at) > now)
    statement = update(SignInLink).where(col(SignInLink.hash) == digest(secret), is_good)
    token = db.scalar(statement.values(used_at=now).returning(col(SignInLink.token_id)))
    return None if token is None else holder(db, token, now)
