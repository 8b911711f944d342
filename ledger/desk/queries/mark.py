"""What a database lacks before the mark «演练，不得用于拨付» goes: each read from the database.

The mark goes when nothing is lacking any more, and a drill's never does: its dates are made up.
What this program cannot do yet is lacking.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.desk.codes import Safeguard
from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS, TAKES_TWO
from ledger.policy.text import published

_IS_DRILL = text("""
    SELECT is_drill() OR EXISTS (SELECT FROM persons WHERE created_by = 'machine:drill')
        OR EXISTS (SELECT FROM projects WHERE drill) OR EXISTS (SELECT FROM centres WHERE simulated)
""")
_GOOD = "t.revoked_at IS NULL AND t.expires_at > :now AND NOT t.waits AND NOT p.service"
_ROLES = text(f"""
    SELECT DISTINCT t.role FROM tokens t JOIN persons p ON p.id = t.person_id
    WHERE {_GOOD} AND t.role = ANY (:roles)
""")
_WITHOUT_FACTOR = text(f"""
    SELECT p.name FROM tokens t JOIN persons p ON p.id = t.person_id
    WHERE {_GOOD} AND t.role = ANY (:roles) AND NOT EXISTS (
        SELECT FROM authenticators a JOIN invitations i ON i.id = a.invitation_id
        JOIN tokens o ON o.id = i.token_id
        WHERE o.person_id = p.id AND o.revoked_at IS NULL AND o.expires_at > :now)
    GROUP BY p.name ORDER BY p.name
""")
_IS_SEALED = text("SELECT EXISTS (SELECT FROM seals)")
_IS_RESTORED = text("""
    SELECT EXISTS (SELECT FROM restorations WHERE faults = 0 AND is_apart)
""")
_PAYABLE = text("""
    SELECT policy FROM clauses GROUP BY policy
    HAVING bool_and(complete) AND policy IN (SELECT policy FROM payable_clauses)
""")


@dataclass(frozen=True)
class Check:
    """A safeguard, whether it is there, and the names of what is lacking, where it has some."""

    safeguard: Safeguard
    is_there: bool
    lacks: Sequence[str] = field(default_factory=tuple)


def checks(db: Session, now: datetime) -> list[Check]:
    """Return every safeguard, in the order in which a site brings them about."""
    return [
        Check(Safeguard.NO_DRILL, not db.execute(_IS_DRILL).scalar_one()),
        _administrators(db, now),
        _second_factor(db, now),
        Check(Safeguard.SEALING, db.execute(_IS_SEALED).scalar_one()),
        Check(Safeguard.BACKUP, db.execute(_IS_RESTORED).scalar_one()),
        Check(Safeguard.POLICY, any(not _is_drill(version) for version in _payable(db))),
    ]


def is_marked(db: Session, now: datetime) -> bool:
    """Return whether pages bear the mark: something is lacking."""
    return not all(check.is_there for check in checks(db, now))


def _administrators(db: Session, now: datetime) -> Check:
    facts = {"now": now, "roles": sorted(ADMINISTRATORS)}
    roles_in = set(db.execute(_ROLES, facts).scalars())
    lacks = [role for role in Role if role in ADMINISTRATORS and role not in roles_in]
    return Check(Safeguard.ADMINISTRATORS, not lacks, lacks)


def _second_factor(db: Session, now: datetime) -> Check:
    """Whoever decides about money or lets people in has an authenticator; somebody does."""
    facts = {"now": now, "roles": sorted(ADMINISTRATORS | TAKES_TWO)}
    without = list(db.execute(_WITHOUT_FACTOR, facts).scalars())
    is_anybody = db.execute(_ROLES, facts).first() is not None
    return Check(Safeguard.SECOND_FACTOR, is_anybody and not without, without)


def _payable(db: Session) -> list[str]:
    """The versions with dates, decided questions and two persons' word, that we know."""
    versions = set(published.versions())
    return [version for version in db.execute(_PAYABLE).scalars() if version in versions]


def _is_drill(version: str) -> bool:
    return published.load(version).drill
