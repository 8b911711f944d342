"""Logins: a name and a password open a token in a browser.

Who may come in gets a token without anybody seeing its secret, and a link, once: there she chooses
her name and password, so nobody else ever knew it. Whatever holds for the token holds for the
login: a second security administrator, its end, who made it.

A wrong password makes the next one wait, longer each time, and only whoever types from the same
network, or at the same device that the holder used before. So a stranger who guesses slows himself
down and locks nobody out: her own device has a count of its own.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from nacl import pwhash
from nacl.exceptions import InvalidkeyError
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from ledger.errors import NotFound, Refused
from ledger.people.rules import (
    PasswordRules,
    password_fault,
    plain,
    plain_password,
    wait_after,
)
from ledger.people.steps.credentials import Viewer, digest, holder
from ledger.people.steps.sessions import Place
from ledger.people.tables import Invitation, Login, Password, Token, WrongPasswords
from ledger.postgres.columns import key

SECRET_BYTES = 32
MEMORY = 64 * 1024 * 1024  # bytes of Argon2id, with two passes: libsodium's «interactive»
PASSES = 2

_BY_NAME = text("SELECT id FROM logins WHERE plain_name(name) = plain_name(:name)")
_KNOWN_DEVICE = text("""
    SELECT EXISTS (SELECT FROM sessions s JOIN tokens t ON t.id = s.token_id
        JOIN tokens own ON own.person_id = t.person_id
        WHERE s.device = :device AND own.id = :token)
""")


_END_SESSIONS = text("""
    UPDATE sessions SET ended_at = :now WHERE token_id = :token AND ended_at IS NULL
""")


@dataclass(frozen=True)
class Wait:
    """Too soon after a wrong password: how many seconds are left."""

    seconds: int


def invite(db: Session, token: int, actor: str, now: datetime, lasts: timedelta) -> str:
    """Return the secret of a link by which a token's holder sets her name and password."""
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
    is_good = col(Invitation.used_at).is_(None) & (col(Invitation.expires_at) > now)
    query = select(Invitation.token_id).where(Invitation.hash == digest(secret), is_good)
    token = db.exec(query.with_for_update()).one_or_none()
    viewer = None if token is None else holder(db, token, now)
    if viewer is None:
        raise Refused("invitation_over")
    return viewer


def accept(
    db: Session, secret: str, name: str, password: str, *, rules: PasswordRules, now: datetime
) -> Viewer:
    """Set the name and the password of whom a link invites, and use the link up.

    Her login of this name moves to the token that she is invited to.

    Raises:
        Refused: as `invited`; another has this name (`login_taken`), it is none (`login_name`), or
            the password does not keep the rules (`password_…`).
    """
    viewer = invited(db, secret, now)
    if not 2 <= len(name) <= 64 or any(c.isspace() for c in name):  # noqa: PLR2004 - login_name
        raise Refused("login_name")
    statement = update(Invitation).where(col(Invitation.hash) == digest(secret))
    db.execute(statement.values(used_at=now))
    login = _login(db, name)
    if login is None:
        login = Login(token_id=viewer.token, name=name, created_at=now)
    elif _person_of(db, login.token_id) != _person_of(db, viewer.token):
        raise Refused("login_taken")
    login.token_id = viewer.token
    db.add(login)
    db.flush()
    set_password(db, login, password, viewer=viewer, rules=rules, now=now)
    return viewer


def set_password(
    db: Session, login: Login, password: str, *, viewer: Viewer, rules: PasswordRules, now: datetime
) -> None:
    """Keep a new password. Refused where it does not keep the rules (`password_…`)."""
    typed = plain_password(password)
    fault = password_fault(typed, (login.name, plain(viewer.person)), rules)
    if fault is not None:
        raise Refused(fault, length=rules.length, kinds=rules.kinds)
    newest = select(Password.hash).where(Password.login_id == key(login))
    for past in db.exec(newest.order_by(col(Password.id).desc()).limit(rules.history)):
        if _is(past, typed):
            raise Refused("password_again", count=rules.history)
    kept = pwhash.argon2id.str(typed.encode(), opslimit=PASSES, memlimit=MEMORY).decode()
    db.add(Password(login_id=key(login), hash=kept, set_at=now))
    db.flush()


def enter(
    db: Session, name: str, password: str, place: Place, now: datetime
) -> Viewer | Wait | None:
    """Return who comes in by a name and a password.

    Returns:
        The holder; how long to wait; or None: a wrong name or password, or a login that is paused
        or whose token has ended.
    """
    typed, login = plain_password(password), _login(db, name)
    if login is None:
        _is(_NOBODYS, typed)  # takes as long as for a name that is there
        return None
    tries = _tries(db, login, place, now)
    ready = tries.failed_at + wait_after(tries.failures)
    if ready > now:
        return Wait(-((now - ready) // timedelta(seconds=1)))
    is_right = _is(_newest(db, login), typed)
    tries.failures, tries.failed_at = (0 if is_right else tries.failures + 1), now
    db.add(tries)
    db.flush()
    if not is_right or login.paused_at is not None:
        return None
    return holder(db, login.token_id, now)


def change(
    db: Session, viewer: Viewer, old: str, new: str, *, rules: PasswordRules, now: datetime
) -> None:
    """Set another password, by whoever knows the old one; all of her sessions end.

    Raises:
        NotFound: she has no login (`login`).
        Refused: the old one is wrong (`password_wrong`), or the new one does not keep the rules.
    """
    login = _of_token(db, viewer.token)
    if not _is(_newest(db, login), plain_password(old)):
        raise Refused("password_wrong")
    set_password(db, login, new, viewer=viewer, rules=rules, now=now)
    db.execute(_END_SESSIONS, {"token": viewer.token, "now": now})


def pause(db: Session, token: int, actor: str, now: datetime) -> None:
    """Let nobody in by the login of a token, until it is let in again; idempotent."""
    login = _of_token(db, token)
    if login.paused_at is None:
        login.paused_at, login.paused_by = now, actor
        db.add(login)
        db.flush()
        db.execute(_END_SESSIONS, {"token": token, "now": now})


def resume(db: Session, token: int) -> None:
    """Let the holder of a token in by her login again; idempotent."""
    login = _of_token(db, token)
    login.paused_at, login.paused_by = None, None
    db.add(login)
    db.flush()


def has_login(db: Session, viewer: Viewer) -> bool:
    """Return whether a token is opened by a name and a password too."""
    return db.exec(select(Login.id).where(Login.token_id == viewer.token)).first() is not None


def _newest(db: Session, login: Login) -> str:
    query = select(Password.hash).where(Password.login_id == key(login))
    return db.exec(query.order_by(col(Password.id).desc()).limit(1)).one()


def _of_token(db: Session, token: int) -> Login:
    login = db.exec(select(Login).where(Login.token_id == token)).one_or_none()
    if login is None:
        raise NotFound("login", id=token)
    return login


def _login(db: Session, name: str) -> Login | None:
    number = db.execute(_BY_NAME, {"name": name}).scalar_one_or_none()
    return db.get(Login, number) if number else None


def _person_of(db: Session, token: int) -> int:
    return db.get_one(Token, token).person_id


def _tries(db: Session, login: Login, place: Place, now: datetime) -> WrongPasswords:
    """The count of wrong passwords from where somebody types, locked: two guesses take turns."""
    device = digest(place.device)
    known = {"device": device, "token": login.token_id}
    is_known = db.execute(_KNOWN_DEVICE, known).scalar_one()
    source = device if is_known else digest(network_of(place.address))
    values = {"login_id": key(login), "source": source, "failures": 0, "failed_at": now}
    db.execute(insert(WrongPasswords).values(values).on_conflict_do_nothing())
    query = select(WrongPasswords).where(
        WrongPasswords.login_id == key(login), WrongPasswords.source == source
    )
    query = query.with_for_update().execution_options(populate_existing=True)
    return db.exec(query).one()


def network_of(address: str) -> str:
    """Return the network from which somebody comes: 256 addresses of IPv4, a /64 of IPv6."""
    try:
        length = 24 if ip_address(address).version == 4 else 64  # noqa: PLR2004 - IPv4
    except ValueError:
        return address
    return str(ip_network(f"{address}/{length}", strict=False))


def _is(hash_kept: str, typed: str) -> bool:
    try:
        return pwhash.verify(hash_kept.encode(), typed.encode())
    except InvalidkeyError:
        return False


_NOBODYS = pwhash.argon2id.str(b"nobody's", opslimit=PASSES, memlimit=MEMORY).decode()
