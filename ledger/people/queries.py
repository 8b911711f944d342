"""What the database knows of identities (06_people_tokens.sql)."""

from sqlalchemy import text
from sqlmodel import Session

_TWO_IDENTITIES = text("SELECT two_identities(:first, :second)")


def two_identities(db: Session, first: str, second: str) -> bool:
    """Return whether two actors are two persons, neither of whom made the other's token.

    Who made the token of an administrator who made it counts as well, however long the chain is.
    """
    return bool(db.execute(_TWO_IDENTITIES, {"first": first, "second": second}).scalar_one())
