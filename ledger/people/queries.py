"""What the database knows of identities (people/06_tokens.sql)."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from ledger.people.tables import Person

_SECOND_REFUSED = text("""
    SELECT proposer, second_refused(:actor, proposer) AS reason
    FROM unnest(CAST(:proposers AS text[])) proposer
""")
_BY_SECRET = text("""
    SELECT p.id, p.service FROM tokens t JOIN persons p ON p.id = t.person_id
    WHERE t.revoked_at IS NULL AND (t.hash = :hash OR t.id = (
        SELECT token_id FROM sessions WHERE hash = :hash AND ended_at IS NULL))
""")
_IS_DEVICE = text("SELECT EXISTS (SELECT FROM sessions WHERE device = :hash)")
_PERSON = text("SELECT id FROM persons WHERE plain_name(name) = plain_name(:name)")


def second_refused(db: Session, actor: str, proposer: str) -> str | None:
    """Return why an actor may not confirm what another one proposed; None if it may.

    Returns:
        `same_person`; `one_made_the_other`: one of the two made the other's token, or that of an
        administrator who made it, however long the chain is; `service_confirms`: it is a program;
        `shared_device`: it is signed in at the device at which the other one was within a day.
    """
    return seconds_refused(db, actor, {proposer})[proposer]


def seconds_refused(db: Session, actor: str, proposers: Collection[str]) -> dict[str, str | None]:
    """Return the same for each of these, by who proposed."""
    rows = db.execute(_SECOND_REFUSED, {"actor": actor, "proposers": sorted(proposers)})
    return {row.proposer: row.reason for row in rows}


class Identity(NamedTuple):
    """Whose a secret is; a service is a program."""

    id: int
    service: bool


def identity_by_secret(db: Session, secret_hash: bytes) -> Identity | None:
    """Return whose token or session has this SHA-256, expired or not; None once it was ended.

    It tells callers apart and admits nobody: `ledger/people/steps/credentials.py` does.
    """
    row = db.execute(_BY_SECRET, {"hash": secret_hash}).one_or_none()
    return Identity(*row) if row else None


def is_device(db: Session, secret_hash: bytes) -> bool:
    """Return whether somebody signed in at the device whose secret has this SHA-256."""
    is_known: bool = db.execute(_IS_DEVICE, {"hash": secret_hash}).scalar_one()
    return is_known


def person_by_name(db: Session, name: str) -> Person | None:
    """Return the identity of this name, as the eye reads it."""
    row = db.execute(_PERSON, {"name": name}).one_or_none()
    return db.get_one(Person, row.id) if row else None
