"""What the database knows of identities (06_people_tokens.sql)."""

from sqlalchemy import text
from sqlmodel import Session

from ledger.people.tables import Person

_SECOND_REFUSED = text("SELECT second_refused(:actor, :proposer)")
_PERSON = text("SELECT id FROM persons WHERE plain_name(name) = plain_name(:name)")


def second_refused(db: Session, actor: str, proposer: str) -> str | None:
    """Return why an actor may not confirm what another one proposed; None if it may.

    Returns:
        `same_person`; `one_made_the_other`: one of the two made the other's token, or that of an
        administrator who made it, however long the chain is; `service_confirms`: it is a program;
        `shared_device`: it is signed in at the device at which the other one was within a day.
    """
    facts = {"actor": actor, "proposer": proposer}
    reason: str | None = db.execute(_SECOND_REFUSED, facts).scalar_one()
    return reason


def person_by_name(db: Session, name: str) -> Person | None:
    """Return the identity of this name, as the eye reads it."""
    row = db.execute(_PERSON, {"name": name}).one_or_none()
    return db.get_one(Person, row.id) if row else None
