"""Invitations: the holder of a token sets up her login, by a link that works once.

Who may come in gets a token whose secret nobody sees, and the link. There she chooses her name and
password and adds her authenticator, so nobody else ever knew them. Whatever holds for the token
holds for the login: a second security administrator, its end, who made it. Who forgot her
password or lost her authenticator is invited again, with a token that takes as many people.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from ledger.errors import Refused
from ledger.formats.visible import is_visible
from ledger.people.rules.passwords import PasswordRules
from ledger.people.steps.authenticators import add_authenticator
from ledger.people.steps.credentials import Viewer, digest, holder
from ledger.people.steps.passwords import set_password
from ledger.people.tables import Invitation, Login, Token
from ledger.postgres.columns import key

SECRET_BYTES = 32
NAME_MIN, NAME_MAX = 2, 64  # `login_name` in people/40_logins.sql

_BY_NAME = text("SELECT id FROM logins WHERE plain_name(name) = plain_name(:name)")


@dataclass(frozen=True)
class NewLogin:
    """What somebody chose for herself: name, password, authenticator, and a code of that."""

    name: str
    password: str
    authenticator: str  # base32
    code: str


def invite(db: Session, token: int, actor: str, now: datetime, lasts: timedelta) -> str:
    """Return the secret of a link by which a token's holder sets up her login."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = Invitation(
        hash=digest(secret), token_id=token, created_at=now, created_by=actor,
        expires_at=now + lasts,
    )  # fmt: skip
    db.add(invitation)
    db.flush()
    return secret


def invited(db: Session, secret: str, now: datetime) -> Viewer:
    """Return whom a link invites.

    Raises:
        Refused: it is unknown, used or over, or its token is not good yet (`invitation_over`).
    """
    return _open(db, secret, now)[1]


def accept(
    db: Session, secret: str, wish: NewLogin, *, rules: PasswordRules, now: datetime
) -> tuple[Viewer, list[str]]:
    """Set up the login of whom a link invites, and use the link up.

    Her login of this name, if she has one, opens the new token from now on, with what she chose.

    Returns:
        Who she is, and her recovery codes, which cannot be read again.

    Raises:
        Refused: as `invited`; another has this name (`login_taken`), it is none (`login_name`),
            the password does not keep the rules (`password_…`), or the code is not one of the
            authenticator (`authenticator_code`).
    """
    invitation, viewer = _open(db, secret, now)
    used = update(Invitation).where(col(Invitation.id) == key(invitation))
    db.execute(used.values(used_at=now))
    login = _login_of(db, wish.name, viewer, now)
    set_password(db, login, wish.password, person=viewer.person, rules=rules, now=now)
    codes = add_authenticator(db, key(invitation), wish.authenticator, wish.code, now)
    return viewer, codes


def login_by_name(db: Session, name: str) -> Login | None:
    """Return the login of this name, however it is written."""
    if "\0" in name:  # which the database has in no text
        return None
    number = db.execute(_BY_NAME, {"name": name}).scalar_one_or_none()
    return db.get(Login, number) if number else None


def _open(db: Session, secret: str, now: datetime) -> tuple[Invitation, Viewer]:
    """The invitation of a link, locked: of two who use it at once one comes second."""
    is_good = col(Invitation.used_at).is_(None) & (col(Invitation.expires_at) > now)
    query = select(Invitation).where(Invitation.hash == digest(secret), is_good)
    invitation = db.exec(query.with_for_update()).one_or_none()
    viewer = None if invitation is None else holder(db, invitation.token_id, now)
    if invitation is None or viewer is None:
        raise Refused("invitation_over")
    return invitation, viewer


def _login_of(db: Session, name: str, viewer: Viewer, now: datetime) -> Login:
    """The login of this name, which is hers or nobody's, for the token that she is invited to."""
    has_length = NAME_MIN <= len(name) <= NAME_MAX
    if not has_length or not is_visible(name) or any(c.isspace() for c in name):
        raise Refused("login_name")
    login = login_by_name(db, name)
    if login is None:
        login = Login(token_id=viewer.token, name=name, created_at=now)
    elif _person_of(db, login.token_id) != _person_of(db, viewer.token):
        raise Refused("login_taken")
    login.token_id = viewer.token
    db.add(login)
    db.flush()
    return login


def _person_of(db: Session, token: int) -> int:
    return db.get_one(Token, token).person_id
