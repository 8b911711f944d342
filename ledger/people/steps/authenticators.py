"""Authenticators: the second thing that somebody needs to come in, besides her password.

A code counts once, even if two send it in the same moment: its half minute is a row. Who lost her
authenticator comes in by a recovery code, each once, and is invited again for another one.
"""

from datetime import datetime

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from ledger.errors import Refused
from ledger.people.rules.one_time_codes import (
    DIGITS,
    match,
    new_recovery_codes,
    plain_code,
    read_secret,
)
from ledger.people.steps.credentials import digest
from ledger.people.tables import Authenticator, Invitation, RecoveryCode
from ledger.postgres.columns import key

_USE_STEP = text("""
    INSERT INTO code_steps (authenticator_id, step) VALUES (:authenticator, :step)
    ON CONFLICT DO NOTHING RETURNING true
""")
_LEFT = text("""
    SELECT count(*) FROM recovery_codes r JOIN authenticators a ON a.id = r.authenticator_id
    JOIN invitations i ON i.id = a.invitation_id
    WHERE i.token_id = :token AND r.used_at IS NULL
""")


def add_authenticator(
    db: Session, invitation: int, secret: str, code: str, now: datetime
) -> list[str]:
    """Keep the authenticator of whom an invitation brought, and return its recovery codes.

    Raises:
        Refused: the secret is none or of another authenticator, or the code is not of it
            (`authenticator_code`).
    """
    seed = read_secret(secret)
    step = None if seed is None else match(seed, plain_code(code), now)
    same = select(Authenticator.id).where(Authenticator.secret == seed)
    if seed is None or step is None or db.exec(same).first() is not None:
        raise Refused("authenticator_code")
    authenticator = Authenticator(invitation_id=invitation, secret=seed, set_at=now)
    db.add(authenticator)
    db.flush()
    _use_step(db, authenticator, step)
    codes = new_recovery_codes()
    for recovery in codes:
        hashed = digest(plain_code(recovery))
        db.add(RecoveryCode(hash=hashed, authenticator_id=key(authenticator)))
    db.flush()
    return codes


def take_code(db: Session, token: int, typed: str, now: datetime) -> bool:
    """Use a code of the authenticator, or of its recovery codes, up; return whether it was one."""
    authenticator = db.exec(
        select(Authenticator)
        .join(Invitation, col(Invitation.id) == col(Authenticator.invitation_id))
        .where(Invitation.token_id == token)
    ).one()
    code = plain_code(typed)
    if len(code) != DIGITS:
        return _use_recovery_code(db, authenticator, code, now)
    step = match(authenticator.secret, code, now)
    return step is not None and _use_step(db, authenticator, step)


def recovery_codes_left(db: Session, token: int) -> int:
    """Return how many recovery codes of a token's login were not used yet."""
    number: int = db.execute(_LEFT, {"token": token}).scalar_one()
    return number


def _use_step(db: Session, authenticator: Authenticator, step: int) -> bool:
    """Return whether the code of this half minute was not used before."""
    facts = {"authenticator": key(authenticator), "step": step}
    return db.execute(_USE_STEP, facts).first() is not None


def _use_recovery_code(db: Session, authenticator: Authenticator, code: str, now: datetime) -> bool:
    is_good = (col(RecoveryCode.hash) == digest(code)) & col(RecoveryCode.used_at).is_(None)
    is_hers = col(RecoveryCode.authenticator_id) == key(authenticator)
    statement = update(RecoveryCode).where(is_good, is_hers).values(used_at=now)
    return db.execute(statement.returning(col(RecoveryCode.id))).first() is not None
