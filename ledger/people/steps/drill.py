"""The made-up people of a drill, whom whoever opens its pages may play.

They are made on the machine (`suanquan up` with the demo), as the owner of the database, which
keeps drills and real projects apart (`drill_stays` in people/39_links.sql).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer, holder

MAKER = "machine:drill"

_PARTS = text("""
    SELECT DISTINCT ON (i.id) t.id AS token, i.name AS person, t.role,
           coalesce(p.code, c.name) AS scope
    FROM persons i JOIN tokens t ON t.person_id = i.id
    LEFT JOIN projects p ON p.id = t.project_id
    LEFT JOIN centres c ON c.id = t.centre_id
    WHERE i.created_by = :maker AND NOT i.service
        AND NOT t.waits AND t.revoked_at IS NULL AND t.expires_at > :now
    ORDER BY i.id, t.id DESC
""")
_MAY_BE = text("SELECT NOT EXISTS (SELECT FROM projects WHERE NOT drill)")


@dataclass(frozen=True)
class Part:
    """A made-up person: her token's number, name and role, and her project or centre."""

    token: int
    person: str
    role: Role
    scope: str | None


def may_be_drill(db: Session | Connection) -> bool:
    """Return whether made-up people may be here: no real project is registered."""
    allowed: bool = db.execute(_MAY_BE).scalar_one()
    return allowed


def parts(db: Session, now: datetime) -> list[Part]:
    """Return the made-up people who can be played, in the order in which they were made."""
    rows = db.execute(_PARTS, {"maker": MAKER, "now": now}).mappings()
    return [Part(**{**row, "role": Role(row["role"])}) for row in rows]


def play(db: Session, token: int, now: datetime) -> Viewer:
    """Return the made-up person with this token. NotFound if it is no such person's."""
    viewer = holder(db, token, now)
    if viewer is None or token not in {part.token for part in parts(db, now)}:
        raise NotFound("part", id=token)
    return viewer
