"""Asking again (step-up): whoever confirms what money hangs on shows that it is still her.

Who came in a while ago, or by a token that lies in a file, may not be who she was. So before she
confirms she shows a code of her authenticator, or a recovery code. In a browser's session it stands
for a few minutes, and the session gets another secret; with a token it stands for the one act. The
database refuses a confirmation without one too (people/43_step_up.sql), but in a drill.

Wrong codes make the next one wait, as at the sign-in, and are shown to the holder.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from ledger.people.codes import SignInFault
from ledger.people.rules.passwords import wait_after
from ledger.people.steps.authenticators import take_code
from ledger.people.steps.credentials import Viewer, digest
from ledger.people.steps.logins import REMEMBERED
from ledger.people.steps.sessions import BROWSER_MAX, Place, new_secret
from ledger.people.tables import FailedSignIn

STANDS = timedelta(minutes=5)  # a proof in a session, where the site says nothing else

_IS_DRILL = text("SELECT is_drill()")
_PROVEN_AT = text("SELECT proven_at FROM sessions WHERE id = :session")
_LOGINS = text("""
    SELECT l.id, l.token_id FROM logins l JOIN tokens t ON t.id = l.token_id
    WHERE t.person_id = (SELECT person_id FROM tokens WHERE id = :token)
        AND t.revoked_at IS NULL AND t.expires_at > :now AND NOT t.waits
    ORDER BY l.token_id = :token DESC, l.id
""")
_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:what, 0))")
_FAILURES = text("""
    SELECT count(*) AS number, max(at) AS last FROM failed_sign_ins
    WHERE login_id = :login AND at > :since AND fault = 'step_up'
""")
_PROVE = text("UPDATE sessions SET hash = :hash, proven_at = :now WHERE id = :session")


def is_wanted(db: Session, viewer: Viewer, stands: timedelta | None, now: datetime) -> bool:
    """Return whether the viewer has to show a code before she confirms.

    Args:
        db: the transaction.
        viewer: who asks; a code that was shown in her session stands for a while.
        stands: how long, as the site says; None: `STANDS`, and in a drill nobody is asked.
        now: the present.
    """
    if stands is None and db.execute(_IS_DRILL).scalar_one():
        return False
    if viewer.session is None:
        return True
    proven_at = db.execute(_PROVEN_AT, {"session": viewer.session}).scalar_one()
    return proven_at is None or proven_at + (stands or STANDS) <= now


def has_authenticator(db: Session, viewer: Viewer, now: datetime) -> bool:
    """Return whether the viewer has an authenticator, by whichever of her logins."""
    return bool(_logins(db, viewer, now))


def prove(db: Session, viewer: Viewer, code: str, place: Place, now: datetime) -> bool:
    """Return whether a code is one of the viewer's, and use it up; a wrong one is kept.

    The caller commits in either case, so that a guess counts. She has an authenticator.
    """
    logins = _logins(db, viewer, now)
    first = logins[0].id
    if not _may_try(db, first, now):
        return False
    is_good = any(take_code(db, login.token_id, code, now) for login in logins)
    if not is_good:
        _record(db, first, viewer, place, now)
    return is_good


def keep_proof(db: Session, session: int, now: datetime) -> str:
    """Note in a session that a code was shown, and return its new secret."""
    secret = new_secret()
    db.execute(_PROVE, {"session": session, "hash": digest(secret), "now": now})
    return secret


def _logins(db: Session, viewer: Viewer, now: datetime) -> Sequence[Row[Any]]:
    """The viewer's logins that open something, that of her token first."""
    return db.execute(_LOGINS, {"token": viewer.token, "now": now}).all()


def _may_try(db: Session, login: int, now: datetime) -> bool:
    """Whether the wait after wrong ones is over, and nobody else tries in this moment."""
    if not db.execute(_TURN, {"what": f"step-up {login}"}).scalar_one():
        return False
    number, last = db.execute(_FAILURES, {"login": login, "since": now - REMEMBERED}).one()
    return last is None or last + wait_after(number) <= now


def _record(db: Session, login: int, viewer: Viewer, place: Place, now: datetime) -> None:
    failure = FailedSignIn(
        login_id=login, source=digest(f"token {viewer.token}"), address=place.address,
        browser=place.browser[:BROWSER_MAX], fault=SignInFault.STEP_UP, at=now,
    )  # fmt: skip
    db.add(failure)
    db.flush()
