"""Passwords as Argon2id hashes: kept, compared, and never one of the last ones again."""

from datetime import datetime
from functools import cache

from nacl import pwhash
from nacl.exceptions import InvalidkeyError
from sqlmodel import Session, col, select

from ledger.errors import Refused
from ledger.people.rules.passwords import PasswordRules, password_fault, plain_password
from ledger.people.rules.persons import plain
from ledger.people.tables import Login, Password
from ledger.postgres.columns import key

MEMORY = 64 * 1024 * 1024  # bytes of Argon2id, with two passes: libsodium's «interactive»
PASSES = 2


def set_password(
    db: Session, login: Login, password: str, *, person: str, rules: PasswordRules, now: datetime
) -> None:
    """Keep a new password of a login, which is this person's.

    Raises:
        Refused: it does not keep the rules (`password_…`).
    """
    typed = plain_password(password)
    code = password_fault(typed, (plain(login.name), plain(person)), rules)
    if code is not None:
        raise Refused(code, length=rules.length, kinds=rules.kinds)
    if any(_is(past, typed) for past in _newest(db, login, rules.history)):
        raise Refused("password_again", count=rules.history)
    db.add(Password(login_id=key(login), hash=_hash(typed), set_at=now))
    db.flush()


def is_password(db: Session, login: Login | None, password: str) -> bool:
    """Return whether this is a login's password; as slowly where there is no such login."""
    newest = _newest(db, login, 1) if login is not None else [_nobodys()]
    is_right = any(_is(hash_, plain_password(password)) for hash_ in newest)
    return is_right and login is not None


def _newest(db: Session, login: Login, count: int) -> list[str]:
    query = select(Password.hash).where(Password.login_id == key(login))
    return list(db.exec(query.order_by(col(Password.id).desc()).limit(count)))


def _hash(typed: str) -> str:
    return pwhash.argon2id.str(typed.encode(), opslimit=PASSES, memlimit=MEMORY).decode()


def _is(hash_: str, typed: str) -> bool:
    try:
        return pwhash.verify(hash_.encode(), typed.encode())
    except InvalidkeyError:
        return False


@cache
def _nobodys() -> str:
    """A hash to compare with where there is no login: it takes as long, once it was made."""
    return _hash("nobody's")
