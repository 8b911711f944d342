"""The people whom `suanquan up` makes on its machine: the first administrators, those of a drill.

They are made as the owner of the database, and each has her token in a file that only we can read.
A file is written before its token counts, so there is never a token that nobody holds.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from api.cli.client import TOKENS_FOLDER
from api.demo.office import PERSONS, SCOPED
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS
from ledger.people.steps import credentials, drill
from ledger.people.steps.events import record_own
from ledger.people.steps.links import make_link
from ledger.postgres.columns import key

MAKER = "machine:up"
FIRST = {
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}


def first_administrators(engine: sa.Engine, settings: Settings, now: datetime) -> None:
    """Make an administrator of each kind where there is none at all yet."""
    with Session(engine) as db:
        if any(token.role in ADMINISTRATORS for token in credentials.tokens(db)):
            return
        for role, person in FIRST.items():
            _issue(db, settings, role, (role, person, MAKER), now)
        db.commit()


def first_link(engine: sa.Engine, settings: Settings, now: datetime) -> str | None:
    """Return the secret of a link that signs this machine's security administrator in once."""
    with Session(engine) as db, db.begin():
        secret = _kept(settings, Role.SECURITY_ADMIN)
        viewer = credentials.viewer(db, secret, now)
        return None if viewer is None else make_link(db, viewer.token, MAKER, now)


def drill_people(engine: sa.Engine, settings: Settings, now: datetime) -> None:
    """Make the made-up people of a drill, as far as they are missing and may be here.

    The centre's and the builder's get their tokens when what they belong to is registered.
    """
    with Session(engine) as db:
        if not drill.may_be_drill(db):
            return
        for name, person in PERSONS.items():
            if name in SCOPED:
                credentials.find_or_make(db, person["person"], actor=drill.MAKER, now=now)
            elif not credentials.viewer(db, _kept(settings, name), now):
                maker = (Role(person["role"]), person["person"], drill.MAKER)
                _issue(db, settings, name, maker, now)
        db.commit()


def _issue(
    db: Session, settings: Settings, name: str, whom: tuple[Role, str, str], now: datetime
) -> None:
    """Make a token of this role and person by this maker; it lies in the file of this name."""
    role, person, maker = whom
    secret = credentials.issue_token(
        db, role=role, person=person, actor=maker, now=now,
        expires_at=now + timedelta(days=settings.token_days),
    )  # fmt: skip
    path = _place(settings, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    write_secret(path, secret + "\n")
    token = credentials.token_of(db, secret)
    record_own(db, maker, "command up", "tokens", str(key(token)))


def _place(settings: Settings, name: str) -> Path:
    return settings.data / TOKENS_FOLDER / name


def _kept(settings: Settings, name: str) -> str:
    """The token in a file of ours; "" where there is none."""
    path = _place(settings, name)
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only we can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
