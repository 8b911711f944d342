"""Subjects: whom a provider of identities names, linked with the login of one of our people.

She links it herself, when she has come in by her login and shown a code: so an invitation brought
her, and no typed name and no address of mail decides who somebody is. What the login opens, its
role and its end stay ours.
"""

from datetime import datetime

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from ledger.errors import NotFound, Refused
from ledger.people.steps.credentials import Viewer, holder
from ledger.people.tables import Login, Subject
from ledger.postgres.columns import key

_END_SESSIONS = text("""
    UPDATE sessions SET ended_at = :now
    WHERE ended_at IS NULL AND provider_sid IS NOT NULL
        AND (CAST(:sid AS text) IS NULL OR provider_sid = :sid)
        AND token_id IN (
            SELECT l.token_id FROM subjects s JOIN logins l ON l.id = s.login_id
            WHERE s.issuer = :issuer AND s.ended_at IS NULL
                AND (:subject = '' OR s.subject = :subject))
""")


def link(db: Session, login: int, issuer: str, subject: str, now: datetime) -> Viewer:
    """Link whom a provider names with a login, in place of whom it named before.

    Returns:
        The login's holder.

    Raises:
        Refused: the subject is another's (`subject_taken`), or what the login opens has ended
            (`subject_over`).
    """
    row = db.get_one(Login, login)
    viewer = holder(db, row.token_id, now)
    if viewer is None:
        raise Refused("subject_over")
    before = _subject(db, issuer, subject)
    if before is not None and before.login_id != login:
        raise Refused("subject_taken")
    unlink(db, login, now)
    new = Subject(
        issuer=issuer, subject=subject, login_id=login, created_at=now, created_by=viewer.actor
    )
    db.add(new)
    db.flush()
    return viewer


def unlink(db: Session, login: int, now: datetime) -> None:
    """End the link of a login; idempotent."""
    is_hers = (col(Subject.login_id) == login) & col(Subject.ended_at).is_(None)
    db.execute(update(Subject).where(is_hers).values(ended_at=now))


def subject_of(db: Session, login: Login) -> Subject | None:
    """Return what is linked with a login."""
    query = select(Subject).where(Subject.login_id == key(login), col(Subject.ended_at).is_(None))
    return db.exec(query).one_or_none()


def enter(db: Session, issuer: str, subject: str, now: datetime) -> Viewer:
    """Return whom a provider lets in.

    Raises:
        NotFound: nobody is linked with it, or what her login opens has ended (`subject`).
    """
    row = _subject(db, issuer, subject)
    login = db.get_one(Login, row.login_id) if row else None
    viewer = holder(db, login.token_id, now) if login else None
    if viewer is None:
        raise NotFound("subject")
    return viewer


def end_sessions(db: Session, issuer: str, subject: str, sid: str | None, now: datetime) -> None:
    """End the sessions that a provider opened: of a subject, of one session there, or of both.

    `subject` "" and `sid` None stand for any.
    """
    facts = {"issuer": issuer, "subject": subject, "sid": sid, "now": now}
    db.execute(_END_SESSIONS, facts)


def _subject(db: Session, issuer: str, subject: str) -> Subject | None:
    query = select(Subject).where(Subject.issuer == issuer, Subject.subject == subject)
    return db.exec(query.where(col(Subject.ended_at).is_(None))).one_or_none()
